import { beforeEach, describe, expect, it } from '@jest/globals';
import { objectKeys, SigningError, type CredentialRecord } from '@kyso/contracts';
import { MemoryStore } from '../../test/memory-store.js';
import { CredentialBook, type Edit } from './credential-book.js';

const record: CredentialRecord = {
  credentialId: 'seal',
  kind: 'organisation',
  token: 'token-a',
  keyId: '01',
  scheme: 'ecdsa',
  digestAlgorithm: 'sha256',
  certificatesPem: 'PEM',
  enabled: true,
};
const origin = { by: 'admin', requestId: 'req_1' };
const off: Edit = { change: 'disabled', apply: (before) => (before.enabled ? { ...before, enabled: false } : before) };
const owned = (owner: string): Edit => ({ change: 'settings', apply: (before) => ({ ...before, owner }) });

describe('CredentialBook', () => {
  let store: MemoryStore;
  let book: CredentialBook;
  beforeEach(() => {
    store = new MemoryStore();
    book = new CredentialBook(store, () => new Date('2026-11-23T03:00:00Z'));
  });
  const stored = (): CredentialRecord =>
    JSON.parse(String(store.objects.get(objectKeys.credential('seal')))) as CredentialRecord;
  const crashBefore = (key: string): void => {
    store.beforeWrite = (written) => {
      if (written === key) throw new SigningError('STORE_UNAVAILABLE');
    };
  };

  it('changes nothing of which there is no record', async () => {
    await book.enrol(record, origin);
    crashBefore(objectKeys.credentialChange('seal', 2));
    await expect(book.change('seal', off, origin)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(stored().enabled).toBe(true);
  });

  it('completes what a crash cut off between the record of a change and the credential', async () => {
    await book.enrol(record, origin);
    crashBefore(objectKeys.credential('seal'));
    await expect(book.change('seal', off, origin)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(stored().enabled).toBe(true);
    store.beforeWrite = () => undefined;
    await book.change('seal', off, origin);
    expect(stored()).toMatchObject({ enabled: false, revision: 2 });
    expect((await book.changes('seal')).map(({ change }) => change)).toEqual(['enrolled', 'disabled']);
  });

  it('does not enrol twice, also after a crash of the first enrolment', async () => {
    crashBefore(objectKeys.credential('seal'));
    await expect(book.enrol(record, origin)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    store.beforeWrite = () => undefined;
    await expect(book.enrol({ ...record, token: 'other' }, origin)).rejects.toMatchObject({
      code: 'CREDENTIAL_EXISTS',
    });
    expect(stored().token).toBe('token-a');
    const other = new MemoryStore();
    const ends = await Promise.allSettled(
      [1, 2].map(() => new CredentialBook(other, () => new Date()).enrol(record, origin)),
    );
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('loses none of many changes at the same time', async () => {
    await book.enrol(record, origin);
    const owners = ['a', 'b', 'c', 'd'];
    await Promise.all([
      ...owners.map((owner) => book.change('seal', owned(owner), origin)),
      book.change('seal', off, origin),
    ]);
    expect(stored()).toMatchObject({ enabled: false, revision: 6 });
    const changes = await book.changes('seal');
    expect(changes.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new Set(changes.map(({ record: { owner } }) => owner))).toEqual(new Set([undefined, ...owners]));
  });

  it('lets one of two administrators change what both saw', async () => {
    await book.enrol(record, origin);
    const ends = await Promise.allSettled(
      ['a', 'b'].map((owner) => book.change('seal', { ...owned(owner), expectedRevision: 1 }, origin)),
    );
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'CREDENTIAL_CHANGED' } });
  });

  it('puts the newest record in place when a writer that was held up put an older one there', async () => {
    await book.enrol(record, origin);
    const held = stored();
    await book.change('seal', off, origin);
    store.putJson(objectKeys.credential('seal'), held);
    expect(await book.current('seal')).toMatchObject({ enabled: false });
    expect(stored().enabled).toBe(false);
  });
});
