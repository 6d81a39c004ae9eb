import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'minio';
import { openStore } from './open-store.js';
import type { S3Config } from './s3-config.js';
import { openObjectSource } from './object-source.js';
import {
  countRequests,
  endpointOfEnvironment,
  findVersitygw,
  startS3rver,
  startVersitygw,
  type S3TestServer,
} from './s3-test-servers.js';
import { describeStore, type StoreUnderTest } from './store-contract.js';

async function open(s3: S3Config, stop: () => Promise<void>): Promise<StoreUnderTest> {
  const url = new URL(s3.endpoint);
  const client = new Client({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: url.protocol === 'https:',
    accessKey: s3.accessKey,
    secretKey: s3.secretKey,
    region: s3.region,
  });
  return {
    first: await openStore({ s3 }),
    second: await openStore({ s3 }),
    leftovers: async () => {
      const uploads: string[] = [];
      // s3rver can't list unfinished uploads; what it can't say is not checked there.
      if (s3.allowUnconditionalCreate === true) return uploads;
      for await (const upload of client.listIncompleteUploads(s3.bucket, 'tests/', true) as AsyncIterable<{
        key: string;
      }>) {
        uploads.push(upload.key);
      }
      return uploads;
    },
    close: stop,
  };
}

describeStore(
  's3rver',
  async () => {
    const server = await startS3rver();
    return open({ ...server.config, allowUnconditionalCreate: true }, () => server.stop());
  },
  { atomicCreate: false, copiesFrom: () => false },
);

const versitygw = findVersitygw();
if (versitygw !== undefined) {
  describeStore(
    'versitygw',
    async () => {
      const server = await startVersitygw(versitygw);
      return open(server.config, () => server.stop());
    },
    { atomicCreate: true, copiesFrom: (baseBytes) => baseBytes >= 5_242_880 },
  );
}

const given = endpointOfEnvironment();
if (given !== undefined) {
  describeStore('the endpoint of the environment', () => open(given, () => Promise.resolve()), {
    atomicCreate: true,
    copiesFrom: (baseBytes) => baseBytes >= 5_242_880,
  });
}

describe('a large object on an S3 server', () => {
  it('is looked up in few requests, and read in sequence in few more', async () => {
    const server = await startS3rver();
    const proxy = await countRequests({ ...server.config, allowUnconditionalCreate: true });
    try {
      const store = await openStore({ s3: proxy.config });
      const size = 60_000_000;
      await store.put('large', Buffer.alloc(size, 1));
      const { counted } = proxy;
      counted.requests = counted.answerBytes = 0;
      const source = await openObjectSource(store, 'large');
      // As a PDF is opened: header, end, cross-reference table; catalogue and pages somewhere, objects beside each other.
      const places = [0, size - 1_024, size - 40_000, 30_000_000, 30_000_900, 30_020_000, 30_000_100, 7_000_000];
      for (const offset of places) expect(await source?.read(offset, 800)).toHaveLength(800);
      expect(counted.requests).toBeLessThanOrEqual(6);
      expect(counted.answerBytes).toBeLessThan(6_000_000);
      counted.requests = 0;
      for (let offset = 0; offset < size; offset += 262_144) await source?.read(offset, 262_144);
      expect(counted.requests).toBeLessThan(25);
      await source?.close();
    } finally {
      proxy.stop();
      await server.stop();
    }
  });
});

describe('an S3 server that ignores If-None-Match', () => {
  let server: S3TestServer;
  beforeAll(async () => {
    server = await startS3rver();
  });
  afterAll(() => server.stop());

  it('is refused when the store is opened', async () => {
    await expect(openStore({ s3: server.config })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      expected: expect.stringContaining('If-None-Match'),
      found: expect.stringContaining('created an existing object again'),
    });
  });

  it('is refused with what it said when the bucket or the key is wrong', async () => {
    const wrongBucket = openStore({ s3: { ...server.config, bucket: 'not-there' } });
    await expect(wrongBucket).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const wrongKey = openStore({ s3: { ...server.config, secretKey: 'wrong' } });
    await expect(wrongKey).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('an S3 server with faults', () => {
  /** Answers that the next requests get; `lost` does the work and cuts the connection before the answer. */
  const faults: ('cut' | 'lost' | 503 | 507)[] = [];
  const stored = new Map<string, { body: Buffer; writeId: string | undefined }>();
  let server: Server;
  let s3: S3Config;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const fault = faults.shift();
        if (fault === 'cut') return request.socket.destroy();
        if (fault === 503 || fault === 507) {
          const code = fault === 507 ? 'XMinioStorageFull' : 'SlowDown';
          return response.writeHead(fault).end(`<Error><Code>${code}</Code><Message>x</Message></Error>`);
        }
        const key = request.url ?? '';
        const found = stored.get(key);
        if (request.method === 'PUT') {
          if (request.headers['if-none-match'] === '*' && found !== undefined) {
            return response.writeHead(412).end('<Error><Code>PreconditionFailed</Code><Message>x</Message></Error>');
          }
          stored.set(key, {
            body: Buffer.concat(chunks),
            writeId: request.headers['x-amz-meta-kyso-write']?.toString(),
          });
          if (fault === 'lost') return request.socket.destroy();
          return response.writeHead(200, { etag: '"x"' }).end();
        }
        if (found === undefined) return response.writeHead(404).end();
        const meta = found.writeId === undefined ? {} : { 'x-amz-meta-kyso-write': found.writeId };
        return response
          .writeHead(200, { 'content-length': found.body.length, ...meta })
          .end(request.method === 'HEAD' ? '' : found.body);
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const endpoint = `http://127.0.0.1:${port}`;
    s3 = {
      endpoint,
      bucket: 'kyso-test',
      region: 'us-east-1',
      accessKey: 'a',
      secretKey: 'b',
      allowUnconditionalCreate: true,
    };
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is asked again after a cut connection and after 503', async () => {
    const store = await openStore({ s3 });
    faults.push('cut', 503);
    await store.put('retry', Buffer.from('x'));
    expect(Buffer.from((await store.get('retry')) ?? []).toString()).toBe('x');
  });

  it('is given up after three attempts', async () => {
    const store = await openStore({ s3 });
    faults.push('cut', 'cut', 'cut');
    await expect(store.put('gone', Buffer.from('x'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(faults).toHaveLength(0);
  });

  it('is reported as full', async () => {
    const store = await openStore({ s3 });
    faults.push(507);
    await expect(store.put('full', Buffer.from('x'))).rejects.toMatchObject({ code: 'STORE_FULL' });
  });

  it('does not make a creator lose to itself when the answer to its creation is lost', async () => {
    const { S3Connection } = await import('./s3-connection.js');
    const { S3Store } = await import('./s3-store.js');
    const store = new S3Store(new S3Connection(s3), false);
    faults.push('lost');
    expect(await store.create('own', Buffer.from('mine'))).toBe(true);
    faults.push('cut');
    expect(await store.create('own', Buffer.from('other'))).toBe(false);
    expect(stored.get('/kyso-test/own')?.body.toString()).toBe('mine');
  });

  it('is reported as unavailable when nobody listens', async () => {
    const unreachable = openStore({ s3: { ...s3, endpoint: 'http://127.0.0.1:1', allowUnconditionalCreate: false } });
    await expect(unreachable).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', found: 'ECONNREFUSED' });
  });
});
