import { execFile } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeInput } from './input-files.js';
import { makeObjectStreamInput, makeSignedInput, makeSparseInput } from './odd-input-files.js';

const run = promisify(execFile);

/** qpdf's options for the standard security handler's revisions 4 (AES-128) and 6 (AES-256). */
const encryptions = {
  'AES-128': ['128', '--use-aes=y'],
  'AES-256': ['256'],
} as const;

/** `base` encrypted with the empty user password by qpdf, unless it is there already. False where there is no qpdf. */
export async function makeEncryptedInput(
  file: string,
  base: string,
  encryption: keyof typeof encryptions,
): Promise<boolean> {
  if ((await stat(file).catch(() => undefined)) !== undefined) return true;
  const options = ['', 'owner', ...encryptions[encryption]];
  try {
    await run('qpdf', ['--encrypt', ...options, '--', base, file]);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Small files, at least a hundred, of every structure that is made here: tables, object streams, signed before, encrypted, sparse. */
export async function makeManyInputs(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (let number = 0; number < 100; number++) {
    const pages = 1 + ((number * 7) % 60);
    const at = (kind: string): string => join(directory, `${String(number).padStart(3, '0')}-${kind}.pdf`);
    const table = at('table');
    if (number % 5 !== 1) await makeInput(table, { pages, sizeBytes: 20_000 + number * 3_000 });
    if (number % 5 === 1) await makeObjectStreamInput(at('object-streams'), pages * 10);
    if (number % 5 === 2) await makeSignedInput(at('signed'), table, 1 + (number % 9));
    if (number % 5 === 3) await makeEncryptedInput(at('encrypted'), table, number % 2 === 0 ? 'AES-128' : 'AES-256');
    if (number % 5 === 4) await makeSparseInput(at('sparse'), 1_000_000 * number);
  }
}
