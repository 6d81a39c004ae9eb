import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createGuardedFetch, type FetchRequest, type GuardedFetch } from './guarded-fetch.js';

async function listen(server: Server | TlsServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

const resolve = (): Promise<string[]> => Promise.resolve(['127.0.0.1']);
const get = (url: string, more: Partial<FetchRequest> = {}): FetchRequest => ({
  url,
  method: 'GET',
  maxBytes: 10_000,
  timeoutMs: 2_000,
  ...more,
});

const guarded = (rules: { resolved?: string[]; rewriteHosts?: Record<string, string>; allowHosts?: string[] } = {}) => {
  let asked = 0;
  const fetchIt = createGuardedFetch(
    { allowHosts: rules.allowHosts ?? [], rewriteHosts: rules.rewriteHosts ?? {} },
    {
      resolve: () => {
        asked++;
        return Promise.resolve(rules.resolved ?? ['127.0.0.1']);
      },
    },
  );
  return { fetchIt, asked: () => asked };
};

describe('the guarded fetch', () => {
  let server: Server;
  let port: number;
  let handle: RequestListener;
  let connections: number;
  let seen: IncomingMessage[];
  let trusting: GuardedFetch;
  let base: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(request);
      handle(request, response);
    });
    server.on('connection', () => connections++);
    port = await listen(server);
    base = `http://ocsp.test:${port}`;
    trusting = createGuardedFetch({ allowHosts: [`ocsp.test:${port}`], rewriteHosts: {} }, { resolve });
  });
  beforeEach(() => {
    seen = [];
    connections = 0;
    handle = (_request, response) => response.end('ok');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('posts a body and gives status, headers and body', async () => {
    handle = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () =>
        response.writeHead(418, { 'x-made': ['a', 'b'] }).end(Buffer.concat(chunks).toString('hex')),
      );
    };
    const answer = await trusting(
      get(`${base}/ocsp?x=1`, {
        method: 'POST',
        body: Buffer.from([1, 2, 255]),
        headers: { 'content-type': 'application/ocsp-request', Host: 'evil', 'accept-encoding': 'gzip' },
      }),
    );
    expect(answer.status).toBe(418);
    expect(answer.headers['x-made']).toBe('a, b');
    expect(Buffer.from(answer.body).toString()).toBe('0102ff');
    expect(seen[0]?.headers).toMatchObject({
      host: `ocsp.test:${port}`,
      'accept-encoding': 'identity',
      'content-type': 'application/ocsp-request',
      'content-length': '3',
    });
    expect(seen[0]?.url).toBe('/ocsp?x=1');
  });

  it('uses one connection for many requests', async () => {
    for (let i = 0; i < 5; i++) await trusting(get(base));
    expect(connections).toBeLessThanOrEqual(1);
  });

  it('sends a request again when its kept connection was closed meanwhile', async () => {
    const sockets: Socket[] = [];
    handle = (request, response) => {
      sockets.push(request.socket);
      response.end('ok');
    };
    await trusting(get(base));
    handle = (request, response) => {
      // The first request on the old connection dies without an answer.
      if (sockets.includes(request.socket)) request.socket.destroy();
      else response.end('again');
    };
    expect(Buffer.from((await trusting(get(base))).body).toString()).toBe('again');
  });

  it.each([
    ['ftp://ocsp.test/', 'ftp:'],
    ['file:///etc/passwd', 'file:'],
    ['ldap://ca.test/cn=x', 'ldap:'],
    ['data:text/plain,x', 'data:'],
    ['not a url', 'something else'],
    ['//ocsp.test/', 'something else'],
    ['http://user@ocsp.test/', 'one with them'],
    ['http://user:secret@ocsp.test/', 'one with them'],
    ['http://ocsp.test:22/', 'ocsp.test:22'],
    ['http://ocsp.test:8080/', 'ocsp.test:8080'],
    ['http://127.0.0.1/', 'loopback'],
    ['http://127.1/', 'loopback'],
    ['http://2130706433/', 'loopback'],
    ['http://0x7f.0.0.1/', 'loopback'],
    ['http://[::1]/', 'loopback'],
    ['http://[::ffff:10.0.0.1]/', 'private'],
    ['http://169.254.169.254/latest/meta-data', 'linkLocal'],
    ['http://0/', 'unspecified'],
    [`http://ocsp.test/${'x'.repeat(5_000)}`, '50'],
  ])('refuses %s without asking anybody', async (url, found) => {
    const { fetchIt, asked } = guarded();
    await expect(fetchIt(get(url))).rejects.toMatchObject({
      code: 'URL_REFUSED',
      found: expect.stringContaining(found),
    });
    expect(asked()).toBe(0);
    expect(seen).toHaveLength(0);
  });

  it('never repeats credentials of a URL in its error', async () => {
    await expect(guarded().fetchIt(get('http://user:hunter2@ocsp.test/'))).rejects.not.toThrow('hunter2');
  });

  it.each([
    [['10.0.0.1']],
    [['127.0.0.1']],
    [['8.8.8.8', '192.168.0.1']],
    [['::1']],
    [['2002:7f00:1::']],
    [['64:ff9b::a00:1']],
  ])('refuses a name that resolves to %j', async (resolved) => {
    const { fetchIt } = guarded({ resolved });
    await expect(fetchIt(get('http://ocsp.test/'))).rejects.toMatchObject({ code: 'URL_REFUSED' });
    await expect(fetchIt(get('https://ocsp.test/'))).rejects.toMatchObject({ code: 'URL_REFUSED' });
    expect(seen).toHaveLength(0);
  });

  it('asks for a name once, and connects to what it was told', async () => {
    // A second look-up could be answered differently (DNS rebinding). Nobody listens at the other address.
    let asked = 0;
    const fetchIt = createGuardedFetch(
      { allowHosts: [`rebind.test:${port}`], rewriteHosts: {} },
      { resolve: () => Promise.resolve([asked++ === 0 ? '127.0.0.1' : '127.99.0.1']) },
    );
    expect((await fetchIt(get(`http://rebind.test:${port}/`))).status).toBe(200);
    expect(asked).toBe(1);
  });

  it('lets an allowed host be private and on another port, and only on that port', async () => {
    const { fetchIt } = guarded({ allowHosts: [`OCSP.test:${port}`] });
    expect((await fetchIt(get(`http://OCSP.TEST:${port}/`))).status).toBe(200);
    expect((await fetchIt(get(`http://ocsp.test.:${port}/`))).status).toBe(200);
    await expect(fetchIt(get('http://ocsp.test/'))).rejects.toMatchObject({ code: 'URL_REFUSED' });
    await expect(fetchIt(get(`http://other.test:${port}/`))).rejects.toMatchObject({ code: 'URL_REFUSED' });
  });

  it('rewrites a host before it judges it', async () => {
    const rewriteHosts = { 'ocsp.ca.ptc': `ocsp.test:${port}`, 'crl.ca.ptc': 'ocsp.test' };
    const { fetchIt } = guarded({ rewriteHosts, allowHosts: [`ocsp.test:${port}`] });
    expect((await fetchIt(get('http://OCSP.ca.ptc/path?q'))).status).toBe(200);
    expect(seen[0]?.headers.host).toBe(`ocsp.test:${port}`);
    expect(seen[0]?.url).toBe('/path?q');
    // The port of the old host does not come along.
    await expect(fetchIt(get(`http://crl.ca.ptc:${port}/`))).rejects.toMatchObject({
      code: 'URL_REFUSED',
      found: expect.stringContaining('127.0.0.1'),
    });
  });

  it('does not follow a redirect', async () => {
    handle = (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    const answer = await trusting(get(base));
    expect(answer).toMatchObject({ status: 302, headers: { location: 'http://169.254.169.254/' } });
    expect(seen).toHaveLength(1);
  });

  it('gives up on an answer that is larger than allowed, stated or not', async () => {
    handle = (_request, response) => response.writeHead(200, { 'content-length': '10001' }).end(Buffer.alloc(10_001));
    await expect(trusting(get(base))).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
    let sent = 0;
    handle = (_request, response) => {
      const pump = (): void => {
        while (!response.destroyed && sent < 500_000_000) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', pump);
        }
      };
      pump();
    };
    await expect(trusting(get(base))).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
    expect(sent).toBeLessThan(50_000_000);
  });

  it('takes no compressed answer', async () => {
    handle = (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000)));
    await expect(trusting(get(base))).rejects.toMatchObject({ code: 'CONTENT_ENCODED' });
  });

  it.each(['never answers', 'sends a byte now and then', 'never ends its headers'])(
    'gives up on a server that %s',
    async (how) => {
      handle = (request, response) => {
        if (how === 'sends a byte now and then') {
          const timer = setInterval(() => response.write('.'), 50);
          response.on('close', () => clearInterval(timer));
        }
        if (how === 'never ends its headers') {
          const timer = setInterval(() => request.socket.write('x: y\r\n'), 50);
          request.socket.write('HTTP/1.1 200 OK\r\n');
          request.socket.on('close', () => clearInterval(timer));
        }
      };
      const startedMs = performance.now();
      await expect(trusting(get(base, { timeoutMs: 400 }))).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      expect(performance.now() - startedMs).toBeLessThan(2_000);
    },
  );

  it('gives up on a name that never resolves', async () => {
    const fetchIt = createGuardedFetch(
      { allowHosts: [], rewriteHosts: {} },
      { resolve: () => new Promise(() => undefined) },
    );
    await expect(fetchIt(get('http://slow.test/', { timeoutMs: 200 }))).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('says so when the answer ends too early, and when nobody listens', async () => {
    handle = (request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('x');
      setTimeout(() => request.socket.destroy(), 50);
    };
    await expect(trusting(get(base))).rejects.toMatchObject({
      code: expect.stringMatching(/RESPONSE_TRUNCATED|ECONNRESET/),
    });
    const { fetchIt } = guarded({ allowHosts: ['ocsp.test:1'] });
    await expect(fetchIt(get('http://ocsp.test:1/'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  describe('over TLS', () => {
    let folder: string;
    let tls: TlsServer;
    let tlsPort: number;
    let ca: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'kyso-tls-'));
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
      execFileSync(
        'openssl',
        [...request, '-subj', '/CN=ocsp.test', '-addext', 'subjectAltName=DNS:ocsp.test'].concat(
          '-keyout',
          key,
          '-out',
          cert,
        ),
        { stdio: 'ignore' },
      );
      ca = await readFile(cert, 'utf8');
      tls = createTlsServer({ key: await readFile(key), cert: ca }, (_request, response) => response.end('ok'));
      tlsPort = await listen(tls);
    });
    afterAll(async () => {
      tls.closeAllConnections();
      tls.close();
      await rm(folder, { recursive: true });
    });

    it('trusts the given CA, for the names of the certificate only', async () => {
      const allowHosts = [`ocsp.test:${tlsPort}`, `other.test:${tlsPort}`];
      const fetchIt = createGuardedFetch({ allowHosts, rewriteHosts: {} }, { resolve, ca });
      expect((await fetchIt(get(`https://ocsp.test:${tlsPort}/`))).status).toBe(200);
      await expect(fetchIt(get(`https://other.test:${tlsPort}/`))).rejects.toMatchObject({
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
    });

    it('verifies also where the environment says not to', async () => {
      const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
      try {
        const fetchIt = createGuardedFetch({ allowHosts: [`ocsp.test:${tlsPort}`], rewriteHosts: {} }, { resolve });
        await expect(fetchIt(get(`https://ocsp.test:${tlsPort}/`))).rejects.toMatchObject({
          code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
        });
      } finally {
        if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
        else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
      }
    });
  });
});
