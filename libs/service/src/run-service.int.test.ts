import { Agent, request as httpRequest } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { failureCodes, problemSchema, type Problem } from '@kyso/contracts';
import type { INestApplication } from '@nestjs/common';
import { createLogger } from './logger.js';
import { runService } from './run-service.js';
import { dependency, TestModule, uploads } from './test-service.js';

const serviceToken = 'a-service-token-of-more-than-32-characters';
const bearer = { authorization: `Bearer ${serviceToken}` };
const json = { 'content-type': 'application/json' };

async function problemOf(response: Response, code: string): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const problem = problemSchema.parse(await response.json());
  expect(problem).toMatchObject({ code, status: response.status, type: `urn:kyso:problem:${code}` });
  expect(response.status).toBe(failureCodes[problem.code].httpStatus);
  return problem;
}
/** One request through a connection of the agent, or through a new one. */
function ask(url: string, agent?: Agent): Promise<{ status: number; body: string; connection: unknown }> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { agent: agent ?? false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, connection: response.headers.connection }),
      );
    })
      .on('error', reject)
      .end();
  });
}

function startWith(tokenOption: { serviceToken?: string }): Promise<unknown> {
  return runService({
    name: 'test',
    module: TestModule,
    config: { listenHost: '127.0.0.1', listenPort: 0, shutdownTimeoutMs: 1_000 },
    logger: createLogger({ service: 'test', level: 'silent' }),
    ...tokenOption,
  });
}

