import { timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Responder } from './responder.js';
import { setFaults, type SandboxFaults } from './faults.js';
import { layout } from './folder.js';
import type { Sandbox } from './sandbox.js';

/** The running HTTP side of a sandbox. */
export interface SandboxServer {
  readonly baseUrl: string;
  readonly tsaUrl: string;
  /** Flip a field at any time; it holds from the next request on. */
  readonly faults: SandboxFaults;
  /** Requests seen so far by endpoint. */
  readonly counts: { tsa: number; ocsp: number; crl: number };
  /** Revokes every certificate of a credential or authority (`issuing-ca`, `tsa-unit`) until the server ends; `at` defaults to now. */
  revoke(holder: string, at?: Date): void;
  close(): Promise<void>;
}

/** Where to listen, which clock, how long answers live. */
export interface SandboxServerOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** 0: any free port. */
  port: number;
  /** The one clock of the TSA, the responder and the CRLs. */
  now?: () => Date;
  /** From thisUpdate to nextUpdate of OCSP answers, milliseconds; default one hour. */
  ocspLifeMs?: number;
  /** From thisUpdate to nextUpdate of CRLs, milliseconds; default one day. */
  crlLifeMs?: number;
}

/** Largest request body: a time-stamp or OCSP request is some hundred bytes. */
const maxBodyBytes = 65_536;

/** OCSP at /ocsp, CRLs at /crl/<name>.crl, CA certificates at /ca/<name>.crt, RFC 3161 at /tsa. Clock injected. */
export async function startSandboxServer(sandbox: Sandbox, options: SandboxServerOptions): Promise<SandboxServer> {
  const faults: SandboxFaults = {};
  const counts = { tsa: 0, ocsp: 0, crl: 0 };
  // Loaded here, not above: it brings pkijs, which those who only open a sandbox do not need.
  const { createResponder } = await import('./responder.js');
  const responder = await createResponder(sandbox.folder, { ...options, faults });
  const controlToken = await readFile(layout.controlToken(sandbox.folder), 'utf8');
  const server = createServer((request, response) => {
    handle({ request, response, responder, faults, counts, controlToken }).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(error instanceof BodyTooLarge ? 413 : 500);
      response.end(`${(error as Error).message}\n`);
    });
  });
  // Longer than any client keeps an idle connection, so that a reused one is not closed under the client's feet.
  server.keepAliveTimeout = 60_000;
  await listen(server, options);
  const { address, port } = server.address() as AddressInfo;
  const baseUrl = `http://${address}:${port}`;
  return {
    baseUrl,
    tsaUrl: `${baseUrl}/tsa`,
    faults,
    counts,
    revoke: (holder, at) => responder.revoke(holder, at),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, options: SandboxServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly responder: Responder;
  readonly faults: SandboxFaults;
  readonly counts: SandboxServer['counts'];
  readonly controlToken: string;
}

async function handle(exchange: Exchange): Promise<void> {
  const { request, response, responder, faults, counts } = exchange;
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const method = request.method ?? 'GET';
  if (method === 'POST' && path === '/tsa') {
    counts.tsa++;
    const body = await readBody(request);
    await misbehave(exchange, faults.tsa, () => {
      send(response, 'application/timestamp-reply', responder.timestamp(body));
    });
  } else if (method === 'POST' && path === '/ocsp') {
    counts.ocsp++;
    const body = await readBody(request);
    await misbehave(exchange, faults.ocsp, async () => {
      send(response, 'application/ocsp-response', await responder.ocsp(body));
    });
  } else if (method === 'GET' && path.startsWith('/ocsp/')) {
    // RFC 6960, A.1: the request in base64, URL-encoded.
    counts.ocsp++;
    const body = Buffer.from(decodeURIComponent(path.slice('/ocsp/'.length)), 'base64');
    await misbehave(exchange, faults.ocsp, async () => {
      send(response, 'application/ocsp-response', await responder.ocsp(body));
    });
  } else if (method === 'GET' && path.startsWith('/crl/')) {
    counts.crl++;
    const crl = await responder.crl(path.slice('/crl/'.length).replace(/\.crl$/, ''));
    await misbehave(exchange, faults.crl, () => sendOrMissing(response, 'application/pkix-crl', crl));
  } else if (method === 'GET' && path.startsWith('/ca/')) {
    const certificate = responder.caCertificate(path.slice('/ca/'.length).replace(/\.crt$/, ''));
    sendOrMissing(response, 'application/pkix-cert', certificate);
  } else if (method === 'POST' && (path === '/faults' || path === '/revoke')) {
    await control(exchange, path);
  } else if (method === 'GET' && path === '/livez') {
    send(response, 'application/json', Buffer.from('{"status":"alive"}'));
  } else {
    response.writeHead(404).end();
  }
}

/** `down` cuts the connection, `rate-limited` answers 429, `slow` waits, `garbage` answers 200 with nonsense; the other faults are lies inside the answer. */
async function misbehave(
  exchange: Exchange,
  fault: string | undefined,
  answer: () => void | Promise<void>,
): Promise<void> {
  if (fault === 'down') {
    exchange.request.socket.destroy();
    return;
  }
  if (fault === 'rate-limited') {
    exchange.response.writeHead(429, { 'retry-after': '1' }).end();
    return;
  }
  if (fault === 'slow') {
    const slowMs = exchange.faults.slowMs ?? 3_000;
    await new Promise((resolve) => {
      setTimeout(resolve, slowMs).unref();
    });
    if (exchange.response.destroyed) return;
  }
  if (fault === 'garbage') send(exchange.response, 'application/octet-stream', Buffer.from('<html>Lỗi</html>'));
  else await answer();
}

/** Behind the token in the folder: whoever reaches the port of a shared machine may not make the sandbox lie. */
async function control(exchange: Exchange, path: '/faults' | '/revoke'): Promise<void> {
  const given = Buffer.from(exchange.request.headers.authorization ?? '');
  const expected = Buffer.from(`Bearer ${exchange.controlToken}`);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    exchange.response.writeHead(401).end();
    return;
  }
  try {
    const body: unknown = JSON.parse((await readBody(exchange.request)).toString('utf8'));
    if (path === '/faults') setFaults(exchange.faults, body);
    else {
      const { credentialId, at } = body as { credentialId?: unknown; at?: unknown };
      exchange.responder.revoke(String(credentialId), typeof at === 'string' ? new Date(at) : undefined);
    }
    send(
      exchange.response,
      'application/json',
      Buffer.from(JSON.stringify({ faults: exchange.faults, counts: exchange.counts })),
    );
  } catch (error) {
    exchange.response
      .writeHead(400, { 'content-type': 'text/plain; charset=utf-8' })
      .end(`${(error as Error).message}\n`);
  }
}

function sendOrMissing(response: ServerResponse, type: string, body: Buffer | undefined): void {
  if (body === undefined) response.writeHead(404).end();
  else send(response, type, body);
}

function send(response: ServerResponse, type: string, body: Buffer): void {
  response.writeHead(200, { 'content-type': type, 'content-length': body.length }).end(body);
}

class BodyTooLarge extends Error {}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new BodyTooLarge(`expected at most ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
