import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { failureCodes, lineLabels, textCatalogueSchema, warningCodes } from '@kyso/contracts';
import { reasonCatalogue } from '@kyso/validation';
import { call } from './client.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

// The processes start on a machine that has other things to do.
jest.setTimeout(90_000);

describe('the texts', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  beforeAll(async () => {
    world = await makeWorld();
    gateway = await world.startGateway();
  });
  afterAll(() => world.close());

  const ask = (client: string, headers: Record<string, string> = {}): ReturnType<typeof call> =>
    call(gateway.baseUrl, 'GET /v1/texts', { key: world.keys[client], headers });

  it('are given to clients of any scope, and to nobody without a key', async () => {
    expect((await call(gateway.baseUrl, 'GET /v1/texts')).problem().code).toBe('UNAUTHENTICATED');
    const [portal, verifier] = await Promise.all([ask('portal'), ask('verifier')]);
    expect([portal.status, verifier.status]).toEqual([200, 200]);
    expect(portal.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(portal.bytes.equals(verifier.bytes)).toBe(true);
  });

  it('are those of the failures, the warnings, the reasons of a report and the labels on documents', async () => {
    const { groups } = (await ask('portal')).json(textCatalogueSchema);
    expect(groups['Role']?.['leader']).toEqual({ vi: 'Lãnh đạo', en: 'Leader' });
    expect(groups['Verdict']?.['valid']?.vi).toBe('Hợp lệ');
    for (const [group, table] of [
      ['FailureCode', failureCodes],
      ['WarningCode', warningCodes],
      ['ReasonCode', reasonCatalogue],
    ] as const) {
      const wanted = Object.entries(table).map(([code, { vi, en }]) => [code, { vi, en }]);
      expect(groups[group]).toEqual(Object.fromEntries(wanted));
    }
    expect(`${groups['TemplateLineKind']?.['signer']?.vi}: `).toBe(lineLabels.signer);
  });

  it('are kept by a portal, and not sent again while they are the same', async () => {
    const first = await ask('portal');
    expect(first.headers.get('cache-control')).toBe('private, max-age=3600');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
    const again = await ask('portal', { 'if-none-match': etag });
    expect([again.status, again.bytes.length, again.headers.get('etag')]).toEqual([304, 0, etag]);
    expect((await ask('portal', { 'if-none-match': '"another one"' })).status).toBe(200);
  });
});
