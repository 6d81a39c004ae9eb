import { appendFile, copyFile, open } from 'node:fs/promises';

const tailBytes = 4096;

/**
 * Writes the original with an update behind it that changes nothing: one new object that nothing refers to. A judge that sees
 * a difference in it sees its own trembling. False where the file doesn't end in a plain trailer.
 */
export async function writeUnchangedUpdate(originalPath: string, path: string): Promise<boolean> {
  const handle = await open(originalPath);
  const { size } = await handle.stat();
  const { buffer, bytesRead } = await handle
    .read(Buffer.alloc(tailBytes), 0, tailBytes, Math.max(0, size - tailBytes))
    .finally(() => handle.close());
  const tail = buffer.toString('latin1', 0, bytesRead);
  const trailer = tail.slice(tail.lastIndexOf('trailer'));
  const root = /\/Root\s+(\d+\s+\d+)\s+R/.exec(trailer)?.[1];
  const objectNumber = Number(/\/Size\s+(\d+)/.exec(trailer)?.[1]);
  const previous = /startxref\s+(\d+)\s+%%EOF\s*$/.exec(trailer)?.[1];
  if (
    root === undefined ||
    previous === undefined ||
    !Number.isSafeInteger(objectNumber) ||
    trailer.includes('/Encrypt')
  ) {
    return false;
  }
  const object = `\n${objectNumber} 0 obj\n<< >>\nendobj\n`;
  const entry = `${String(size + 1).padStart(10, '0')} 00000 n\r\n`;
  const section = `xref\n${objectNumber} 1\n${entry}trailer\n<< /Size ${objectNumber + 1} /Root ${root} R /Prev ${previous} >>`;
  await copyFile(originalPath, path);
  await appendFile(path, `${object}${section}\nstartxref\n${size + object.length}\n%%EOF\n`);
  return true;
}
