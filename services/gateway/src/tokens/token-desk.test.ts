import { beforeEach, describe, expect, it } from '@jest/globals';
import { objectKeys, type Quarantine, type TokenReport } from '@kyso/contracts';
import { MemoryStore } from '../../test/memory-store.js';
import { TokenDesk } from './token-desk.js';

const seen = '2026-11-23T03:00:00.000Z';
const quarantine: Quarantine = { token: 'desk', reason: 'PIN_INCORRECT', signerId: 's1', at: seen };

describe('TokenDesk', () => {
  let store: MemoryStore;
  let reports: TokenReport[];
  let desk: TokenDesk;
  beforeEach(() => {
    store = new MemoryStore();
    reports = [{ token: 'desk', signerId: 's1', state: 'ready', atMs: 0 }];
    desk = new TokenDesk({
      store,
      states: {
        reports: async (token) => reports.filter((report) => report.token === token),
        names: async () => ['desk', 'never-read', '../evil'],
      },
      now: () => new Date('2026-11-23T04:00:00Z'),
    });
  });
  const lift = (at: string, liftedBy = 'operator'): Promise<void> =>
    desk.lift('desk', { at, liftedBy, requestId: 'req_1' });
  const isQuarantined = (): boolean => store.objects.has(objectKeys.quarantine('desk'));

  it('lists the tokens that signers have, also those that nobody could read, and those that only the store knows', async () => {
    store.putJson(objectKeys.quarantine('old'), { ...quarantine, token: 'old' });
    expect((await desk.list()).map(({ token, state }) => [token, state])).toEqual([
      ['desk', 'ready'],
      ['never-read', 'unknown'],
      ['old', 'quarantined'],
    ]);
  });

  it('shows a quarantine before any signer has noticed it', async () => {
    store.putJson(objectKeys.quarantine('desk'), quarantine);
    expect(await desk.show('desk')).toMatchObject({ state: 'quarantined', quarantine });
  });

  it('says that a token is not known', async () => {
    await expect(desk.show('elsewhere')).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
    await expect(desk.show('never-read')).resolves.toMatchObject({ state: 'unknown' });
  });

  it('puts on record who lifts a quarantine before it is lifted', async () => {
    store.putJson(objectKeys.quarantine('desk'), quarantine);
    store.beforeWrite = (key) => {
      if (key.includes('/liftings/')) throw new Error('disk full');
    };
    await expect(lift(seen)).rejects.toThrow('disk full');
    expect(isQuarantined()).toBe(true);
    store.beforeWrite = () => undefined;
    await lift(seen);
    expect(isQuarantined()).toBe(false);
    expect(JSON.parse(String(store.objects.get(objectKeys.lifting('desk', seen))))).toEqual({
      quarantine,
      liftedBy: 'operator',
      liftedAt: '2026-11-23T04:00:00.000Z',
      requestId: 'req_1',
    });
  });

  it('does not lift the quarantine of a second wrong PIN for somebody who saw the first', async () => {
    store.putJson(objectKeys.quarantine('desk'), quarantine);
    await lift(seen);
    store.putJson(objectKeys.quarantine('desk'), { ...quarantine, at: '2026-11-23T04:00:03.000Z' });
    await expect(lift(seen)).rejects.toMatchObject({ code: 'QUARANTINE_CHANGED' });
    expect(isQuarantined()).toBe(true);
  });

  it('does nothing when it is asked twice, and refuses to lift what never was', async () => {
    store.putJson(objectKeys.quarantine('desk'), quarantine);
    await lift(seen);
    await expect(lift(seen, 'other')).resolves.toBeUndefined();
    await expect(lift('2026-11-23T05:00:00Z')).rejects.toMatchObject({ code: 'QUARANTINE_CHANGED' });
    expect(JSON.parse(String(store.objects.get(objectKeys.lifting('desk', seen))))).toMatchObject({
      liftedBy: 'operator',
    });
  });

  it('finishes a lifting that a crash cut off', async () => {
    store.putJson(objectKeys.quarantine('desk'), quarantine);
    store.putJson(objectKeys.lifting('desk', seen), { quarantine, liftedBy: 'a', liftedAt: seen, requestId: 'req_0' });
    await lift(seen, 'b');
    expect(isQuarantined()).toBe(false);
  });
});
