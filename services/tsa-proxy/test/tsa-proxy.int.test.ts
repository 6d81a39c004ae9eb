import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openTimestampToken, parseTimestampRequest, parseTimestampResponse } from '@kyso/cms';
import type { Problem } from '@kyso/contracts';
import type { SandboxFaults } from '@kyso/sandbox';
import { openssl, opensslQuery, postQuery, startProxy, type ProxyUnderTest } from './proxy-under-test.js';

const lies: readonly [NonNullable<SandboxFaults['tsa']>, string][] = [
  ['down', 'socket hang up|ECONNRESET'],
  ['wrong-imprint', 'DIGEST_MISMATCH'],
  ['wrong-nonce', 'NONCE_MISMATCH'],
  ['rejection', 'STATUS'],
  ['garbage', 'MALFORMED'],
  ['wrong-eku', 'KEY_USAGE'],
  ['bad-signature', 'SIGNATURE_WRONG'],
  ['wrong-policy', 'POLICY_MISMATCH'],
  ['wrong-time', 'TIME_WINDOW'],
  ['untrusted', 'NO_CHAIN'],
  ['wrong-signing-certificate', 'SIGNING_CERTIFICATE'],
];

function clearFaults(...servers: { faults: SandboxFaults }[]): void {
  for (const { faults } of servers) {
    delete faults.tsa;
    delete faults.slowMs;
  }
}

