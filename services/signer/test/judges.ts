import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Runs a program without a shell: its exit code and all it said. */
export function program(name: string, ...args: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(name, args, { timeout: 20_000, encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), text: stdout + stderr });
    });
  });
}

/** Every signature of a signed PDF, found in its bytes without our own reader: what is covered, and the DER. */
export function embedded(pdf: Buffer): { content: Buffer; der: Buffer }[] {
  const text = pdf.toString('latin1');
  return [...text.matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g)].map((found) => {
    const [a = 0, b = 0, c = 0, d = 0] = found.slice(1).map(Number);
    const padded = Buffer.from(text.slice(a + b + 1, c - 1), 'hex');
    return {
      content: Buffer.concat([pdf.subarray(a, a + b), pdf.subarray(c, c + d)]),
      der: padded.subarray(0, 4 + padded.readUInt16BE(2)),
    };
  });
}

/** What `openssl cms -verify` says of a detached signature. */
export async function opensslCms(
  folder: string,
  signature: { content: Buffer; der: Buffer },
  anchors: string,
): Promise<string> {
  const [content, der] = [join(folder, 'judged-content'), join(folder, 'judged-der')];
  await writeFile(content, signature.content);
  await writeFile(der, signature.der);
  const input = ['-inform', 'DER', '-in', der, '-content', content, '-binary'];
  const demands = ['-CAfile', anchors, '-purpose', 'any', '-out', '/dev/null'];
  return (await program('openssl', 'cms', '-verify', ...input, ...demands)).text;
}

/** What `openssl ts -verify` says of a time-stamp token over `content`. */
export async function opensslTs(
  folder: string,
  token: { content: Uint8Array; der: Uint8Array },
  anchors: string,
): Promise<string> {
  const [content, der] = [join(folder, 'judged-stamped'), join(folder, 'judged-token')];
  await writeFile(content, token.content);
  await writeFile(der, token.der);
  return (await program('openssl', 'ts', '-verify', '-token_in', '-in', der, '-data', content, '-CAfile', anchors))
    .text;
}
