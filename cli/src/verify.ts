import { open, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseCertificatesPem, type Certificate } from '@kyso/cms';
import { fileSource, PdfError } from '@kyso/pdf';
import { validatePdf, type ValidationOptions, type ValidationReport } from '@kyso/validation';

const usage = 'usage: ./kyso verify FILE… [--trust PEM…] [--tsa-trust PEM…]\n';

/**
 * `--trust` and `--tsa-trust` take every PEM that follows them, up to the next option. Without `--tsa-trust` the anchors of
 * `--trust` serve signers and time-stamping units alike.
 */
function splitArguments(args: readonly string[]): { files: string[]; trust: string[]; tsaTrust: string[] } {
  const files: string[] = [];
  const trust: string[] = [];
  const tsaTrust: string[] = [];
  let target = files;
  for (const arg of args) {
    if (arg === '--trust') target = trust;
    else if (arg === '--tsa-trust') target = tsaTrust;
    else if (arg === '--') target = files;
    else if (arg.startsWith('--')) throw new Error(`unknown option ${arg}`);
    else target.push(arg);
  }
  return { files, trust, tsaTrust };
}

async function anchorsIn(pemFiles: readonly string[], callerDir: string): Promise<Certificate[]> {
  const texts = await Promise.all(pemFiles.map((file) => readFile(resolve(callerDir, file), 'utf8')));
  return texts.flatMap((text) => parseCertificatesPem(text));
}

async function validateFile(
  file: string,
  anchors: Pick<ValidationOptions, 'trustAnchors' | 'tsaTrustAnchors'>,
): Promise<ValidationReport> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    return await validatePdf(fileSource(handle, size), { ...anchors, now: new Date(), fileDigest: true });
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
  const { files, trust, tsaTrust } = splitArguments(process.argv.slice(2));
  if (files.length === 0) {
    process.stderr.write(usage);
    return 2;
  }
  const callerDir = process.env['KYSO_CALLER_DIR'] ?? process.cwd();
  const anchors = {
    trustAnchors: await anchorsIn(trust, callerDir),
    ...(tsaTrust.length === 0 ? {} : { tsaTrustAnchors: await anchorsIn(tsaTrust, callerDir) }),
  };
  let allValid = true;
  for (const file of files) {
    const line = await validateFile(resolve(callerDir, file), anchors).then(
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