describe('the time-stamp proxy before two real TSAs', () => {
  let proxy: ProxyUnderTest;
  beforeAll(async () => {
    proxy = await startProxy({
      upstream: { policy: '2.999.3161.1', timeoutMs: 500 },
      settings: { tsaBreakerFailures: 1_000 },
    });
  });
  afterEach(() => clearFaults(proxy.first, proxy.second));
  afterAll(() => proxy.close());

  const verified = async (response: Response): Promise<{ code: number; text: string }> => {
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/timestamp-reply');
    await writeFile(proxy.file('reply'), Buffer.from(await response.arrayBuffer()));
    const files = ['-queryfile', proxy.file('query'), '-in', proxy.file('reply')];
    return openssl('ts', '-verify', ...files, '-CAfile', proxy.sandbox.tsaTrustAnchorsFile);
  };

  it('hands on a token that openssl verifies against the very query, nonce included', async () => {
    expect(await verified(await postQuery(proxy, await opensslQuery(proxy, '-cert')))).toMatchObject({ code: 0 });
    expect(proxy.second.counts.tsa).toBe(0);
  });

  it('gives the client its own nonce back, and adds one where the client sent none', async () => {
    const query = await opensslQuery(proxy, '-cert');
    const own = parseTimestampResponse(Buffer.from(await (await postQuery(proxy, query)).arrayBuffer()));
    expect(openTimestampToken(own.tokenDer).nonce).toBe(parseTimestampRequest(query).nonce);
    const bare = await opensslQuery(proxy, '-cert', '-no_nonce');
    const response = await postQuery(proxy, bare);
    const added = parseTimestampResponse(Buffer.from(await response.clone().arrayBuffer()));
    expect(openTimestampToken(added.tokenDer).nonce).toBeGreaterThan(2n ** 63n);
    expect(await verified(response)).toMatchObject({ code: 0 });
  });

  it.each(lies)('finds the fault %s and asks the next TSA', async (fault) => {
    proxy.first.faults.tsa = fault;
    const before = { first: proxy.first.counts.tsa, second: proxy.second.counts.tsa };
    expect(await verified(await postQuery(proxy, await opensslQuery(proxy, '-cert')))).toMatchObject({ code: 0 });
    expect(proxy.first.counts.tsa).toBeGreaterThan(before.first);
    expect(proxy.second.counts.tsa).toBe(before.second + 1);
  });

  it('leaves a slow TSA after its time limit', async () => {
    proxy.first.faults.tsa = 'slow';
    proxy.first.faults.slowMs = 10_000;
    const startedMs = performance.now();
    expect(await verified(await postQuery(proxy, await opensslQuery(proxy, '-cert')))).toMatchObject({ code: 0 });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it.each(lies)('says what each TSA did wrong when all have the fault %s', async (fault, reason) => {
    proxy.first.faults.tsa = fault;
    proxy.second.faults.tsa = fault;
    const response = await postQuery(proxy, await opensslQuery(proxy, '-cert'));
    const problem = (await response.json()) as Problem;
    expect(problem.code).toBe(fault === 'wrong-time' ? 'CLOCK_SKEWED' : 'TSA_UNAVAILABLE');
    expect(response.status).toBe(fault === 'wrong-time' ? 503 : 502);
    expect(problem.found).toMatch(new RegExp(`^first: .*(${reason}).*; second: .*(${reason})`));
  });

  it('asks no TSA for a policy that it does not have', async () => {
    const before = proxy.first.counts.tsa;
    const response = await postQuery(proxy, await opensslQuery(proxy, '-cert', '-tspolicy', '2.999.1'));
    expect(((await response.json()) as Problem).found).toContain('first: skipped, expected policy 2.999.1');
    expect(proxy.first.counts.tsa).toBe(before);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('xin chào')],
    ['a query that is cut off', Buffer.from('3039020101', 'hex')],
    ['lengths that lie', Buffer.from('3084ffffffff020101', 'hex')],
    ['deep nesting', Buffer.concat(Array.from({ length: 2_000 }, () => Buffer.from('3080', 'hex')))],
  ])('refuses %s without asking anybody', async (_name, body) => {
    const before = proxy.first.counts.tsa;
    const response = await postQuery(proxy, body);
    expect(response.status).toBe(400);
    expect(((await response.json()) as Problem).code).toMatch(/^(TSA_REQUEST_INVALID|REQUEST_INVALID)$/);
    expect(proxy.first.counts.tsa).toBe(before);
  });

  it('refuses a query that wants no certificate in the token', async () => {
    const response = await postQuery(proxy, await opensslQuery(proxy));
    expect(response.status).toBe(400);
    expect((await response.json()) as Problem).toMatchObject({
      code: 'TSA_REQUEST_INVALID',
      expected: 'certReq TRUE',
    });
  });

  it('refuses other media types, bodies over 64 KiB, and callers without the service token', async () => {
    const query = await opensslQuery(proxy, '-cert');
    const json = await postQuery(proxy, Buffer.from('{}'), { 'content-type': 'application/json' });
    expect(json.status).toBe(415);
    const large = await postQuery(proxy, Buffer.alloc(70_000));
    expect(large.status).toBe(413);
    const stranger = await postQuery({ ...proxy, serviceToken: 'x'.repeat(40) }, query);
    expect(stranger.status).toBe(401);
  });

  it('counts latency and outcome by TSA', async () => {
    proxy.first.faults.tsa = 'garbage';
    await postQuery(proxy, await opensslQuery(proxy, '-cert'));
    const headers = { authorization: `Bearer ${proxy.serviceToken}` };
    const metrics = await (await fetch(`${proxy.url}/metrics`, { headers })).text();
    expect(metrics).toMatch(/kyso_tsa_request_duration_seconds_count\{.*tsa="first".*outcome="malformed".*\} \d/);
    expect(metrics).toMatch(/kyso_tsa_request_duration_seconds_count\{.*tsa="second".*outcome="granted".*\} \d/);
    expect(metrics).toMatch(/kyso_tsa_available\{.*tsa="first".*\} 1/);
  });
});

describe('the breaker of the time-stamp proxy', () => {
  let proxy: ProxyUnderTest;
  beforeEach(async () => {
    proxy = await startProxy({ settings: { tsaBreakerFailures: 2, tsaBreakerOpenMs: 300 } });
  });
  afterEach(() => proxy.close());
  const ready = async (): Promise<number> =>
    (await fetch(`${proxy.url}/readyz`, { headers: { authorization: `Bearer ${proxy.serviceToken}` } })).status;

  it('skips a TSA after failures in a row and takes it back after one success', async () => {
    const query = await opensslQuery(proxy, '-cert');
    proxy.first.faults.tsa = 'rejection';
    for (let i = 0; i < 4; i++) expect((await postQuery(proxy, query)).status).toBe(200);
    expect(proxy.first.counts.tsa).toBe(2);
    clearFaults(proxy.first);
    await new Promise((resolve) => setTimeout(resolve, 350));
    for (let i = 0; i < 3; i++) expect((await postQuery(proxy, query)).status).toBe(200);
    expect(proxy.first.counts.tsa).toBe(5);
    expect(proxy.second.counts.tsa).toBe(4);
  });

  it('is ready while one TSA is left, and unready when all are being skipped', async () => {
    const query = await opensslQuery(proxy, '-cert');
    proxy.first.faults.tsa = 'rejection';
    await postQuery(proxy, query);
    await postQuery(proxy, query);
    expect(await ready()).toBe(200);
    proxy.second.faults.tsa = 'rejection';
    await postQuery(proxy, query);
    await postQuery(proxy, query);
    expect(await ready()).toBe(503);
    const problem = (await (await postQuery(proxy, query)).json()) as Problem;
    expect(problem.found).toContain('second: skipped after failures');
  });
});

describe('the rules for URLs', () => {
  it('keeps the proxy from a TSA on a private address that no rule allows', async () => {
    const proxy = await startProxy({ settings: { fetchAllowHosts: '' } });
    try {
      const problem = (await (await postQuery(proxy, await opensslQuery(proxy, '-cert'))).json()) as Problem;
      expect(problem.code).toBe('TSA_UNAVAILABLE');
      expect(problem.found).toContain('outside the allow rules');
      expect(proxy.first.counts.tsa + proxy.second.counts.tsa).toBe(0);
    } finally {
      await proxy.close();
    }
  });
});
