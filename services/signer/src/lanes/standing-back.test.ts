import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openStore, type ObjectStore } from '@kyso/storage';
import type { DigestRequest } from '../hsm/digest-signer.js';
import type { SigningPorts } from '../signing-ports.js';
import { standingBack } from './standing-back.js';

const request: DigestRequest = {
  token: 'leader',
  keyId: '01',
  scheme: 'rsa-pkcs1',
  digestAlgorithm: 'sha256',
  digest: new Uint8Array(32),
};

function portsOf(store: ObjectStore): SigningPorts {
  const signer = { sign: () => Promise.resolve(Uint8Array.of(1)), replaceSessions: () => Promise.resolve() };
  return { store, signer } as unknown as SigningPorts;
}

describe('the ports for documents of batches', () => {
  let folder: string;
  let store: ObjectStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-lanes-'));
    store = await openStore({ folder });
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('go on after each use of the store and of a key only when they may, and lose none', async () => {
    const bell = new EventEmitter();
    const may = once(bell, 'go').then(() => undefined);
    const ports = standingBack(portsOf(store), () => may);
    const done: string[] = [];
    const uses = [
      ports.store.create('a', Buffer.from('1')).then(() => done.push('create')),
      ports.store.put('b', Buffer.from('2')).then(() => done.push('put')),
      ports.store.get('c').then(() => done.push('get')),
      ports.store.stat('c').then(() => done.push('stat')),
      ports.store.openRead('c').then(() => done.push('openRead')),
      (ports.store.openObject?.('c', 100) ?? Promise.reject(new Error('no'))).then(() => done.push('openObject')),
      (
        ports.store.createFrom?.('d', { base: 'x', baseBytes: 1, baseTag: 't', tail: [] }) ??
        Promise.reject(new Error('no'))
      ).then(() => done.push('from')),
      ports.store.delete('c').then(() => done.push('delete')),
      ports.signer.sign(request).then(() => done.push('sign')),
    ];
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(done).toEqual([]);
    bell.emit('go');
    await Promise.all(uses);
    expect(done).toHaveLength(uses.length);
    expect(Buffer.from((await store.get('a')) ?? []).toString()).toBe('1');
    expect(Buffer.from((await store.get('b')) ?? []).toString()).toBe('2');
  });

  it('stand back also after a use that failed, and pass on what it says', async () => {
    let asked = 0;
    const ports = standingBack(portsOf(store), async () => void (asked += 1));
    await expect(ports.store.get('../a')).rejects.toThrow('key');
    expect(asked).toBe(1);
  });

  it('offer only what the store can do', async () => {
    const plain = { get: (key: string) => store.get(key) } as unknown as ObjectStore;
    const ports = standingBack(portsOf(plain), () => Promise.resolve());
    for (const name of ['openObject', 'createFrom']) expect(Reflect.get(ports.store, name)).toBeUndefined();
    for (const name of ['openObject', 'createFrom']) {
      expect(typeof Reflect.get(standingBack(portsOf(store), () => Promise.resolve()).store, name)).toBe('function');
    }
    expect(await ports.store.get('absent')).toBeUndefined();
  });
});
