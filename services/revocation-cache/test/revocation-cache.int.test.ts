import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Evidence, Problem } from '@kyso/contracts';
import { startSandboxServer } from '@kyso/sandbox';
import { makeSandbox, openssl, startCache, type CacheUnderTest, type SandboxFolder } from './cache-under-test.js';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

const sources = (evidence: Evidence): string[] => evidence.statuses.map((one) => `${one.status} by ${one.source}`);

describe('the revocation cache before a real responder and real CRLs', () => {
  let folder: SandboxFolder;
  let cache: CacheUnderTest;
  beforeAll(async () => {
    folder = await makeSandbox();
  }, 60_000);
  afterAll(() => folder.remove());
  beforeEach(async () => {
    cache = await startCache(folder);
  });
  afterEach(() => cache.close());

  it('proves a chain by OCSP for the signer and a CRL for its CA, as openssl finds too', async () => {
    const evidence = await cache.ask(folder.chainOf('leader'));
    expect(sources(evidence)).toEqual(['good by ocsp', 'good by crl']);
    expect(evidence.statuses.flatMap((one) => one.problems)).toEqual([]);
    expect([evidence.ocspResponses.length, evidence.crls.length, evidence.certificates.length]).toEqual([1, 1, 1]);

    const [leaf, ca, root] = folder.chainOf('leader').map((base64) => Buffer.from(base64, 'base64'));
    const names = ['leaf', 'ca', 'root'].map((name) => folder.file(`${name}.pem`));
    for (const [i, der] of [leaf, ca, root].entries()) {
      await writeFile(folder.file('one.der'), der ?? '');
      await openssl('x509', '-inform', 'DER', '-in', folder.file('one.der'), '-out', names[i] ?? '');
    }
    const [leafPem = '', caPem = '', rootPem = ''] = names;
    await writeFile(folder.file('ocsp.der'), Buffer.from(evidence.ocspResponses[0] ?? '', 'base64'));
    const about = ['-issuer', caPem, '-cert', leafPem, '-CAfile', rootPem, '-no_nonce'];
    const ocsp = await openssl('ocsp', '-respin', folder.file('ocsp.der'), ...about);
    expect(ocsp.text).toContain('Response verify OK');
    expect(ocsp.text).toContain('leaf.pem: good');
    await writeFile(folder.file('crl.der'), Buffer.from(evidence.crls[0] ?? '', 'base64'));
    await openssl('crl', '-inform', 'DER', '-in', folder.file('crl.der'), '-out', folder.file('crl.pem'));
    const crl = ['-crl_check', '-CAfile', rootPem, '-CRLfile', folder.file('crl.pem'), caPem];
    expect(await openssl('verify', ...crl)).toMatchObject({ code: 0 });
  });

  it('proves a TSA whose CA has no responder by CRL alone', async () => {
    expect(sources(await cache.ask(await folder.tsaChain()))).toEqual(['good by crl']);
    expect(cache.server.counts.ocsp).toBe(0);
  });

  it('answers the same chain again without asking anybody, and other chains of the CA with its CRL in hand', async () => {
    await cache.ask(folder.chainOf('leader'));
    const before = { ...cache.server.counts };
    const first = await cache.ask(folder.chainOf('leader'));
    expect(sources(first)).toEqual(['good by ocsp', 'good by crl']);
    expect(cache.server.counts).toEqual(before);
    await cache.ask(folder.chainOf('clerk'));
    expect(cache.server.counts).toEqual({ ...before, ocsp: before.ocsp + 1 });
  });

  it('fetches once for fifty askers at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => cache.ask(folder.chainOf('leader'))));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(cache.server.counts).toMatchObject({ ocsp: 1, crl: 1 });
  });

  it('keeps evidence until it is due, renews it in the background, and never gives it after nextUpdate', async () => {
    const first = await cache.ask(folder.chainOf('leader'));
    cache.clock.pass(0.8 * hourMs);
    const kept = await cache.ask(folder.chainOf('leader'));
    expect(kept.statuses[0]?.thisUpdate).toBe(first.statuses[0]?.thisUpdate);
    await until(() => cache.server.counts.ocsp === 2);
    await until(
      async () => (await cache.ask(folder.chainOf('leader'))).statuses[0]?.thisUpdate !== first.statuses[0]?.thisUpdate,
    );
    cache.clock.pass(2 * dayMs);
    const { ocsp, crl } = cache.server.counts;
    const late = await cache.ask(folder.chainOf('leader'));
    for (const status of late.statuses) expect(new Date(status.nextUpdate ?? 0) > cache.clock.now()).toBe(true);
    expect(cache.server.counts.ocsp).toBe(ocsp + 1);
    expect(cache.server.counts.crl).toBe(crl + 1);
  });

  it('goes on using what it has while the sources are down, until nextUpdate and not longer', async () => {
    const first = await cache.ask(folder.chainOf('leader'));
    Object.assign(cache.server.faults, { ocsp: 'down', crl: 'down' });
    cache.clock.pass(0.9 * hourMs);
    for (let i = 0; i < 3; i++)
      expect((await cache.ask(folder.chainOf('leader'))).ocspResponses).toEqual(first.ocspResponses);
    cache.clock.pass(2 * dayMs);
    expect(sources(await cache.ask(folder.chainOf('leader')))).toEqual(['unknown by none', 'unknown by none']);
  });

  it.each([
    ['down', 'socket hang up|ECONNRESET'],
    ['unknown', 'STATUS: expected good or revoked, found unknown'],
    ['garbage', 'MALFORMED'],
    ['try-later', 'STATUS: .*tryLater'],
    ['unauthorised-responder', 'RESPONDER'],
    ['bad-signature', 'SIGNATURE_WRONG'],
    ['wrong-serial', 'RESPONDER'],
    ['stale', 'STALE'],
  ] as const)('finds the fault %s of the responder, says so, and takes the CRL', async (fault, reason) => {
    cache.server.faults.ocsp = fault;
    const evidence = await cache.ask(folder.chainOf('leader'));
    expect(sources(evidence)).toEqual(['good by crl', 'good by crl']);
    expect(evidence.ocspResponses).toEqual([]);
    expect(evidence.crls).toHaveLength(2);
    expect(evidence.statuses[0]?.problems).toHaveLength(1);
    expect(evidence.statuses[0]?.problems[0]).toMatch(new RegExp(`^ocsp http://127.0.0.1:\\d+/ocsp: .*(${reason})`));
  });

  it('does not wait for a slow responder longer than for the hedge', async () => {
    await cache.close();
    cache = await startCache(folder, { fetchTimeoutMs: 120_000 });
    Object.assign(cache.server.faults, { ocsp: 'slow', slowMs: 600_000 });
    const startedMs = performance.now();
    const evidence = await cache.ask(folder.chainOf('leader'));
    expect(sources(evidence)).toEqual(['good by crl', 'good by crl']);
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    expect(evidence.statuses[0]?.problems[0]).toContain('no answer yet');
  });

  it.each([
    ['down', 'socket hang up|ECONNRESET'],
    ['slow', 'expected an answer in'],
    ['garbage', 'MALFORMED'],
    ['bad-signature', 'SIGNATURE_WRONG'],
    ['stale', 'STALE'],
  ] as const)(
    'says unknown, with every source, when OCSP is down and CRLs are %s; and recovers',
    async (fault, reason) => {
      Object.assign(cache.server.faults, { ocsp: 'down', crl: fault, slowMs: 5_000 });
      const evidence = await cache.ask(folder.chainOf('leader'));
      expect(sources(evidence)).toEqual(['unknown by none', 'unknown by none']);
      expect(evidence.statuses[0]?.problems).toHaveLength(2);
      expect(evidence.statuses[0]?.problems[1]).toMatch(new RegExp(`^crl http:.*/crl/issuing-ca.crl: .*(${reason})`));
      expect(evidence.crls).toEqual([]);

      const { ocsp } = cache.server.counts;
      await cache.ask(folder.chainOf('leader'));
      expect(cache.server.counts.ocsp).toBe(ocsp);
      for (const key of ['ocsp', 'crl'] as const) delete cache.server.faults[key];
      cache.clock.pass(10_001);
      expect(sources(await cache.ask(folder.chainOf('leader')))).toEqual(['good by ocsp', 'good by crl']);
    },
  );

  it('says revoked, with the time, by OCSP and by CRL', async () => {
    const at = new Date(Math.floor(Date.now() / 1_000) * 1_000 - dayMs);
    cache.server.revoke('leader', at);
    const byOcsp = await cache.ask(folder.chainOf('leader'));
    expect(byOcsp.statuses[0]).toMatchObject({ status: 'revoked', source: 'ocsp', revokedAt: at.toISOString() });
    cache.server.faults.ocsp = 'down';
    cache.clock.pass(2 * hourMs);
    const byCrl = await cache.ask(folder.chainOf('leader'));
    expect(byCrl.statuses[0]).toMatchObject({ status: 'revoked', source: 'crl', revokedAt: at.toISOString() });
    cache.server.revoke('issuing-ca', at);
    cache.clock.pass(2 * dayMs);
    expect((await cache.ask(folder.chainOf('clerk'))).statuses[1]).toMatchObject({ status: 'revoked', source: 'crl' });
  });

  it('looks again for evidence that is older than asked for, and tells of a revocation in between', async () => {
    await cache.ask(folder.chainOf('leader'));
    cache.clock.pass(60_000);
    cache.server.revoke('leader');
    expect((await cache.ask(folder.chainOf('leader'))).statuses[0]?.status).toBe('good');
    const fresh = await cache.ask(folder.chainOf('leader'), cache.clock.now());
    expect(fresh.statuses[0]?.status).toBe('revoked');
  });

  it('does not let notOlderThan drive more than one question in two seconds', async () => {
    for (let i = 0; i < 10; i++) await cache.ask(folder.chainOf('leader'), new Date(Date.now() + dayMs));
    expect(cache.server.counts.ocsp).toBeLessThanOrEqual(2);
  });

  it('refuses what is not a chain, and callers without the service token', async () => {
    const [leaf = '', ca = '', root = ''] = folder.chainOf('leader');
    for (const chain of [
      [leaf],
      [leaf, root],
      [ca, leaf],
      [leaf, Buffer.from('3000', 'hex').toString('base64')],
      ['%', ca],
    ]) {
      const response = await cache.post({ chain });
      expect(response.status).toBe(400);
      expect(await codeOf(response)).toBe('REQUEST_INVALID');
    }
    expect((await cache.post({ chain: [leaf, ca, root] }, 'x'.repeat(40))).status).toBe(401);
    expect(cache.server.counts).toMatchObject({ ocsp: 0, crl: 0 });
  });
});

