import { beforeEach, describe, expect, it } from '@jest/globals';
import { objectKeys, type Quarantine, type TokenReport, type TokenView } from '@kyso/contracts';
import { MemoryStore } from '../../test/memory-store.js';
import { TokenDesk } from './token-desk.js';

const seen = '2026-11-23T03:00:00.000Z';
const quarantine: Quarantine = { token: 'desk', reason: 'PIN_INCORRECT', signerId: 's1', at: seen };

function putInventory(store: MemoryStore, token: string, keyIds: readonly string[], serves?: string): void {
  store.putJson(objectKeys.inventory(token), {
    token,
    ...(serves === undefined ? {} : { serves }),
    label: token,
    serial: '1',
    manufacturer: 'm',
    model: 'm',
    signerId: 's1',
    readAt: seen,
    keys: keyIds.map((keyId) => ({ keyId, privateKeySeen: true, certificatesPem: [] })),
    otherCertificatesPem: [],
  });
}

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

  describe('taking a token out of use', () => {
    const order = { reason: 'cable', drainedBy: 'operator', requestId: 'req_1' };
    const since = '2026-11-23T04:00:00.000Z';
    const resume = (at = since, resumedBy = 'operator'): Promise<TokenView> =>
      desk.resume('desk', { at, resumedBy, requestId: 'req_2' });

    it('shows it as drained only when every signer that was heard of says so', async () => {
      reports = ['s1', 's2'].map((signerId) => ({ token: 'desk', signerId, state: 'ready', atMs: 0 }));
      expect(await desk.drain('desk', order)).toMatchObject({ state: 'draining', drain: { ...order, at: since } });
      reports = [{ token: 'desk', signerId: 's1', state: 'drained', atMs: 0 }, ...reports.slice(1)];
      expect((await desk.show('desk')).state).toBe('draining');
      reports = reports.map((report) => ({ ...report, state: 'drained' }));
      expect((await desk.show('desk')).state).toBe('drained');
      reports = [];
      expect((await desk.show('desk')).state).toBe('unknown');
    });

    it('keeps the reason that came first, and refuses a token that nobody knows', async () => {
      await desk.drain('desk', order);
      expect((await desk.drain('desk', { ...order, reason: 'other' })).drain?.reason).toBe('cable');
      await expect(desk.drain('elsewhere', order)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
      expect(store.objects.has(objectKeys.drain('elsewhere'))).toBe(false);
    });

    it('puts on record who resumes it before it is in use', async () => {
      await desk.drain('desk', order);
      store.beforeWrite = (key) => {
        if (key.includes('/resumptions/')) throw new Error('disk full');
      };
      await expect(resume()).rejects.toThrow('disk full');
      expect(store.objects.has(objectKeys.drain('desk'))).toBe(true);
      store.beforeWrite = () => undefined;
      expect(await resume()).toMatchObject({ state: 'ready' });
      expect(await resume(since, 'other')).toMatchObject({ state: 'ready' });
      expect(JSON.parse(String(store.objects.get(objectKeys.resumption('desk', since))))).toEqual({
        drain: { token: 'desk', ...order, at: since },
        resumedBy: 'operator',
        resumedAt: since,
        requestId: 'req_2',
      });
    });

    it('does not put back what somebody else has drained since', async () => {
      await expect(resume()).rejects.toMatchObject({ code: 'DRAIN_CHANGED', found: 'in use' });
      await desk.drain('desk', order);
      await expect(resume('2026-11-23T03:00:00Z')).rejects.toMatchObject({ code: 'DRAIN_CHANGED' });
      expect(store.objects.has(objectKeys.drain('desk'))).toBe(true);
    });
  });

  describe('several tokens that serve one name', () => {
    it('have the keys of all of them, for whoever chooses one for a credential', async () => {
      putInventory(store, 'seal-1', ['01', '02'], 'seal');
      putInventory(store, 'seal-2', ['02', '03'], 'seal');
      putInventory(store, 'leader', ['04']);
      expect((await desk.servedInventory('seal'))?.keys.map(({ keyId }) => keyId)).toEqual(['01', '02', '03']);
      expect((await desk.servedInventory('leader'))?.keys.map(({ keyId }) => keyId)).toEqual(['04']);
      expect(await desk.servedInventory('seal-1')).toBeUndefined();
    });

    it('are shown each with the name that they serve', async () => {
      putInventory(store, 'seal-1', ['01'], 'seal');
      reports = [{ token: 'seal-2', serves: 'seal', signerId: 's1', state: 'ready', atMs: 0 }];
      expect((await desk.list()).map(({ token, serves }) => [token, serves])).toEqual([
        ['desk', 'desk'],
        ['never-read', 'never-read'],
        ['seal-1', 'seal'],
      ]);
      expect((await desk.show('seal-2')).serves).toBe('seal');
    });
  });
});
