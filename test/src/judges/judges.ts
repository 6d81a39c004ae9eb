import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { signaturesIn, timestampOf } from './signatures-in.js';

const run = promisify(execFile);

export interface Anchors {
  /** PEM files. */
  readonly signers: string;
  readonly tsa: string;
}

/**
 * Lets pdfsig, qpdf and openssl judge a signed file; throws with what the judge printed. Returns what each said of each
 * signature, in the order of the file.
 */
export async function judge(
  pdfFile: string,
  anchors: Anchors,
): Promise<{ pdfsig: string; timestamps: number; documentTimestamps: number; signatures: number }> {
  const pdf = await readFile(pdfFile);
  await run('qpdf', ['--check', pdfFile]);
  const { stdout: pdfsig } = await run('pdfsig', ['-nocert', pdfFile]);
  const found = signaturesIn(pdf);
  const folder = await mkdtemp(join(tmpdir(), 'kyso-judge-'));
  let timestamps = 0;
  let documentTimestamps = 0;
  try {
    const write = async (name: string, bytes: Uint8Array): Promise<string> => {
      const file = join(folder, name);
      await writeFile(file, bytes);
      return file;
    };
    for (const signature of found) {
      const cms = await write('cms.der', signature.cmsDer);
      const content = await write('content.bin', signature.signedBytes);
      if (signature.isDocumentTimestamp) {
        await run('openssl', ['ts', '-verify', '-token_in', '-in', cms, '-data', content, '-CAfile', anchors.tsa]);
        documentTimestamps++;
        continue;
      }
      await run('openssl', [
        'cms',
        '-verify',
        '-binary',
        '-inform',
        'DER',
        '-in',
        cms,
        '-content',
        content,
        '-CAfile',
        anchors.signers,
        '-purpose',
        'any',
        '-out',
        join(folder, 'out.bin'),
      ]);
      const timestamp = await timestampOf(signature);
      if (timestamp === undefined) continue;
      const token = await write('token.der', timestamp.tokenDer);
      const value = await write('value.bin', timestamp.value);
      await run('openssl', ['ts', '-verify', '-token_in', '-in', token, '-data', value, '-CAfile', anchors.tsa]);
      timestamps++;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { pdfsig, timestamps, documentTimestamps, signatures: found.length - documentTimestamps };
}

/** The text of every page, as poppler reads it. */
export async function textOf(pdfFile: string): Promise<string> {
  return (await run('pdftotext', ['-layout', pdfFile, '-'], { maxBuffer: 1 << 26 })).stdout;
}

/** SHA-256 of the image of each page at 50 dpi; `hideAnnotations` leaves out what signatures draw. */
export async function renderedPages(pdfFile: string, options: { hideAnnotations: boolean }): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kyso-render-'));
  try {
    await run('pdftoppm', [
      '-r',
      '50',
      ...(options.hideAnnotations ? ['-hide-annotations'] : []),
      pdfFile,
      join(folder, 'p'),
    ]);
    const { stdout } = await run('ls', [folder]);
    return await Promise.all(
      stdout
        .trim()
        .split('\n')
        .map(async (name) =>
          createHash('sha256')
            .update(await readFile(join(folder, name)))
            .digest('hex'),
        ),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
