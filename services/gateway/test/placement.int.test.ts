import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { documentSchema, objectKeys, signingJobSchema, storedJobSchema, type FixedPlacement } from '@kyso/contracts';
import { call, type Answer } from './client.js';
import { makePdf, makePng } from './files.js';
import { makeCertificate } from './pki.js';
import type { Running } from './processes.js';
import { signPdf } from './sign-pdf.js';
import { makeWorld, type World } from './world.js';

jest.setTimeout(120_000);

const decision = readFileSync(new URL('../../../../samples/quyet-dinh.pdf', import.meta.url));
const appearance = { imagePngBase64: makePng().toString('base64') };
const leaderStep = { credentialId: 'leader', role: 'leader', level: 'B-B', appearance };
const sealStep = { credentialId: 'seal', role: 'clerk', level: 'B-B', appearance };
const size = { widthPt: 120, heightPt: 60 };
const corner: FixedPlacement = { page: 1, place: 'bottom-right', ...size };

describe('a signature that is placed', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let key: string | undefined;
  let documentId: string;
  beforeAll(async () => {
    world = await makeWorld();
    gateway = await world.startGateway();
    key = world.keys['portal'];
    documentId = await upload(decision);
  });
  afterAll(() => world.close());

  const upload = async (pdf: Buffer): Promise<string> =>
    (await call(gateway.baseUrl, 'POST /v1/documents', { key, pdf })).json(documentSchema).documentId;
  const post = (document: string, ...steps: object[]): Promise<Answer> =>
    call(gateway.baseUrl, 'POST /v1/signing-jobs', { key, json: { documentId: document, expectedVersion: 0, steps } });
  /** The steps' placements as the signer gets them. */
  const placed = async (answer: Answer): Promise<(FixedPlacement | undefined)[]> => {
    const stored = await world.store.get(objectKeys.jobRequest(answer.json(signingJobSchema).jobId));
    return storedJobSchema
      .parse(JSON.parse(Buffer.from(stored ?? []).toString('utf8')))
      .steps.map(({ placement }) => placement);
  };
  /** Of the signer's full name and of the title above it, as pdftotext has them. */
  const name = { left: 387, right: 476, top: 112 };
  const titleBottom = 193;

  it('between title and full name stands there, and the seal over its left third', async () => {
    const answer = await post(
      documentId,
      { ...leaderStep, placement: { anchor: { below: 'PHÓ CHỦ TỊCH' }, ...size } },
      { ...sealStep, placement: { covering: { step: 0 }, widthPt: 102, heightPt: 102 } },
    );
    const [signature, seal] = await placed(answer);
    if (signature === undefined || !('rectangle' in signature)) throw new Error('expected a rectangle');
    const { xPt, yPt } = signature.rectangle;
    expect(signature.page).toBe(1);
    expect(Math.abs(xPt + 60 - (name.left + name.right) / 2)).toBeLessThan(10);
    expect(Math.abs(yPt + 30 - (name.top + titleBottom) / 2)).toBeLessThan(5);
    expect(seal).toEqual({
      page: 1,
      rectangle: { xPt: xPt + 40 - 102, yPt: yPt + 30 - 51, widthPt: 102, heightPt: 102 },
    });
  });

  const heightOf = async (occurrence: object): Promise<number> => {
    const placement = { anchor: { text: 'tỉnh Hưng Yên', page: 1, ...occurrence }, side: 'over', ...size };
    const [one] = await placed(await post(documentId, { ...leaderStep, placement }));
    return one !== undefined && 'rectangle' in one ? one.rectangle.yPt : Number.NaN;
  };

  it('beside a text takes the last one unless the first is asked for', async () => {
    const last = await heightOf({ occurrence: 'last' });
    expect(await heightOf({ occurrence: 'first' })).toBeGreaterThan(last + 100);
    expect(await heightOf({})).toBe(last);
  });

  it.each([
    ['a text that is not there', { anchor: { text: 'Trần Thị Không Có' } }],
    ['a title that does not stand above the name', { anchor: { below: 'Nơi nhận' } }],
    ['a page on which the text is not', { anchor: { page: 'last' } }],
    ['a step that comes later', { covering: { step: 1 } }],
    ['a signature where there is none', { covering: 'latest' }],
    ['a field that is not signed', { covering: { field: 'Leader' } }],
  ])('is refused beside %s', async (_, where) => {
    const problem = (await post(documentId, { ...leaderStep, placement: { ...where, ...size } })).problem();
    expect(problem).toMatchObject({ status: 422, code: 'ANCHOR_NOT_FOUND' });
  });

  it('stands where the caller says otherwise when the text is not there', async () => {
    const placement = { anchor: { text: 'Trần Thị Không Có' }, ...size, otherwise: corner };
    expect(await placed(await post(documentId, { ...leaderStep, placement }))).toEqual([corner]);
  });

  it('is refused where a name in braces means nothing', async () => {
    const placement = { anchor: { text: '{director}' }, ...size };
    expect((await post(documentId, { ...leaderStep, placement })).problem().code).toBe('REQUEST_INVALID');
  });

  it('over a signature of the document is found by its field, or as the latest', async () => {
    const rectangle = { xPt: 300, yPt: 100, widthPt: 150, heightPt: 60 };
    const visible = { pageIndex: 1, rectangle, appearance: { lines: ['Đã ký'], fontSizePt: 10 } };
    const folder = join(world.folder, 'signer');
    const certificatePem = await makeCertificate(folder, { subject: '/CN=Nguyễn Văn An' });
    const keyPem = readFileSync(join(folder, 'key.pem'), 'utf8');
    const signed = await signPdf(makePdf({ pages: 2 }), { certificatePem, keyPem }, visible);
    const document = await upload(signed);
    const expected = { page: 2, rectangle: { xPt: 248, yPt: 79, widthPt: 102, heightPt: 102 } };
    for (const covering of ['latest', { field: 'Leader' }]) {
      const placement = { covering, widthPt: 102, heightPt: 102 };
      expect(await placed(await post(document, { ...sealStep, placement }))).toEqual([expected]);
    }
  });

  it('in a scan, which has no text, is refused or stands where the caller says', async () => {
    const jpeg = readFileSync(new URL('../../../../libs/pdf/src/making/vectors/baseline.jpg', import.meta.url));
    const answer = await call(gateway.baseUrl, 'POST /v1/documents', {
      key,
      pdf: jpeg,
      headers: { 'content-type': 'image/jpeg' },
    });
    const scan = answer.json(documentSchema).documentId;
    const placement = { anchor: {}, widthPt: 20, heightPt: 10 };
    expect((await post(scan, { ...leaderStep, placement })).problem().code).toBe('ANCHOR_NOT_FOUND');
    const otherwise = { page: 1, rectangle: { xPt: 0, yPt: 0, widthPt: 20, heightPt: 10 } };
    expect(await placed(await post(scan, { ...leaderStep, placement: { ...placement, otherwise } }))).toEqual([
      otherwise,
    ]);
  });
});
