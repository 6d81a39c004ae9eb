import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  objectKeys,
  tokenListSchema,
  tokenNamesKey,
  tokenReportKey,
  tokenSchema,
  type Quarantine,
  type TokenView,
} from '@kyso/contracts';
import { putJson } from '@kyso/storage';
import { Redis } from 'ioredis';
import { call } from './client.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

jest.setTimeout(90_000);

const at = '2026-11-23T03:00:00.000Z';
const quarantine: Quarantine = { token: 'token-a', reason: 'PIN_INCORRECT', signerId: 's1', at };

describe('tokens', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let redis: Redis;
  beforeAll(async () => {
    world = await makeWorld();
    gateway = await world.startGateway();
    redis = new Redis(world.redisUrl);
    redis.on('error', () => undefined);
  });
  afterAll(async () => {
    redis.disconnect();
    await world.close();
  });
  const key = (): { key: string | undefined } => ({ key: world.keys['portal'] });

  it('are listed with what signers say of them', async () => {
    await redis.sadd(tokenNamesKey, 'token-a');
    const report = { token: 'token-a', signerId: 's1', state: 'ready', atMs: Date.now() };
    await redis.hset(tokenReportKey('token-a'), 's1', JSON.stringify(report));
    const answer = await call(gateway.baseUrl, 'GET /v1/tokens', key());
    expect(answer.json(tokenListSchema).tokens).toMatchObject([
      { token: 'token-a', state: 'ready', signers: [{ signerId: 's1', state: 'ready' }] },
    ]);
  });

  it('are taken out of quarantine by naming it', async () => {
    await putJson(world.store, objectKeys.quarantine('token-a'), quarantine);
    const shown = await call(gateway.baseUrl, 'GET /v1/tokens/token-a', key());
    expect(shown.json(tokenSchema)).toMatchObject({ state: 'quarantined', quarantine });
    const path = '/v1/tokens/token-a/quarantine';
    expect((await call(gateway.baseUrl, `DELETE ${path}`, key())).problem().code).toBe('REQUEST_INVALID');
    const wrong = await call(gateway.baseUrl, `DELETE ${path}?at=2026-11-23T02:00:00Z`, key());
    expect([wrong.status, wrong.problem().code]).toEqual([409, 'QUARANTINE_CHANGED']);
    const lifted = await call(gateway.baseUrl, `DELETE ${path}?at=${at}&actor=ops-1`, key());
    expect([lifted.status, lifted.text]).toEqual([204, '']);
    expect(await world.store.get(objectKeys.quarantine('token-a'))).toBeUndefined();
    const record = await world.store.get(objectKeys.lifting('token-a', at));
    expect(JSON.parse(Buffer.from(record ?? []).toString())).toMatchObject({ liftedBy: 'portal/ops-1' });
  });

  it('are put into quarantine by an operator; the reason that was there first stays', async () => {
    const post = async (reason: string): Promise<TokenView> =>
      (
        await call(gateway.baseUrl, 'POST /v1/tokens/token-a/quarantine', {
          ...key(),
          json: { reason, actor: { id: 'ops-1' } },
        })
      ).json(tokenSchema);
    expect(await post('PIN_CHANGE')).toMatchObject({
      state: 'quarantined',
      quarantine: { reason: 'PIN_CHANGE', signerId: 'portal/ops-1' },
    });
    expect((await post('again')).quarantine?.reason).toBe('PIN_CHANGE');
    const nobodys = { ...key(), json: { reason: 'x' } };
    expect((await call(gateway.baseUrl, 'POST /v1/tokens/nobodys/quarantine', nobodys)).problem().code).toBe(
      'TOKEN_UNKNOWN',
    );
    expect(await world.store.get(objectKeys.quarantine('nobodys'))).toBeUndefined();
  });

  const says = (state: string): Promise<unknown> =>
    redis.hset(
      tokenReportKey('token-b'),
      's1',
      JSON.stringify({ token: 'token-b', signerId: 's1', state, atMs: Date.now() }),
    );

  it('are taken out of use for maintenance and put back, with the names of who did so', async () => {
    const post = (path: string, json: unknown): ReturnType<typeof call> =>
      call(gateway.baseUrl, `POST /v1/tokens/token-b/${path}`, { ...key(), json });
    await says('ready');
    expect((await post('drain', {})).problem().code).toBe('REQUEST_INVALID');
    const drained = (await post('drain', { reason: 'new reader', actor: { id: 'ops-1' } })).json(tokenSchema);
    expect(drained).toMatchObject({ state: 'draining', drain: { reason: 'new reader', drainedBy: 'portal/ops-1' } });
    await says('drained');
    const shown = (await call(gateway.baseUrl, 'GET /v1/tokens/token-b', key())).json(tokenSchema);
    expect(shown.state).toBe('drained');
    const wrong = await post('resume', { at });
    expect([wrong.status, wrong.problem().code]).toEqual([409, 'DRAIN_CHANGED']);
    const since = drained.drain?.at ?? '';
    const resumed = (await post('resume', { at: since, actor: { id: 'ops-2' } })).json(tokenSchema);
    expect(resumed.drain).toBeUndefined();
    const record = await world.store.get(objectKeys.resumption('token-b', since));
    expect(JSON.parse(Buffer.from(record ?? []).toString())).toMatchObject({
      resumedBy: 'portal/ops-2',
      drain: { drainedBy: 'portal/ops-1' },
    });
    expect(
      (await call(gateway.baseUrl, 'POST /v1/tokens/nobodys/drain', { ...key(), json: { reason: 'x' } })).problem()
        .code,
    ).toBe('TOKEN_UNKNOWN');
  });

  it('are for operators only, and a name that is a path is none', async () => {
    const answer = await call(gateway.baseUrl, 'GET /v1/tokens', { key: world.keys['verifier'] });
    expect(answer.problem()).toMatchObject({ code: 'FORBIDDEN', expected: 'scope operate' });
    const odd = await call(gateway.baseUrl, `DELETE /v1/tokens/..%2Fclients/quarantine?at=${at}`, key());
    expect(odd.problem().code).toBe('REQUEST_INVALID');
    expect((await call(gateway.baseUrl, 'GET /v1/tokens/nobodys', key())).problem().code).toBe('TOKEN_UNKNOWN');
  });
});
