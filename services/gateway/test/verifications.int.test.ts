import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId, documentSchema, validationReportSchema } from '@kyso/contracts';
import { call, type Answer } from './client.js';
import { encryptPdf, makePdf } from './files.js';
import { freePort, type Running } from './processes.js';
import { signPdf } from './sign-pdf.js';
import { makeWorld, serviceToken, type World } from './world.js';

// Each test may start processes of its own, on a machine that has other things to do.
jest.setTimeout(90_000);

describe('verifications', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let cache: Server;
  const asked: { authorization: string | undefined; chain: number }[] = [];
  let signed: Buffer;

  beforeAll(async () => {
    world = await makeWorld();
    const port = await freePort();
    // The revocation cache's place: it notes what it is asked and has no evidence.
    cache = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { chain } = JSON.parse(Buffer.concat(chunks).toString()) as { chain: string[] };
        asked.push({ authorization: request.headers.authorization, chain: chain.length });
        const none = { statuses: [], ocspResponses: [], crls: [], certificates: [] };
        response.setHeader('content-type', 'application/json').end(JSON.stringify(none));
      });
    }).listen(port, '127.0.0.1');
    gateway = await world.startGateway({
      KYSO_MAX_DOCUMENT_BYTES: '8000000',
      KYSO_REVOCATION_CACHE_URL: `http://127.0.0.1:${port}`,
    });
    signed = await sign(makePdf({ paddingBytes: 1_000 }));
  });
  afterAll(async () => {
    cache.closeAllConnections();
    cache.close();
    await world.close();
  });

  async function sign(pdf: Uint8Array): Promise<Buffer> {
    const folder = join(world.folder, 'pki', 'leader');
    return signPdf(pdf, {
      certificatePem: await readFile(join(folder, 'cert.pem'), 'utf8'),
      keyPem: await readFile(join(folder, 'key.pem'), 'utf8'),
    });
  }
  const verify = (pdf: Uint8Array, client = 'verifier'): Promise<Answer> =>
    call(gateway.baseUrl, 'POST /v1/verifications', { key: world.keys[client], pdf });
  const verifyStored = (json: object, client = 'portal'): Promise<Answer> =>
    call(gateway.baseUrl, 'POST /v1/verifications', { key: world.keys[client], json });

  it('report every signature of a PDF that is sent, and keep nothing of it', async () => {
    const answer = await verify(signed);
    expect(answer.status).toBe(200);
    const report = answer.json(validationReportSchema);
    expect(report).toMatchObject({
      sizeBytes: signed.length,
      sha256: createHash('sha256').update(signed).digest('hex'),
      signatures: [
        {
          field: 'Leader',
          integrity: 'passed',
          coverage: 'whole-file',
          level: 'B-B',
          signer: { subjectName: 'Nguyễn Văn An', organisation: 'UBND tỉnh Hưng Yên' },
        },
      ],
    });
    const documents: string[] = [];
    for await (const { key } of world.store.list('documents/')) documents.push(key);
    expect(documents).toEqual([]);
  });

  it('notice a byte that was changed', async () => {
    const changed = Buffer.from(signed);
    changed[changed.indexOf('xxxx')] = 0x79;
    const report = (await verify(changed)).json(validationReportSchema);
    expect(report).toMatchObject({ verdict: 'invalid', signatures: [{ integrity: 'failed' }] });
  });

  it('take a large file over a file that has no name', async () => {
    const large = await sign(makePdf({ paddingBytes: 4_000_000 }));
    expect((await verify(large)).json(validationReportSchema).signatures[0]?.integrity).toBe('passed');
    expect((await readdir(world.folder)).filter((name) => name.startsWith('kyso-verification'))).toEqual([]);
  });

  it('say that an unsigned file is not valid', async () => {
    const report = (await verify(makePdf())).json(validationReportSchema);
    expect(report.verdict).not.toBe('valid');
    expect(report.signatures).toEqual([]);
  });

  it('report a stored version, to its owner only', async () => {
    const key = world.keys['portal'];
    const upload = await call(gateway.baseUrl, 'POST /v1/documents', { key, pdf: signed });
    const { documentId, versions } = upload.json(documentSchema);
    for (const body of [{ documentId }, { documentId, version: 0 }]) {
      const report = (await verifyStored(body)).json(validationReportSchema);
      expect(report).toMatchObject({ sha256: versions[0]?.sha256, signatures: [{ integrity: 'passed' }] });
    }
    expect((await verifyStored({ documentId, version: 1 })).problem().code).toBe('VERSION_UNKNOWN');
    expect((await verifyStored({ documentId }, 'other')).problem().code).toBe('DOCUMENT_UNKNOWN');
    expect((await verifyStored({ documentId }, 'verifier')).problem().code).toBe('FORBIDDEN');
    expect((await verifyStored({ documentId: newId('doc') })).problem().code).toBe('DOCUMENT_UNKNOWN');
    expect((await verifyStored({ document: 'x' })).problem().code).toBe('REQUEST_INVALID');
  });

  it.each([
    ['an empty file', 'PDF_EMPTY', Buffer.alloc(0)],
    ['something else', 'PDF_NOT_A_PDF', Buffer.alloc(2_000_000, 'x')],
    ['a file that needs a password', 'PDF_PASSWORD_NEEDED', encryptPdf(makePdf(), 'secret')],
    ['a file over the limit', 'DOCUMENT_TOO_LARGE', Buffer.alloc(8_000_001)],
  ])('refuse %s with %s', async (_what, code, body) => {
    expect((await verify(body)).problem().code).toBe(code);
  });

  it('ask the revocation cache with the service token, and do without it when it has nothing', async () => {
    asked.length = 0;
    const report = (await verify(signed)).json(validationReportSchema);
    expect(asked).toEqual([{ authorization: `Bearer ${serviceToken}`, chain: 2 }]);
    expect(report).toMatchObject({
      verdict: 'indeterminate',
      signatures: [{ certificateChain: 'passed', revocation: { status: 'unknown', source: 'none' } }],
    });
    const alone = await world.startGateway();
    const answer = await call(alone.baseUrl, 'POST /v1/verifications', { key: world.keys['verifier'], pdf: signed });
    expect(answer.json(validationReportSchema).verdict).toBe('indeterminate');
  });
});
