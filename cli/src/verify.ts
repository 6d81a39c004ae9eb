import { open, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseCertificatesPem, type Certificate } from '@kyso/cms';
import { fileSource, PdfError } from '@kyso/pdf';
import { validatePdf, type ValidationReport } from '@kyso/validation';

const usage = 'usage: ./kyso verify FILE… [--trust PEM…]\n';

/** `--trust` takes every PEM that follows it, up to the next option. */
function splitArguments(args: readonly string[]): { files: string[]; trust: string[] } {
  const files: string[] = [];
  const trust: string[] = [];
  let target = files;
  for (const arg of args) {
    if (arg === '--trust') target = trust;
    else if (arg === '--') target = files;
    else if (arg.startsWith('--')) throw new Error(`unknown option ${arg}`);
    else target.push(arg);
  }
  return { files, trust };
}

async function validateFile(file: string, trustAnchors: readonly Certificate[]): Promise<ValidationReport> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    return await validatePdf(fileSource(handle, size), { trustAnchors, now: new Date(), fileDigest: true });
  } finally {
    await handle.close();
  }
}

function failureLine(file: string, error: unknown): Record<string, unknown> {
  if (error instanceof PdfError)
    return { file, verdict: 'invalid', code: error.code, expected: error.expected, found: error.found, signatures: [] };
  const code = (error as NodeJS.ErrnoException).code ?? 'INTERNAL';
  return {
    file,
    verdict: 'invalid',
    code,
    found: error instanceof Error ? error.message : String(error),
    signatures: [],
  };
}

async function main(): Promise<number> {
  const { files, trust } = splitArguments(process.argv.slice(2));
  if (files.length === 0) {
    process.stderr.write(usage);
    return 2;
  }
  const callerDir = process.env['KYSO_CALLER_DIR'] ?? process.cwd();
  const trustAnchors: Certificate[] = [];
  for (const file of trust)
    trustAnchors.push(...parseCertificatesPem(await readFile(resolve(callerDir, file), 'utf8')));
  let allValid = true;
  for (const file of files) {
    const line = await validateFile(resolve(callerDir, file), trustAnchors).then(
      (report) => ({ file, ...report }),
      (error: unknown) => failureLine(file, error),
    );
    if (line['verdict'] !== 'valid') allValid = false;
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
  return allValid ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`kyso verify: ${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  },
);
