import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId, documentSchema } from '@kyso/contracts';
import { call, type Answer } from './client.js';
import { encryptPdf, makePdf } from './files.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

// Each test may start processes of its own, on a machine that has other things to do.
jest.setTimeout(90_000);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A small TIFF of a very large white page, on which a process is busy for seconds. */
function slowTiff(): Buffer {
  const [width, height] = [13_000, 13_000];
  const data = deflateSync(Buffer.alloc(width * height, 255));
  const entries = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, 8],
    [259, 3, 8],
    [262, 3, 1],
    [273, 4, 8 + 2 + 12 * 7 + 4],
    [279, 4, data.length],
  ] as const;
  const head = Buffer.alloc(8 + 2 + 12 * entries.length + 4);
  head.write('II*\0\x08\0\0\0', 'latin1');
  head.writeUInt16LE(entries.length, 8);
  for (const [index, [tag, type, value]] of entries.entries()) {
    head.writeUInt16LE(tag, 10 + 12 * index);
    head.writeUInt16LE(type, 12 + 12 * index);
    head.writeUInt32LE(1, 14 + 12 * index);
    head.writeUInt32LE(value, 18 + 12 * index);
  }
  return Buffer.concat([head, data]);
}

async function* endless(): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < 12_000_000; sent += 65_536) yield Buffer.alloc(65_536, 'x');
}

