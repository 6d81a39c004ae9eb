import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId } from '@kyso/contracts';
import { call } from './client.js';
import { makePdf } from './files.js';
import type { Running } from './processes.js';
import { makeWorld, serviceToken, type World } from './world.js';

// Each test may start processes of its own, on a machine that has other things to do.
jest.setTimeout(90_000);

interface Description {
  readonly paths: Record<string, Record<string, unknown>>;
}
const description = JSON.parse(
  await readFile(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8'),
) as Description;
const routes = Object.entries(description.paths).flatMap(([path, operations]) =>
  Object.keys(operations).map((method) => {
    const address = path
      .replace('{documentId}', newId('doc'))
      .replace('{jobId}', newId('job'))
      .replace('{version}', '0');
    return `${method.toUpperCase()} ${address}`;
  }),
);

describe('the doors', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  beforeAll(async () => {
    world = await makeWorld();
    gateway = await world.startGateway();
  });
  afterAll(() => world.close());

  it('has more than a handful of routes to try', () => {
    expect(routes.length).toBeGreaterThanOrEqual(8);
  });

  it.each(routes)('%s is closed without a key, with a wrong one and with that of a disabled client', async (line) => {
    for (const key of [undefined, `kyso_portal_${'x'.repeat(43)}`, 'nonsense', world.keys['disabled']]) {
      const answer = await call(gateway.baseUrl, line, { key });
      expect(answer.status).toBe(401);
      expect(answer.problem()).toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it.each(routes)('%s demands its scope', async (line) => {
    // What the client of this test may do: verify, and know the words, as everybody.
    if (line.includes('/v1/verifications') || line === 'GET /v1/texts') return;
    const answer = await call(gateway.baseUrl, line, { key: world.keys['verifier'] });
    expect(answer.problem()).toMatchObject({ code: 'FORBIDDEN', status: 403 });
  });

  it.each(['GET /', 'GET /v1/nothing', 'GET /docs/nothing', 'DELETE /v1/credentials', 'OPTIONS /v1/documents'])(
    '%s tells nothing to a caller without a key',
    async (line) => {
      expect((await call(gateway.baseUrl, line)).status).toBe(401);
    },
  );

  it('answers 404 and 405 to a caller with a key', async () => {
    const key = world.keys['portal'];
    expect((await call(gateway.baseUrl, 'GET /v1/nothing', { key })).problem().code).toBe('ROUTE_UNKNOWN');
    const answer = await call(gateway.baseUrl, 'DELETE /v1/credentials', { key });
    expect(answer.problem().code).toBe('METHOD_NOT_ALLOWED');
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it('leaves only liveness open', async () => {
    expect((await call(gateway.baseUrl, 'GET /livez')).status).toBe(200);
    for (const path of ['/readyz', '/metrics']) {
      expect((await call(gateway.baseUrl, `GET ${path}`)).status).toBe(401);
      expect((await call(gateway.baseUrl, `GET ${path}`, { key: world.keys['portal'] })).status).toBe(401);
      expect((await call(gateway.baseUrl, `GET ${path}`, { key: serviceToken })).status).toBe(200);
    }
    expect((await call(gateway.baseUrl, 'GET /v1/credentials', { key: serviceToken })).status).toBe(401);
  });

  it('shows the page to a browser that gives the API key as the password', async () => {
    const asked = await call(gateway.baseUrl, 'GET /docs');
    expect(asked.status).toBe(401);
    expect(asked.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    const authorization = `Basic ${Buffer.from(`me:${world.keys['verifier']}`).toString('base64')}`;
    for (const path of ['/docs', '/docs/swagger-ui-init.js', '/docs/swagger-ui-bundle.js', '/docs/openapi.json']) {
      expect((await call(gateway.baseUrl, `GET ${path}`)).status).toBe(401);
      const answer = await call(gateway.baseUrl, `GET ${path}`, { headers: { authorization } });
      expect([path, answer.status]).toEqual([path, 200]);
    }
    const page = await call(gateway.baseUrl, 'GET /docs', { headers: { authorization } });
    expect(page.text).toContain('swagger-ui');
    const served = await call(gateway.baseUrl, 'GET /docs/openapi.json', { headers: { authorization } });
    expect(JSON.parse(served.text)).toEqual(description);
  });

  it('takes Basic at no other door, since browsers send it by themselves', async () => {
    const authorization = `Basic ${Buffer.from(`me:${world.keys['portal']}`).toString('base64')}`;
    expect((await call(gateway.baseUrl, 'GET /v1/credentials', { headers: { authorization } })).status).toBe(401);
  });

  it('refuses other media types before the body is read', async () => {
    const key = world.keys['portal'];
    for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x']) {
      const answer = await call(gateway.baseUrl, 'POST /v1/documents', {
        key,
        pdf: makePdf(),
        headers: { 'content-type': type },
      });
      expect(answer.problem().code).toBe('MEDIA_TYPE_UNSUPPORTED');
    }
    const answer = await call(gateway.baseUrl, 'POST /v1/signing-jobs', { key, pdf: makePdf() });
    expect(answer.problem().code).toBe('MEDIA_TYPE_UNSUPPORTED');
  });

  it('answers 429 to an address that tries wrong keys, and still serves the right ones that it knows', async () => {
    const strict = await world.startGateway({
      KYSO_MAX_AUTH_FAILURES_PER_MINUTE: '5',
      KYSO_REGISTRY_MAX_AGE_MS: '60000',
    });
    expect((await call(strict.baseUrl, 'GET /v1/credentials', { key: world.keys['portal'] })).status).toBe(200);
    const statuses: number[] = [];
    for (let i = 0; i < 8; i++) {
      statuses.push(
        (await call(strict.baseUrl, 'GET /v1/credentials', { key: `kyso_x${i}_${'x'.repeat(43)}` })).status,
      );
    }
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(statuses.slice(6)).toEqual([429, 429]);
    expect((await call(strict.baseUrl, 'GET /v1/credentials', { key: world.keys['portal'] })).status).toBe(200);
  });

  it('answers 429 to a client that asks too often', async () => {
    const strict = await world.startGateway({ KYSO_REQUESTS_PER_SECOND: '2' });
    const ask = () => call(strict.baseUrl, 'GET /v1/credentials', { key: world.keys['portal'] });
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(5);
    expect(refused[0]?.problem().code).toBe('RATE_LIMITED');
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
  });

  it('forgets a client soon after it was disabled', async () => {
    const key = world.keys['other'];
    expect((await call(gateway.baseUrl, 'GET /v1/credentials', { key })).status).toBe(200);
    const record = JSON.parse(Buffer.from((await world.store.get('clients/other.json')) ?? []).toString()) as object;
    await world.store.put('clients/other.json', Buffer.from(JSON.stringify({ ...record, enabled: false })));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await call(gateway.baseUrl, 'GET /v1/credentials', { key })).status).toBe(401);
  });

  it('gives the request id back and never the stack', async () => {
    const headers = { 'x-request-id': 'portal-12345678' };
    const answer = await call(gateway.baseUrl, 'GET /v1/credentials', { headers });
    expect(answer.headers.get('x-request-id')).toBe('portal-12345678');
    expect(answer.problem()).toMatchObject({
      requestId: 'portal-12345678',
      messageVi: expect.stringContaining('khoá API'),
    });
    expect(answer.text).not.toContain('.js:');
  });
});
