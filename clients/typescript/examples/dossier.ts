/**
 * What a one-stop shop's portal does with a dossier, in its three parts: a paper that a citizen brought is digitised and signed; a
 * decision is approved by the leader; the clerk gives it number, date and seal. `./kyso demo` runs it.
 */
import { createHash } from 'node:crypto';
import type { KysoClient, SigningJob, TemplateCreation, ValidationReport } from '../src/index.js';

/** Who signs with what; ids as they were enrolled. */
export interface Shop {
  readonly leader: string;
  readonly clerk: string;
  readonly organisation: string;
  /** PNG with a transparent background. */
  readonly signaturePng: Uint8Array;
  readonly sealPng: Uint8Array;
}

/** A file of the dossier, signed. */
export interface SignedFile {
  readonly documentId: string;
  readonly version: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly report: ValidationReport;
  readonly jobs: readonly SigningJob[];
}

/**
 * Once, by an administrator (scope `manage`): the templates of the shop, made of the presets that follow the decree. Ids are ours
 * to choose; what is there already stays.
 */
export async function setUpTemplates(client: KysoClient, shop: Shop): Promise<void> {
  const { data } = await client.api.GET('/v1/templates/presets');
  const preset = (type: TemplateCreation['type'], name?: string): Omit<TemplateCreation, 'templateId'> => {
    const found = data?.presets.find((one) => one.type === type && (name === undefined || one.name === name));
    if (found === undefined) throw new Error(`no preset of type ${type}`);
    const { needsImage: _needsImage, rule: _rule, ...template } = found;
    return template;
  };
  await client.ensureTemplate({
    ...preset('personal'),
    ...ownedBy(shop.leader),
    ...image(shop.signaturePng),
    templateId: 'chu-ky-lanh-dao',
  });
  await client.ensureTemplate({
    ...preset('organisation'),
    ...ownedBy(shop.organisation),
    ...image(shop.sealPng),
    templateId: 'con-dau',
  });
  await client.ensureTemplate({ ...preset('outgoing-number'), templateId: 'so-van-ban' });
  await client.ensureTemplate({ ...preset('outgoing-date', 'Ngày của văn bản'), templateId: 'ngay-van-ban' });
  await client.ensureTemplate({ ...preset('outgoing-date', 'Tháng của văn bản'), templateId: 'thang-van-ban' });
  await client.ensureTemplate({ ...preset('digitised-paper'), templateId: 'giay-to-so-hoa' });
}

function image(png: Uint8Array) {
  return { imageBase64: Buffer.from(png).toString('base64') };
}

function ownedBy(credentialId: string) {
  return { owner: { kind: 'credential' as const, credentialId } };
}

/** Chapter 1: a scan becomes a PDF, which the official at the counter signs at its top right. */
export async function digitise(
  client: KysoClient,
  shop: Shop,
  scan: {
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly mediaType: 'image/jpeg' | 'image/png' | 'image/tiff';
    readonly name: string;
  },
): Promise<SignedFile> {
  const document = await client.upload(scan.bytes, scan);
  const step = {
    credentialId: shop.clerk,
    role: 'digitised' as const,
    level: 'B-LT' as const,
    template: 'giay-to-so-hoa',
  };
  const job = await client.signed(
    { documentId: document.documentId, expectedVersion: 0, steps: [step] },
    // Keep it with the dossier before the call: after a crash the same key finds the same job.
    { idempotencyKey: `${document.documentId}/digitise` },
  );
  return fetched(client, document.documentId, [job]);
}

/** The texts that the clerk will write; the leader's version has fields for them, so that it stays as it was signed. */
const texts = [{ template: 'so-van-ban' }, { template: 'ngay-van-ban' }, { template: 'thang-van-ban' }];

/** Chapter 2: the leader approves a decision; fields for number, date and seal come into the same version. */
export async function approve(
  client: KysoClient,
  shop: Shop,
  decision: { readonly bytes: Uint8Array<ArrayBuffer>; readonly name: string; readonly isNumbered: boolean },
): Promise<SignedFile> {
  const document = await client.upload(decision.bytes, { name: decision.name });
  const job = await client.signed(
    {
      documentId: document.documentId,
      expectedVersion: 0,
      steps: [
        {
          credentialId: shop.leader,
          role: 'leader',
          level: 'B-LT',
          reason: 'Ký duyệt',
          location: 'Hưng Yên',
          template: 'chu-ky-lanh-dao',
          ...(decision.isNumbered ? {} : { prepare: { texts, seal: 'con-dau' } }),
        },
      ],
    },
    { idempotencyKey: `${document.documentId}/approve` },
  );
  return fetched(client, document.documentId, [job]);
}

/** Chapter 3: the clerk issues what the leader approved: number, date and the organisation's seal in one step. */
export async function issue(
  client: KysoClient,
  shop: Shop,
  approved: SignedFile,
  given?: { readonly number: string; readonly date: string },
): Promise<SignedFile> {
  const job = await client.signed(
    {
      documentId: approved.documentId,
      // Of the version that the clerk saw; if somebody signed meanwhile, 409.
      expectedVersion: approved.version,
      actor: { id: 'vanthu.bich', name: 'Trần Thị Bích' },
      steps: [
        {
          credentialId: shop.organisation,
          role: 'clerk',
          level: 'B-LT',
          reason: 'Phát hành',
          location: 'Hưng Yên',
          template: 'con-dau',
          ...(given === undefined ? {} : { ...given, texts }),
        },
      ],
    },
    { idempotencyKey: `${approved.documentId}/issue` },
  );
  return fetched(client, approved.documentId, [...approved.jobs, job]);
}

/** The newest version, compared with what the job says of it, and verified. */
async function fetched(client: KysoClient, documentId: string, jobs: readonly SigningJob[]): Promise<SignedFile> {
  const last = jobs.at(-1)?.steps.at(-1);
  if (last === undefined) throw new Error('no step was signed');
  const bytes = await client.download(documentId, last.version);
  if (createHash('sha256').update(bytes).digest('hex') !== last.sha256) {
    throw new Error('the download has another hash than the job says');
  }
  const report = await client.verify(documentId, last.version);
  return { documentId, version: last.version, bytes, report, jobs };
}
