import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SigningError } from '@kyso/contracts';
import { problemMediaType, toProblem } from './problem.js';
import { createServiceClient, type ServiceClient } from './service-client.js';

describe('the client for our own services', () => {
  let server: Server;
  let handle: RequestListener;
  let connections = 0;
  let client: ServiceClient;
  let baseUrl: string;
  const call = { contentType: 'application/timestamp-query', accept: 'application/timestamp-reply', timeoutMs: 1_000 };
  const post = (path = '/', more: Partial<typeof call> & { requestId?: string } = {}): Promise<Uint8Array> =>
    client.post(path, Buffer.from('query'), { ...call, ...more });
  const answerProblem = (error: SigningError): void => {
    handle = (_request, response) => {
      const problem = toProblem(error, { requestId: 'req_1' });
      response.writeHead(problem.status, { 'content-type': problemMediaType }).end(JSON.stringify(problem));
    };
  };

  beforeAll(async () => {
    server = createServer((request, response) => handle(request, response)).listen(0, '127.0.0.1');
    server.on('connection', () => connections++);
    await new Promise((resolve) => server.once('listening', resolve));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = createServiceClient({ baseUrl, serviceToken: 'the token', unavailable: 'TSA_UNAVAILABLE' });
  });
  beforeEach(() => {
    handle = (_request, response) => response.setHeader('content-type', call.accept).end('reply');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('posts with the service token and the request id, on one connection', async () => {
    let headers: NodeJS.Dict<string | string[]> = {};
    let path: string | undefined;
    handle = (request, response) => {
      ({ headers, url: path } = request);
      response.setHeader('content-type', `${call.accept}; x=y`).end('reply');
    };
    for (let i = 0; i < 3; i++)
      expect(Buffer.from(await post('/v1/x', { requestId: 'req_9' })).toString()).toBe('reply');
    expect(path).toBe('/v1/x');
    expect(headers).toMatchObject({
      authorization: 'Bearer the token',
      'x-request-id': 'req_9',
      'content-type': 'application/timestamp-query',
      'content-length': '5',
    });
    expect(connections).toBe(1);
  });

  it('keeps a path in the base URL', async () => {
    let path: string | undefined;
    handle = (request, response) => {
      path = request.url;
      response.setHeader('content-type', call.accept).end();
    };
    await createServiceClient({ baseUrl: `${baseUrl}/tsa`, serviceToken: 'x' }).post('/', Buffer.from(''), call);
    expect(path).toBe('/tsa/');
  });

  it('throws what the problem document says', async () => {
    answerProblem(new SigningError('TSA_REQUEST_INVALID', { expected: 'a query', found: 'noise' }));
    const error = await post().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SigningError);
    expect(error).toMatchObject({ code: 'TSA_REQUEST_INVALID', expected: 'a query', found: 'noise' });
  });

  it.each(['UNAUTHENTICATED', 'ROUTE_UNKNOWN', 'REQUEST_INVALID', 'BODY_TOO_LARGE'] as const)(
    'does not pass %s on to whoever called us, since it is our mistake',
    async (code) => {
      answerProblem(new SigningError(code));
      await expect(post()).rejects.toMatchObject({ code: 'INTERNAL', found: expect.stringContaining(code) });
    },
  );

  it('turns a service that stops, is slow, or is not there into the code it was given', async () => {
    answerProblem(new SigningError('SERVICE_STOPPING'));
    await expect(post()).rejects.toMatchObject({ code: 'TSA_UNAVAILABLE' });
    handle = () => undefined;
    await expect(post('/', { timeoutMs: 200 })).rejects.toMatchObject({ code: 'TSA_UNAVAILABLE', found: 'ETIMEDOUT' });
    const nobody = createServiceClient({ baseUrl: 'http://127.0.0.1:1', serviceToken: 'x' });
    await expect(nobody.post('/', Buffer.from(''), call)).rejects.toMatchObject({
      code: 'INTERNAL',
      found: 'ECONNREFUSED',
    });
  });

  it('takes no answer of another kind', async () => {
    handle = (_request, response) => response.setHeader('content-type', 'text/html').end('<h1>Welcome</h1>');
    await expect(post()).rejects.toMatchObject({ code: 'INTERNAL', found: 'status 200, text/html' });
    handle = (_request, response) =>
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
    await expect(post()).rejects.toMatchObject({ code: 'TSA_UNAVAILABLE', found: 'status 502, text/html' });
    handle = (_request, response) =>
      response.writeHead(500, { 'content-type': problemMediaType }).end('{"code":"NONSENSE"}');
    await expect(post()).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('takes no answer that is larger than allowed', async () => {
    const small = createServiceClient({ baseUrl, serviceToken: 'x', maxBytes: 4 });
    await expect(small.post('/', Buffer.from(''), call)).rejects.toMatchObject({ found: 'RESPONSE_TOO_LARGE' });
  });
});