describe('the sources of the revocation cache', () => {
  let folder: SandboxFolder;
  beforeAll(async () => {
    folder = await makeSandbox();
  }, 60_000);
  afterAll(() => folder.remove());

  it('asks no address that the rules forbid, and says so', async () => {
    const cache = await startCache(folder, { fetchAllowHosts: '' });
    try {
      const { statuses } = await cache.ask(folder.chainOf('leader'));
      expect(statuses[0]?.problems.join(' ')).toContain('outside the allow rules');
      expect(cache.server.counts).toMatchObject({ ocsp: 0, crl: 0 });
    } finally {
      await cache.close();
    }
  });

  it('takes a configured CRL when what the certificate names is down, by the rewrite map', async () => {
    const mirror = await startSandboxServer(folder.sandbox, { port: 0 });
    const mirrorHost = new URL(mirror.baseUrl).host;
    const cache = await startCache(folder, {
      extraCrlUrls: 'http://crl.internal/crl/tsa-root.crl, http://crl.internal/crl/issuing-ca.crl',
      fetchRewriteHosts: `crl.internal=${mirrorHost}`,
      fetchAllowHosts: `${new URL(folder.sandbox.publicBaseUrl).host},${mirrorHost}`,
    });
    try {
      Object.assign(cache.server.faults, { ocsp: 'down', crl: 'down' });
      const { statuses } = await cache.ask(folder.chainOf('leader'));
      expect(statuses[0]).toMatchObject({ status: 'good', source: 'crl' });
      expect(statuses[0]?.problems).toHaveLength(3);
      expect(statuses[0]?.problems[2]).toMatch(/tsa-root.crl: RESPONDER/);
      expect(mirror.counts.crl).toBeGreaterThanOrEqual(2);
    } finally {
      await cache.close();
      await mirror.close();
    }
  });

  it('renews what was used lately before its nextUpdate, without being asked', async () => {
    const cache = await startCache(folder, { refreshAfterMs: 1_000 });
    try {
      await cache.ask(folder.chainOf('leader'));
      cache.clock.pass(2_000);
      await until(() => cache.server.counts.ocsp === 2, 12_000);
    } finally {
      await cache.close();
    }
  }, 20_000);

  it('counts warm answers and fetches', async () => {
    const cache = await startCache(folder);
    try {
      await cache.ask(folder.chainOf('leader'));
      await cache.ask(folder.chainOf('leader'));
      const metrics = await cache.metrics();
      expect(metrics).toMatch(/kyso_revocation_answers_total\{.*result="warm".*\} 1\n/);
      expect(metrics).toMatch(/kyso_revocation_answers_total\{.*result="collected".*\} 1\n/);
      expect(metrics).toMatch(
        /kyso_revocation_fetch_duration_seconds_count\{.*kind="ocsp".*outcome="answered".*\} 1\n/,
      );
      expect(metrics).toMatch(/kyso_revocation_cache_entries\{.*cache="proofs".*\} 2\n/);
    } finally {
      await cache.close();
    }
  });
});

/** Waits for something that happens in the background. */
async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 5_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`expected it within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as Problem).code;
}
