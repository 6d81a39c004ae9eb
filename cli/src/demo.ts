import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { KysoClient, ValidationReport } from '@kyso/client';
import { approve, digitise, issue } from '@kyso/client/examples/dossier';
import { checkout, startCluster, type Cluster } from './cluster.js';
import { openShop, sample } from './shop.js';
import { renderTable } from './table.js';

const started = performance.now();
let last = started;

function step(text: string): void {
  const now = performance.now();
  process.stdout.write(
    `${((now - started) / 1000).toFixed(2).padStart(7)} s  +${(now - last).toFixed(0).padStart(5)} ms  ${text}\n`,
  );
  last = now;
}

type Texts = Awaited<ReturnType<KysoClient['texts']>>;

/** The signatures of a report, in the words that the gateway gives for them. */
function showReport(report: ValidationReport, texts: Texts): string {
  const word = (group: string, code: string) => texts[group]?.[code] ?? { vi: code, en: code };
  const both = (group: string, code: string): string => `${word(group, code).vi} / ${word(group, code).en}`;
  const heads = ['signer', 'level', 'timestamp', 'revocation', 'verdict'].map((name) => word('SignatureReport', name));
  return renderTable(
    [heads.map(({ vi }) => vi), heads.map(({ en }) => en)],
    report.signatures.map((signature) => [
      signature.signer?.subjectName ?? signature.field,
      signature.level,
      signature.timestamp === undefined ? '–' : signature.timestamp.genTime,
      both('RevocationStatus', signature.revocation.status),
      both('Verdict', signature.verdict),
    ]),
  );
}

/** What the demo is given: a decision of its own, or the sample that waits for its number. */
interface DemoInput {
  readonly decision: string;
  readonly isSample: boolean;
  readonly output: string;
}

async function run(cluster: Cluster, { decision, isSample, output }: DemoInput): Promise<boolean> {
  const { client, shop } = await openShop(cluster);
  step('tạo mẫu chữ ký, con dấu, số, ngày / templates made of the decree’s presets');

  chapter('1. Số hoá giấy tờ / A paper is digitised');
  const scan = await sample('don-de-nghi.jpg');
  const paper = await digitise(client, shop, { bytes: scan, mediaType: 'image/jpeg', name: 'don-de-nghi.jpg' });
  await writeFile(output.replace(/(\.pdf)?$/i, '-so-hoa.pdf'), paper.bytes);
  step(
    `quét ${scan.length} byte → PDF, cán bộ ký góc trên phải / scan made a PDF and signed, version ${paper.version}`,
  );

  chapter('2. Lãnh đạo ký duyệt / The leader approves');
  const bytes = new Uint8Array(await readFile(decision));
  const approved = await approve(client, shop, { bytes, name: basename(decision), isNumbered: !isSample });
  const prepared = approved.jobs[0]?.steps[0]?.preparedFields ?? [];
  step(`lãnh đạo ký / leader signed → version ${approved.version}; trường chờ điền / fields: ${prepared.length}`);

  chapter('3. Văn thư cấp số, ngày và đóng dấu / The clerk issues');
  const given = isSample ? { number: `${1 + (Date.now() % 999)}/QĐ-UBND`, date: today() } : undefined;
  const issued = await issue(client, shop, approved, given);
  const written = issued.jobs.at(-1)?.steps[0];
  step(
    `văn thư phát hành / clerk issued → version ${issued.version}; số ${written?.number ?? '–'}, ngày ${written?.date ?? '–'}`,
  );
  if (!Buffer.from(issued.bytes.buffer, 0, bytes.length).equals(bytes)) {
    throw new Error('the upload is not a prefix of the signed file');
  }
  await writeFile(output, issued.bytes);
  step(`tải về / downloaded ${issued.bytes.length} bytes; the upload is a prefix of it`);
  const texts = await client.texts();
  for (const { report } of [paper, issued]) process.stdout.write(`\n${showReport(report, texts)}\n`);
  process.stdout.write('\n');
  return [paper, issued].every(({ report }) => report.verdict === 'valid') && issued.report.signatures.length >= 2;
}

function chapter(title: string): void {
  process.stdout.write(`\n${title}\n`);
}

/** In Vietnam, `yyyy-mm-dd`. */
function today(): string {
  return new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true });
  const callerDir = process.env['KYSO_CALLER_DIR'] ?? process.cwd();
  const isSample = positionals[0] === undefined;
  const decision =
    positionals[0] === undefined ? join(checkout, 'samples/quyet-dinh-cho-so.pdf') : resolve(callerDir, positionals[0]);
  const output = values.out === undefined ? join(checkout, 'var/demo-signed.pdf') : resolve(callerDir, values.out);
  await readFile(decision);
  const abort = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
  });
  abort.catch(() => undefined);
  const cluster = await startCluster({ folder: join(checkout, 'var/demo'), say: step });
  try {
    const valid = await Promise.race([run(cluster, { decision, isSample, output }), abort]);
    process.stdout.write(`Bản đã ký / signed PDF: ${output}\n`);
    process.stdout.write(
      `./kyso verify ${output} --trust ${cluster.sandbox.trustAnchorsFile} --tsa-trust ${cluster.sandbox.tsaTrustAnchorsFile}\n`,
    );
    return valid ? 0 : 1;
  } finally {
    await cluster.stop();
    step('đã dừng tất cả / everything stopped');
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`kyso demo: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
