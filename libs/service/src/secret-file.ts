import { open } from 'node:fs/promises';

const maxSecretBytes = 4096;

/**
 * Reads a secret (token, password, key phrase) from a file: UTF-8, one trailing newline is cut off.
 * Throws an Error that names the path and what is wrong with it, never the content: when the file cannot be read, is not a
 * regular file, may be read by others than its owner (`mode & 0o077`), is empty, or is larger than 4 KiB.
 */
export async function readSecretFile(path: string): Promise<string> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`Secret file ${path}: expected a file that can be read, found ${error.code ?? 'an error'}`);
  });
  try {
    // The handle is asked, not the path: between stat and open another file could be put there.
    const stats = await handle.stat();
    const refuse = (expected: string, found: string): never => {
      throw new Error(`Secret file ${path}: expected ${expected}, found ${found}`);
    };
    if (!stats.isFile()) refuse('a regular file', 'something else');
    if ((stats.mode & 0o077) !== 0) {
      refuse('mode 0400 or 0600', `0${(stats.mode & 0o777).toString(8)}; run: chmod 600 ${path}`);
    }
    if (stats.size > maxSecretBytes) refuse(`at most ${maxSecretBytes} bytes`, `${stats.size}`);
    const text = (await handle.readFile('utf8')).replace(/\r?\n$/, '');
    if (text === '') refuse('a secret', 'an empty file');
    return text;
  } finally {
    await handle.close();
  }
}
