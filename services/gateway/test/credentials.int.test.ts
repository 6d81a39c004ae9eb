import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { servedReportsKey, credentialListSchema, type Credential } from '@kyso/contracts';
import { Redis } from 'ioredis';
import { call } from './client.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

// Each test may start processes of its own, on a machine that has other things to do.
jest.setTimeout(90_000);

describe('credentials', () => {
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

  async function list(client: string): Promise<Credential[]> {
    const answer = await call(gateway.baseUrl, 'GET /v1/credentials', { key: world.keys[client] });
    expect(answer.status).toBe(200);
    return answer.json(credentialListSchema).credentials;
  }
  async function leaderState(): Promise<string | undefined> {
    return (await list('portal')).find(({ credentialId }) => credentialId === 'leader')?.tokenState;
  }
  const report = (token: string, signerId: string, state: string, ageMs = 0): Promise<unknown> =>
    redis.hset(
      servedReportsKey(token),
      `${signerId} ${token}`,
      JSON.stringify({ token, signerId, state, atMs: Date.now() - ageMs }),
    );

  it('are those that the client may use, with their certificates', async () => {
    const credentials = await list('portal');
    expect(credentials.map(({ credentialId }) => credentialId)).toEqual([
      'ca-only',
      'expired',
      'future',
      'leader',
      'off',
      'seal',
    ]);
    expect(credentials.find(({ credentialId }) => credentialId === 'leader')).toMatchObject({
      kind: 'person',
      roles: ['leader'],
      subjectName: 'Nguyễn Văn An',
      subject: expect.stringContaining('O=UBND tỉnh Hưng Yên'),
      notBefore: '2020-01-01T00:00:00.000Z',
      notAfter: '2049-01-01T00:00:00.000Z',
      key: 'EC-P-256',
      scheme: 'ecdsa',
      enabled: true,
      token: 'token-a',
    });
    expect(credentials.find(({ credentialId }) => credentialId === 'off')?.enabled).toBe(false);
    expect(await list('other')).toEqual([]);
  });

  const page = async (query: string): Promise<[string[], string | undefined]> => {
    const answer = await call(gateway.baseUrl, `GET /v1/credentials?${query}`, { key: world.keys['portal'] });
    const { credentials, next } = answer.json(credentialListSchema);
    return [credentials.map(({ credentialId }) => credentialId), next];
  };

  it('come in pages', async () => {
    expect(await page('limit=4')).toEqual([['ca-only', 'expired', 'future', 'leader'], 'leader']);
    expect(await page('limit=4&after=leader')).toEqual([['off', 'seal'], undefined]);
    expect(await page('after=zzz')).toEqual([[], undefined]);
  });

  it('say whether a signer can reach the token', async () => {
    expect(await leaderState()).toBe('unknown');
    await report('token-a', 's1', 'absent');
    expect(await leaderState()).toBe('absent');
    await report('token-a', 's2', 'ready');
    expect(await leaderState()).toBe('ready');
    await report('token-a', 's2', 'ready', 60_000);
    expect(await leaderState()).toBe('absent');
    await redis.hset(servedReportsKey('token-a'), 's3', 'not JSON');
    expect(await leaderState()).toBe('absent');
  });

  it('can be listed while Redis is away', async () => {
    await world.redis.stop('SIGKILL');
    expect((await list('portal')).map(({ tokenState }) => tokenState)).toEqual(Array(6).fill('unknown'));
  });
});
