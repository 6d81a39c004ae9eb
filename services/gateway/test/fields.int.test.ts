import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { documentSchema, signingJobSchema, storedJobSchema, objectKeys } from '@kyso/contracts';
import { bufferSource, PdfDocument, prepareFields } from '@kyso/pdf';
import { call, type Answer } from './client.js';
import { makePdf } from './files.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

jest.setTimeout(90_000);

const leaderStep = { credentialId: 'leader', role: 'leader', level: 'B-B' };
const sealStep = { credentialId: 'seal', role: 'clerk', level: 'B-B' };
const appearance = { lines: ['Người ký: {signerName}'] };

describe('steps that name a field of the document', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let key: string | undefined;
  let documentId: string;
  beforeAll(async () => {
    world = await makeWorld();
    gateway = await world.startGateway();
    key = world.keys['portal'];
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    const pdf = makePdf({ pages: 2 });
    const rectangle = { xPt: 60, yPt: 60, widthPt: 180, heightPt: 60 };
    const increment = await prepareFields(await PdfDocument.open(bufferSource(pdf)), {
      signatureFields: [{ name: 'Lãnh đạo', place: { pageIndex: 1, rectangle } }, { name: 'Seal' }],
      textFields: [{ name: 'Number', place: { pageIndex: 0, rectangle }, fontSizePt: 13 }],
    });
    const prepared = Buffer.concat([pdf, increment]);
    const answer = await call(gateway.baseUrl, 'POST /v1/documents', { key, pdf: prepared });
    documentId = answer.json(documentSchema).documentId;
  });

  const post = (...steps: object[]): Promise<Answer> =>
    call(gateway.baseUrl, 'POST /v1/signing-jobs', { key, json: { documentId, expectedVersion: 0, steps } });

  it('are accepted where the field is there and empty, and stored with it', async () => {
    const answer = await post({ ...leaderStep, field: 'Lãnh đạo', appearance }, { ...sealStep, field: 'Seal' });
    expect(answer.status).toBe(202);
    const { jobId } = answer.json(signingJobSchema);
    const stored = await world.store.get(objectKeys.jobRequest(jobId));
    const { steps } = storedJobSchema.parse(JSON.parse(Buffer.from(stored ?? []).toString('utf8')));
    expect(steps.map((step) => step.field)).toEqual(['Lãnh đạo', 'Seal']);
  });

  it.each([
    ['is not there', [{ ...leaderStep, field: 'Nobody' }]],
    ['is a text field', [{ ...leaderStep, field: 'Number' }]],
    [
      'another step names too',
      [
        { ...leaderStep, field: 'Seal' },
        { ...sealStep, field: 'Seal' },
      ],
    ],
  ])('are refused where the field %s', async (_, steps) => {
    const answer = await post(...steps);
    expect(answer.status).toBe(422);
    expect(answer.problem()).toMatchObject({ code: 'PDF_FIELD_UNUSABLE' });
  });

  it('say which fields there are', async () => {
    const answer = await post({ ...leaderStep, field: 'Nobody' });
    expect(answer.problem()).toMatchObject({ expected: 'an empty signature field ("Lãnh đạo", "Seal")' });
  });

  it('have no placement of their own', async () => {
    const placement = { page: 1, place: 'bottom-right', widthPt: 120, heightPt: 60 };
    const answer = await post({ ...leaderStep, field: 'Seal', placement, appearance });
    expect(answer.status).toBe(400);
  });
});