describe('documents', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let key: string | undefined;
  beforeAll(async () => {
    world = await makeWorld();
    gateway = await world.startGateway({ KYSO_MAX_DOCUMENT_BYTES: '8000000', KYSO_UPLOAD_IDLE_MS: '500' });
    key = world.keys['portal'];
  });
  afterAll(() => world.close());

  const upload = (pdf: Uint8Array, query = ''): Promise<Answer> =>
    call(gateway.baseUrl, `POST /v1/documents${query}`, { key, pdf });
  const storedKeys = async (): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key: found } of world.store.list('documents/')) keys.push(found);
    return keys.sort();
  };

  it.each([
    ['a small one, held in memory', 1_000],
    ['one that is streamed', 3_000_000],
  ])('takes a PDF: %s', async (_what, paddingBytes) => {
    const pdf = makePdf({ pages: 3, paddingBytes });
    const answer = await upload(pdf, '?name=Quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh.pdf');
    expect(answer.status).toBe(201);
    const document = answer.json(documentSchema);
    expect(document).toMatchObject({
      clientId: 'portal',
      name: 'Quyết định.pdf',
      pageCount: 3,
      versions: [{ version: 0, sizeBytes: pdf.length, sha256: sha256(pdf) }],
    });
    expect(answer.headers.get('location')).toBe(`/v1/documents/${document.documentId}`);
    const shown = await call(gateway.baseUrl, `GET /v1/documents/${document.documentId}`, { key });
    expect(shown.json(documentSchema)).toEqual(document);
    const back = await call(gateway.baseUrl, `GET /v1/documents/${document.documentId}/versions/current`, { key });
    expect(back.bytes.equals(pdf)).toBe(true);
    expect(back.headers.get('content-disposition')).toContain("filename*=UTF-8''Quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh.pdf");
  });

  const vectors = new URL('../../../../libs/pdf/src/making/vectors/', import.meta.url);
  const scan = (bytes: Uint8Array, mediaType: string): Promise<Answer> =>
    call(gateway.baseUrl, 'POST /v1/documents', { key, pdf: bytes, headers: { 'content-type': mediaType } });

  it.each([
    ['baseline.jpg', 'image/jpeg', 1],
    ['rgba.png', 'image/png', 1],
    ['multi.tif', 'image/tiff', 3],
  ])('makes a PDF of %s and keeps the image', async (name, mediaType, pageCount) => {
    const image = readFileSync(new URL(name, vectors));
    const answer = await scan(image, mediaType);
    expect(answer.status).toBe(201);
    const document = answer.json(documentSchema);
    expect(document).toMatchObject({
      pageCount,
      source: { mediaType, sizeBytes: image.length, sha256: sha256(image) },
    });
    const path = `/v1/documents/${document.documentId}/versions/0`;
    const made = await call(gateway.baseUrl, `GET ${path}`, { key });
    expect(made.bytes.subarray(0, 8).toString()).toBe('%PDF-1.7');
    expect(document.versions[0]).toMatchObject({ sizeBytes: made.bytes.length, sha256: sha256(made.bytes) });
    expect(await storedKeys()).toContain(`documents/${document.documentId}/source`);
  });

  const jpeg = readFileSync(new URL('baseline.jpg', vectors));
  it.each([
    ['an empty image', Buffer.alloc(0)],
    ['half an image', jpeg.subarray(0, jpeg.length >> 1)],
    ['a PDF that calls itself an image', makePdf()],
    ['something large', Buffer.alloc(3_000_000, 'x')],
  ])('refuses %s with SCAN_INVALID and leaves nothing behind', async (_what, bytes) => {
    const before = await storedKeys();
    expect((await scan(bytes, 'image/jpeg')).problem().code).toBe('SCAN_INVALID');
    expect(await storedKeys()).toEqual(before);
  });

  it('ends the making of a PDF that takes longer than allowed, and leaves nothing behind', async () => {
    const slow = await world.startGateway({ KYSO_SCAN_TIMEOUT_MS: '1000' });
    const before = await storedKeys();
    // A hundred and seventy million white pixels in 170 kB.
    const answer = await call(slow.baseUrl, 'POST /v1/documents', {
      key,
      pdf: slowTiff(),
      headers: { 'content-type': 'image/tiff' },
    });
    expect(answer.problem().code).toBe('SCAN_LIMIT_EXCEEDED');
    expect(await storedKeys()).toEqual(before);
  });

  const big = makePdf({ paddingBytes: 2_000_000 });
  const classic = makePdf();
  it.each([
    ['an empty file', 'PDF_EMPTY', Buffer.alloc(0)],
    ['something else', 'PDF_NOT_A_PDF', Buffer.from('<html>not a PDF</html>'.repeat(100))],
    ['something else, large', 'PDF_NOT_A_PDF', Buffer.alloc(3_000_000, 'x')],
    ['a file of which little is left', 'PDF_DAMAGED', classic.subarray(0, 40)],
    [
      'a large file without its objects',
      'PDF_DAMAGED',
      Buffer.concat([classic.subarray(0, 9), Buffer.alloc(3_000_000, 'x')]),
    ],
    ['a file without pages', 'PDF_NO_PAGES', makePdf({ pages: 0 })],
    ['a file that needs a password', 'PDF_PASSWORD_NEEDED', encryptPdf(classic, 'secret')],
    ['a file whose owner permits no signature', 'PDF_OWNER_FORBIDS', encryptPdf(classic, '', '--modify=none')],
    ['a file over the limit', 'DOCUMENT_TOO_LARGE', Buffer.alloc(8_000_001)],
  ])('refuses %s with %s and leaves nothing behind', async (_what, code, body) => {
    const before = await storedKeys();
    const answer = await upload(body);
    const problem = answer.problem();
    expect(problem.code).toBe(code);
    expect(problem.messageVi.length).toBeGreaterThan(5);
    expect(problem.messageEn.length).toBeGreaterThan(5);
    expect(await storedKeys()).toEqual(before);
  });

  it.each([
    ['a truncated file', classic],
    ['a truncated file, large', big],
  ])('takes %s and says that it was repaired', async (_what, body) => {
    const document = (await upload(body.subarray(0, body.length - 30))).json(documentSchema);
    expect(document.repaired?.reason).toContain('startxref');
    const path = `GET /v1/documents/${document.documentId}`;
    const kept = (await call(gateway.baseUrl, path, { key })).json(documentSchema);
    expect(kept.repaired).toEqual(document.repaired);
  });

  it('takes a file that is encrypted against printing and copying', async () => {
    const body = encryptPdf(classic, '', '--print=none', '--extract=n');
    const document = (await upload(body)).json(documentSchema);
    expect(document).toMatchObject({ pageCount: 1, versions: [{ version: 0, sha256: sha256(body) }] });
  });

  it('refuses a body over the limit that does not say its length', async () => {
    const before = await storedKeys();
    const response = await fetch(new URL('/v1/documents', gateway.baseUrl), {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/pdf' },
      body: ReadableStream.from(endless()),
      duplex: 'half',
    }).then(
      async (answer) => ((await answer.json()) as { code: string }).code,
      // The connection is closed behind the refusal; a client that is still sending may not get to read it.
      () => 'DOCUMENT_TOO_LARGE',
    );
    expect(response).toBe('DOCUMENT_TOO_LARGE');
    expect(await storedKeys()).toEqual(before);
  });

  /** Sends the head of an upload and part of its body over a bare connection. */
  async function sendPart(then: 'hang up' | 'fall silent'): Promise<string> {
    const { hostname, port } = new URL(gateway.baseUrl);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.write(
      `POST /v1/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/pdf\r\n` +
        `Content-Length: 3000000\r\n\r\n`,
    );
    socket.write(Buffer.alloc(1_500_000, 'x'));
    if (then === 'hang up') setTimeout(() => socket.destroy(), 200);
    await new Promise((resolve) => socket.once('close', resolve));
    return answer;
  }

  it('leaves nothing behind when the caller hangs up', async () => {
    const before = await storedKeys();
    await sendPart('hang up');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await storedKeys()).toEqual(before);
  });

  it('gives up on a caller that falls silent', async () => {
    const before = await storedKeys();
    const answer = await sendPart('fall silent');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('REQUEST_TIMEOUT');
    expect(await storedKeys()).toEqual(before);
  });

  it('refuses a name with characters that hide others', async () => {
    for (const name of ['a%0Ab.pdf', 'fdp%E2%80%AEexe.pdf', '', 'x'.repeat(256)]) {
      expect((await upload(classic, `?name=${name}`)).problem().code).toBe('REQUEST_INVALID');
    }
  });

  it('refuses uploads while the disk is nearly full', async () => {
    const full = await world.startGateway({ KYSO_MIN_FREE_BYTES: '900000000000000' });
    const answer = await call(full.baseUrl, 'POST /v1/documents', { key, pdf: classic });
    expect(answer.problem()).toMatchObject({ code: 'STORE_FULL', status: 507 });
  });

  it('shows a document to nobody but the client that made it', async () => {
    const { documentId } = (await upload(classic)).json(documentSchema);
    for (const path of [documentId, `${documentId}/versions/0`, newId('doc')]) {
      const answer = await call(gateway.baseUrl, `GET /v1/documents/${path}`, { key: world.keys['other'] });
      expect(answer.problem()).toMatchObject({ code: 'DOCUMENT_UNKNOWN', status: 404 });
    }
    const answer = await call(gateway.baseUrl, 'GET /v1/documents/doc_..%2f..%2fclients', { key });
    expect(answer.problem().code).toBe('REQUEST_INVALID');
  });

  describe('a download', () => {
    const pdfs = { small: makePdf({ paddingBytes: 5_000 }), large: makePdf({ paddingBytes: 2_500_000 }) };
    const paths = { small: '', large: '' };
    beforeAll(async () => {
      for (const size of ['small', 'large'] as const) {
        const { documentId } = (await upload(pdfs[size])).json(documentSchema);
        paths[size] = `/v1/documents/${documentId}/versions/0`;
      }
    });

    describe.each(['small', 'large'] as const)('of a %s file', (size) => {
      const get = (headers: Record<string, string>, method = 'GET'): Promise<Answer> =>
        call(gateway.baseUrl, `${method} ${paths[size]}`, { key, headers });

      it.each([
        ['bytes=0-0', 0, 1],
        ['bytes=10-4999', 10, 5_000],
        ['bytes=100-', 100, Infinity],
        ['bytes=-5', -5, Infinity],
        ['bytes=-99999999', 0, Infinity],
      ])('gives the range %s', async (range, start, end) => {
        const expected = pdfs[size].subarray(start, end === Infinity ? undefined : end);
        const answer = await get({ range });
        expect(answer.status).toBe(206);
        expect(answer.bytes.equals(expected)).toBe(true);
        expect(answer.headers.get('content-length')).toBe(String(expected.length));
        const first = start < 0 ? pdfs[size].length + start : start;
        expect(answer.headers.get('content-range')).toBe(
          `bytes ${first}-${first + expected.length - 1}/${pdfs[size].length}`,
        );
      });

      it('refuses a range outside the file, and gives the whole for one it does not know', async () => {
        const outside = await get({ range: 'bytes=99999999-' });
        expect(outside.problem()).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE', status: 416 });
        expect(outside.headers.get('content-range')).toBe(`bytes */${pdfs[size].length}`);
        const several = await get({ range: 'bytes=0-1,5-6' });
        expect(several.status).toBe(200);
        expect(several.bytes.equals(pdfs[size])).toBe(true);
      });

      it('answers conditions by the hash of the file', async () => {
        const etag = `"${sha256(pdfs[size])}"`;
        const whole = await get({});
        expect(whole.headers.get('etag')).toBe(etag);
        expect(whole.headers.get('accept-ranges')).toBe('bytes');
        expect(whole.headers.get('cache-control')).toBe('private, no-cache');
        const again = await get({ 'if-none-match': etag });
        expect(again.status).toBe(304);
        expect(again.bytes).toHaveLength(0);
        expect((await get({ range: 'bytes=0-1', 'if-range': '"another"' })).status).toBe(200);
        expect((await get({ range: 'bytes=0-1', 'if-range': etag })).status).toBe(206);
      });

      it('answers HEAD without the bytes', async () => {
        const answer = await get({}, 'HEAD');
        expect(answer.status).toBe(200);
        expect(answer.bytes).toHaveLength(0);
        expect(answer.headers.get('content-length')).toBe(String(pdfs[size].length));
        expect(answer.headers.get('etag')).toBe(`"${sha256(pdfs[size])}"`);
      });
    });

    it('does not know a version that was not made', async () => {
      for (const version of ['1', '999999']) {
        const answer = await call(gateway.baseUrl, `GET ${paths.small.replace(/0$/, version)}`, { key });
        expect(answer.problem()).toMatchObject({ code: 'VERSION_UNKNOWN', status: 404 });
      }
      for (const version of ['-1', '00', 'x', '1e3']) {
        const answer = await call(gateway.baseUrl, `GET ${paths.small.replace(/0$/, version)}`, { key });
        expect(answer.problem().code).toBe('REQUEST_INVALID');
      }
    });
  });
});
