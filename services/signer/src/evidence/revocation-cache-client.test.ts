import type { Certificate } from '@kyso/cms';
import type { CertificateStatus, Evidence } from '@kyso/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { revocationCacheClient } from './revocation-cache-client.js';
import type { RevocationSource } from './revocation-source.js';

const certificate = (sha256: string): Certificate => ({ sha256, der: Buffer.from(sha256) }) as unknown as Certificate;
const chain = [certificate('a'.repeat(64)), certificate('b'.repeat(64))];

describe('the client of the revocation cache', () => {
  let server: Server;
  let asked: number;
  let status: Partial<CertificateStatus> & { httpStatus?: number };
  let nowMs: number;
  let source: RevocationSource;

  beforeEach(async () => {
    [asked, status, nowMs] = [0, { status: 'good' }, Date.parse('2026-11-22T00:00:00Z')];
    server = createServer((_request, response) => {
      asked++;
      const one = { certificateSha256: 'a'.repeat(64), status: 'good', source: 'ocsp', problems: [], ...status };
      const evidence = { statuses: [one], ocspResponses: [], crls: [], certificates: [] } as unknown as Evidence;
      response.writeHead(status.httpStatus ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(evidence));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    source = revocationCacheClient({
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      serviceToken: 'x'.repeat(32),
      timeoutMs: 2_000,
      rememberForMs: 30_000,
      now: () => new Date(nowMs),
    });
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const ask = (): Promise<Evidence> => source.evidenceFor(chain, { requestId: 'r' });

  it('asks once for many, remembers what is good, and asks again when that is old', async () => {
    await Promise.all([ask(), ask(), ask()]);
    await ask();
    expect(asked).toBe(1);
    nowMs += 30_001;
    await ask();
    expect(asked).toBe(2);
  });

  it('asks again when the clock was put back', async () => {
    await ask();
    nowMs -= 3_600_000;
    await ask();
    expect(asked).toBe(2);
  });

  it('remembers nothing beyond nextUpdate', async () => {
    status.nextUpdate = new Date(nowMs + 1_000).toISOString();
    await ask();
    nowMs += 1_001;
    await ask();
    expect(asked).toBe(2);
  });

  it.each(['revoked', 'unknown'] as const)('does not remember a status that is %s', async (found) => {
    status.status = found;
    expect((await ask()).statuses[0]?.status).toBe(found);
    await ask();
    expect(asked).toBe(2);
  });

  it('says REVOCATION_UNAVAILABLE for any failure of the service, and asks again the next time', async () => {
    status.httpStatus = 500;
    await expect(ask()).rejects.toMatchObject({ code: 'REVOCATION_UNAVAILABLE' });
    delete status.httpStatus;
    expect((await ask()).statuses).toHaveLength(1);
  });

  it('asks nobody for a certificate that is its own anchor', async () => {
    expect(await source.evidenceFor(chain.slice(0, 1), { requestId: 'r' })).toMatchObject({ statuses: [] });
    expect(asked).toBe(0);
  });
});
