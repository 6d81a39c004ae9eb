import { constants } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';

/** A file of the corpus. Names of files are bytes, which need not be UTF-8. */
export interface CorpusFile {
  readonly path: Buffer;
  /** Below the folder, with `/`. */
  readonly name: Buffer;
}

const slash = Buffer.from('/');
/** Where readers look for the header (ISO 32000-2, annex I). */
const headerBytes = 1024;
/** Against folders that are nested without end. */
const maxDepth = 64;

/** Every file below `folder` that ends in .pdf or begins like a PDF, in the order of the names; `skip` is a folder to leave out. */
export async function findCorpusFiles(folder: string, skip: string): Promise<CorpusFile[]> {
  const found: CorpusFile[] = [];
  const skipped = Buffer.from(skip);
  const visit = async (path: Buffer, name: Buffer | undefined, depth: number): Promise<void> => {
    if (path.equals(skipped) || depth > maxDepth) return;
    const entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' }).catch(() => []);
    for (const entry of entries.toSorted((a, b) => Buffer.compare(a.name, b.name))) {
      const below = Buffer.concat([path, slash, entry.name]);
      const belowName = name === undefined ? entry.name : Buffer.concat([name, slash, entry.name]);
      if (entry.isDirectory()) await visit(below, belowName, depth + 1);
      else if (await isCandidate(below)) found.push({ path: below, name: belowName });
    }
  };
  await visit(Buffer.from(folder), undefined, 0);
  return found;
}

/** A pipe or a device is never opened: that could wait for ever. */
async function isCandidate(path: Buffer): Promise<boolean> {
  const kind = await stat(path).catch(() => undefined);
  if (kind !== undefined && !kind.isFile()) return false;
  if (/\.pdf$/i.test(path.toString('latin1'))) return true;
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    return buffer.subarray(0, bytesRead).includes('%PDF-');
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}