describe('a service', () => {
  let app: INestApplication;
  let base: string;
  let port: number;
  let log = '';
  const logLines = (): Record<string, unknown>[] =>
    log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(base + path, init);
  const post = (path: string, body: string | Buffer, headers: Record<string, string> = json): Promise<Response> =>
    fetch(base + path, { method: 'POST', headers, body });
  /** Bytes as they are, for what no HTTP client would send. */
  const raw = (text: string, timeoutMs = 5_000): Promise<string> =>
    new Promise((resolve) => {
      let answer = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      socket.setTimeout(timeoutMs, () => socket.destroy());
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(answer));
    });

  beforeAll(async () => {
    app = await runService({
      name: 'test',
      module: TestModule,
      config: { listenHost: '127.0.0.1', listenPort: 0, shutdownTimeoutMs: 5_000 },
      serviceToken,
      logger: createLogger({ service: 'test', level: 'info' }, { write: (line) => void (log += line) }),
      bodyLimitBytes: 2_000,
      requestTimeoutMs: 1_500,
      rawBodies: { 'application/pdf': 'stream', 'application/timestamp-query': 'buffer' },
      pagesPrefix: '/docs',
    });
    ({ port } = (app.getHttpServer() as { address(): AddressInfo }).address());
    base = `http://127.0.0.1:${port}`;
  });
  beforeEach(() => {
    log = '';
  });
  afterAll(() => app?.close());

  it('gives a handler what its schema made of the body', async () => {
    const response = await post('/v1/jobs', JSON.stringify({ steps: [{ widthPt: 10 }] }));
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ level: 'B-B', steps: [{ widthPt: 10 }] });
  });

  it('says every fault of a body, with its place', async () => {
    const response = await post('/v1/jobs', JSON.stringify({ level: 'X', steps: [{ widthPt: 'wide' }], more: 1 }));
    const problem = await problemOf(response, 'REQUEST_INVALID');
    expect(problem.issues?.map(({ path }) => path).sort()).toEqual(['', 'level', 'steps.0.widthPt']);
    expect(problem.found).toBe('3 faults');
  });

  it('answers a body of many faults with a bounded answer', async () => {
    const steps = Array.from({ length: 150 }, () => ({ a: 1 }));
    const response = await post('/v1/jobs', JSON.stringify({ steps }));
    expect((await problemOf(response, 'REQUEST_INVALID')).issues).toHaveLength(50);
  });

  it.each([
    ['{"steps":', 'REQUEST_INVALID', json],
    ['', 'REQUEST_INVALID', json],
    ['{"__proto__":{"a":1},"steps":[]}', 'REQUEST_INVALID', json],
    ['['.repeat(1_900), 'REQUEST_INVALID', json],
    [`${'['.repeat(900)}${']'.repeat(900)}`, 'REQUEST_INVALID', json],
    ['"x"', 'REQUEST_INVALID', json],
    ['null', 'REQUEST_INVALID', json],
    ['a=b', 'MEDIA_TYPE_UNSUPPORTED', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['{}', 'MEDIA_TYPE_UNSUPPORTED', { 'content-type': 'text/plain' }],
    [`"${'x'.repeat(2_000)}"`, 'BODY_TOO_LARGE', json],
  ])('refuses the body %.20j', async (body, code, headers) => {
    const problem = await problemOf(await post('/v1/jobs', body, headers), code);
    if (code === 'BODY_TOO_LARGE') expect(problem.expected).toBe('at most 2000 bytes');
  });

  it('hands over other bodies as bytes or as a stream', async () => {
    const query = await post('/v1/query', Buffer.from([1, 255]), { 'content-type': 'application/timestamp-query' });
    expect(await query.json()).toEqual({ hex: '01ff' });
    const tooLarge = await post('/v1/query', Buffer.alloc(2_001), { 'content-type': 'application/timestamp-query' });
    await problemOf(tooLarge, 'BODY_TOO_LARGE');
    const upload = await post('/v1/upload', Buffer.alloc(3_000_000), { 'content-type': 'application/pdf' });
    expect(await upload.json()).toEqual({ sizeBytes: 3_000_000 });
  });

  it('answers an upload that it leaves off in the middle, and goes on with the connection', async () => {
    for (let i = 0; i < 2; i++) {
      const upload = await post('/v1/upload', Buffer.alloc(20_000_000), { 'content-type': 'application/pdf' });
      await problemOf(upload, 'DOCUMENT_TOO_LARGE');
    }
  });

  it('makes the handler fail when the caller goes away in the middle of an upload', async () => {
    const head =
      'POST /v1/upload HTTP/1.1\r\nHost: x\r\nContent-Type: application/pdf\r\nContent-Length: 1000000\r\n\r\n';
    await raw(`${head}%PDF-`, 100);
    await raw(`${head}%PDF-`.replace('upload', 'refused'), 100);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(uploads.broken).toBe(1);
    expect((await get('/livez')).status).toBe(200);
  });

  it('knows an unknown address, a wrong method, and a wrong parameter', async () => {
    await problemOf(await get('/v1/nothing'), 'ROUTE_UNKNOWN');
    const wrongMethod = await fetch(`${base}/v1/jobs`, { method: 'DELETE' });
    expect(wrongMethod.headers.get('allow')).toBe('POST');
    await problemOf(wrongMethod, 'METHOD_NOT_ALLOWED');
    await problemOf(await post('/v1/fails', 'x', { 'content-type': 'text/strange' }), 'METHOD_NOT_ALLOWED');
    await problemOf(await get('/v1/jobs/doc_1'), 'REQUEST_INVALID');
    await problemOf(await get('/v1/jobs/%zz'), 'REQUEST_INVALID');
    await problemOf(await get(`/v1/jobs/${'x'.repeat(200)}`), 'ROUTE_UNKNOWN');
  });

  it('names the job of the address in the problem', async () => {
    const jobId = `job_${'a'.repeat(26)}`;
    const problem = await problemOf(await get(`/v1/jobs/${jobId}`), 'JOB_UNKNOWN');
    expect(problem).toMatchObject({ jobId, found: jobId, messageVi: 'Không tìm thấy yêu cầu ký.' });
  });

  it('keeps the stack out of the answer and puts it in the log with the request id', async () => {
    const response = await get('/v1/fails');
    const problem = await problemOf(response, 'INTERNAL');
    expect(JSON.stringify(problem)).not.toMatch(/secret|deeper|at .*\.js/);
    const line = logLines().find(({ msg }) => msg === 'request failed');
    expect(line).toMatchObject({
      level: 'error',
      requestId: problem.requestId,
      route: '/v1/fails',
      err: {
        cause: {
          message: 'secret detail',
          stack: expect.stringContaining('test-service'),
          cause: { message: 'deeper detail' },
        },
      },
    });
    expect(response.headers.get('x-request-id')).toBe(problem.requestId);
  });

  it('says when to come back', async () => {
    const response = await get('/v1/busy');
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    await problemOf(response, 'QUEUE_UNAVAILABLE');
  });

  it('cuts the connection when an answer breaks off, so that it cannot pass for whole', async () => {
    const response = await get('/v1/breaks-off');
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
  });

  it('takes over a well-formed request id and replaces another', async () => {
    const given = await get('/livez', { headers: { 'x-request-id': 'igate-2026.11_22' } });
    expect(given.headers.get('x-request-id')).toBe('igate-2026.11_22');
    for (const id of ['short', 'x'.repeat(65), 'with space in it', '{"forged":1}']) {
      const response = await get('/livez', { headers: { 'x-request-id': id } });
      expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-z]{26}$/);
    }
  });

  it.each(['/livez', '/v1/nothing', '/v1/jobs/%zz', '/v1/fails'])(
    'sends the security headers with %s',
    async (path) => {
      const { headers } = await get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-request-id')).not.toBeNull();
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );

  it('lets pages run their scripts', async () => {
    expect((await get('/docs')).headers.get('content-security-policy')).toContain("script-src 'self'");
  });

  it('is alive for everybody, and ready and measured only for who has the service token', async () => {
    expect(await (await get('/livez')).json()).toEqual({ status: 'alive' });
    for (const path of ['/readyz', '/metrics', '/internal/secret']) {
      for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${serviceToken}`, `Bearer ${serviceToken}x`]) {
        const response = await get(path, { headers: { authorization } });
        expect(response.headers.get('www-authenticate')).toBe('Bearer');
        await problemOf(response, 'UNAUTHENTICATED');
      }
      expect((await get(path, { headers: bearer })).status).toBe(200);
    }
  });

  it('is not ready when something that it needs is gone', async () => {
    dependency.works = false;
    const response = await get('/readyz', { headers: bearer });
    dependency.works = true;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      status: 'unready',
      checks: { dependency: { ok: false, problem: 'it is gone' } },
    });
  });

  it('counts requests by pattern and status, never by address', async () => {
    await get('/v1/jobs/job_secret');
    await get('/v1/no/such/thing');
    const text = await (await get('/metrics', { headers: bearer })).text();
    expect(text).toMatch(/kyso_http_request_duration_seconds_count\{.*route="\/v1\/jobs\/:jobId",status="404".*\} \d/);
    expect(text).toContain('route="unmatched",status="404"');
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
    expect(text).not.toContain('job_secret');
    expect(text).not.toContain('such');
  });

  it('writes one line a request, and none for probes', async () => {
    await get('/v1/jobs/job_1', { headers: { 'x-request-id': 'for-the-log' } });
    await get('/livez');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const lines = logLines().filter(({ msg }) => msg === 'request');
    expect(lines).toEqual([
      expect.objectContaining({ requestId: 'for-the-log', method: 'GET', route: '/v1/jobs/:jobId', status: 404 }),
    ]);
  });

  it('cuts off a caller who sends headers or a body too slowly (Slowloris)', async () => {
    const startedMs = performance.now();
    const answers = await Promise.all([
      raw('GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: '),
      raw('POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{'),
    ]);
    expect(performance.now() - startedMs).toBeLessThan(4_500);
    expect(answers[0]).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[^]*REQUEST_TIMEOUT/);
    expect(answers[1]).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[^]*REQUEST_TIMEOUT/);
  });

  it('answers what is not HTTP, and headers without end, with a problem document', async () => {
    expect(await raw('garbage\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*REQUEST_INVALID/);
    const headers = await raw(`GET / HTTP/1.1\r\nHost: x\r\n${'X-A: b\r\n'.repeat(6_000)}\r\n`);
    expect(headers).toMatch(/REQUEST_INVALID[^]*headers of more than 16 KiB/);
  });

  it('refuses a request whose length is stated twice (request smuggling)', async () => {
    const smuggled = await raw(
      'POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect(smuggled).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('does not start without a usable service token', async () => {
    await expect(startWith({})).rejects.toThrow('found neither');
    await expect(startWith({ serviceToken: 'short' })).rejects.toThrow('at least 32 characters');
  });

  it('when it is closed, answers what runs, refuses what comes on open connections, and runs its hooks last', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await ask(`${base}/livez`, agent);
    const slow = ask(`${base}/v1/slow`);
    const waits = ask(`${base}/v1/waits`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const closed = app.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const late = await ask(`${base}/v1/busy`, agent);
    expect(late).toMatchObject({ status: 503, connection: 'close', body: expect.stringContaining('SERVICE_STOPPING') });
    await expect(ask(`${base}/livez`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(log).not.toContain('shutdown hook ran');
    expect(await slow).toMatchObject({ status: 200, body: '{"done":true}' });
    expect(await waits).toMatchObject({ status: 200, body: '{"stopped":true}' });
    await closed;
    expect(log).toContain('shutdown hook ran');
    agent.destroy();
  });
});
