import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { MeteredBody } from './metered-body.js';

const limits = { maxBytes: 1_000, idleMs: 5_000 };

async function drain(body: MeteredBody): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.chunks()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('MeteredBody', () => {
  it('gives a small body in one piece, counted and hashed', async () => {
    const body = new MeteredBody(Readable.from([Buffer.from('ab'), Buffer.from('c')]), limits);
    await expect(body.wholeWithin(3)).resolves.toEqual(Buffer.from('abc'));
    expect(body.sizeBytes).toBe(3);
    expect(body.sha256()).toBe(createHash('sha256').update('abc').digest('hex'));
  });

  it('gives a longer body as chunks with nothing lost that was read before', async () => {
    const parts = Array.from({ length: 10 }, (_value, index) => Buffer.alloc(50, index));
    const body = new MeteredBody(Readable.from(parts), limits);
    await expect(body.wholeWithin(120)).resolves.toBeUndefined();
    await expect(drain(body)).resolves.toEqual(Buffer.concat(parts));
    expect(body.sha256()).toBe(createHash('sha256').update(Buffer.concat(parts)).digest('hex'));
  });

  it('stops at the byte that is one too many, and gives the rest up', async () => {
    const request = Readable.from([Buffer.alloc(600), Buffer.alloc(401), Buffer.alloc(600)]);
    const body = new MeteredBody(request, limits);
    await expect(drain(body)).rejects.toMatchObject({ code: 'DOCUMENT_TOO_LARGE' });
    expect(body.failure?.code).toBe('DOCUMENT_TOO_LARGE');
    expect(request.destroyed).toBe(true);
  });

  it('gives up on a sender that sends nothing', async () => {
    const body = new MeteredBody(new PassThrough(), { maxBytes: 10, idleMs: 20 });
    await expect(body.wholeWithin(10)).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
  });

  it('never takes a connection that broke for the end of the file', async () => {
    const request = new PassThrough();
    const body = new MeteredBody(request, limits);
    request.write('half');
    setImmediate(() => request.destroy());
    await expect(body.wholeWithin(100)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});
