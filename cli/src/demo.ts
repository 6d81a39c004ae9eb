import { createHash, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Placement, SigningJob, SigningStep, ValidationReport } from '@kyso/contracts';
import { bufferSource, PdfDocument } from '@kyso/pdf';
import { checkout, startCluster, type Cluster } from './cluster.js';
import { GatewayClient } from './gateway-client.js';
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

interface Placements {
  readonly leader: Placement;
  readonly clerk: Placement;
}

/**
 * The leader's signature above the full name, as the tools on officials' desks place it, or at the lower right of the last
 * page where the name isn't found; the seal over its left third. Smaller on a page that is small.
 */
async function placementsFor(pdf: Uint8Array): Promise<Placements> {
  const document = await PdfDocument.open(bufferSource(pdf));
  const page = await document.page((await document.pageCount()) - 1);
  const widthPt = Math.min(150, page.widthPt / 3);
  const size = { widthPt, heightPt: widthPt / 2 };
  const sealPt = Math.min(102, page.widthPt / 4);
  return {
    leader: {
      anchor: { text: '{signerName}', occurrence: 'last' },
      side: 'above',
      ...size,
      otherwise: { page: 'last', place: 'bottom-right', ...size },
    },
    clerk: { covering: 'latest', widthPt: sealPt, heightPt: sealPt },
  };
}

async function sampleImage(name: string): Promise<string> {
  return (await readFile(join(checkout, 'samples', name))).toString('base64');
}

async function signingSteps(placements: Placements): Promise<SigningStep[]> {
  return [
    {
      credentialId: 'leader',
      role: 'leader',
      level: 'B-LT',
      reason: 'Ký duyệt',
      location: 'Hưng Yên',
      placement: placements.leader,
      appearance: { imagePngBase64: await sampleImage('chu-ky-lanh-dao.png'), fontSizePt: 10 },
    },
    {
      credentialId: 'organisation',
      role: 'clerk',
      level: 'B-LT',
      reason: 'Phát hành',
      location: 'Hưng Yên',
      placement: placements.clerk,
      appearance: { imagePngBase64: await sampleImage('con-dau.png'), fontSizePt: 10 },
    },
  ];
}

async function signedBy(
  client: GatewayClient,
  documentId: string,
  expectedVersion: number,
  next: SigningStep,
): Promise<SigningJob> {
  const accepted = await client.sign(
    { documentId, expectedVersion, steps: [next] },
    { idempotencyKey: randomUUID(), waitSeconds: 30 },
  );
  const job = await client.ended(accepted.jobId, 120_000);
  if (job.failure !== undefined)
    throw new Error(
      `${job.failure.code}: ${job.failure.messageVi} ${job.failure.messageEn} ${job.failure.found ?? ''}`,
    );
  return job;
}

const verdicts = {
  valid: 'hợp lệ / valid',
  invalid: 'không hợp lệ / invalid',
  indeterminate: 'không đủ thông tin / indeterminate',
} as const;
const statuses = {
  good: 'còn hiệu lực / good',
  revoked: 'đã thu hồi / revoked',
  unknown: 'chưa rõ / unknown',
} as const;

function showReport(report: ValidationReport): string {
  return renderTable(
    [
      ['Người ký', 'Mức', 'Dấu thời gian', 'Thu hồi', 'Kết luận'],
      ['Signer', 'Level', 'Timestamp', 'Revocation', 'Verdict'],
    ],
    report.signatures.map((signature) => [
      signature.signer?.subjectName ?? signature.field,
      signature.level,
      signature.timestamp === undefined ? '–' : signature.timestamp.genTime,
      statuses[signature.revocation.status],
      verdicts[signature.verdict],
    ]),
  );
}

async function run(cluster: Cluster, input: string, output: string): Promise<boolean> {
  const client = new GatewayClient(cluster.baseUrl, cluster.apiKey);
  const pdf = new Uint8Array(await readFile(input));
  const placements = await placementsFor(pdf);
  const [leader, seal] = await signingSteps(placements);
  if (leader === undefined || seal === undefined) throw new Error('no steps');

  const document = await client.upload(pdf, basename(input));
  step(`tải lên / uploaded ${basename(input)}, ${pdf.length} bytes → ${document.documentId}`);
  const approved = await signedBy(client, document.documentId, 0, leader);
  step(`lãnh đạo ký / leader signed → version ${approved.steps[0]?.version}, ${approved.steps[0]?.level}`);
  const sealed = await signedBy(client, document.documentId, 1, seal);
  step(`văn thư đóng dấu / clerk sealed → version ${sealed.steps[0]?.version}, ${sealed.steps[0]?.level}`);
  const signed = await client.download(document.documentId, 2);
  if (!Buffer.from(signed.buffer, 0, pdf.length).equals(pdf))
    throw new Error('the upload is not a prefix of the signed file');
  const expected = sealed.steps[0]?.sha256;
  if (createHash('sha256').update(signed).digest('hex') !== expected)
    throw new Error('the download has another hash than the job says');
  await writeFile(output, signed);
  step(`tải về / downloaded ${signed.length} bytes; the upload is a prefix of it`);
  const report = await client.verify(document.documentId, 2);
  step(`kiểm tra / verified: ${verdicts[report.verdict]}`);
  process.stdout.write(`\n${showReport(report)}\n\n`);
  return report.verdict === 'valid' && report.signatures.length >= 2;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true });
  const callerDir = process.env['KYSO_CALLER_DIR'] ?? process.cwd();
  const input =
    positionals[0] === undefined ? join(checkout, 'samples/quyet-dinh.pdf') : resolve(callerDir, positionals[0]);
  const output = values.out === undefined ? join(checkout, 'var/demo-signed.pdf') : resolve(callerDir, values.out);
  await readFile(input);
  const abort = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
  });
  abort.catch(() => undefined);
  const cluster = await startCluster({ folder: join(checkout, 'var/demo'), say: step });
  try {
    const valid = await Promise.race([run(cluster, input, output), abort]);
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
