import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ApiClientRecord } from '@kyso/contracts';
import { MemoryStore } from '../../test/memory-store.js';
import { parseApiKey, type PresentedKey } from './api-key.js';
import { ClientRegistry } from './client-registry.js';

const keyText = `kyso_portal_${'k'.repeat(43)}`;
const record: ApiClientRecord = {
  clientId: 'portal',
  name: 'Portal',
  keySha256: createHash('sha256').update(keyText).digest('hex'),
  scopes: ['sign'],
  credentials: {},
  enabled: true,
};

function key(text: string): PresentedKey {
  const parsed = parseApiKey(text);
  if (parsed === undefined) throw new Error('no key');
  return parsed;
}

describe('ClientRegistry', () => {
  let store: MemoryStore;
  let registry: ClientRegistry;
  beforeEach(() => {
    store = new MemoryStore();
    registry = new ClientRegistry(store, 60_000);
  });

  it('knows the client whose key it is', async () => {
    store.putJson('clients/portal.json', record);
    await expect(registry.identify(key(keyText))).resolves.toMatchObject({ clientId: 'portal' });
  });

  it('refuses a wrong secret, an unknown client and a disabled one', async () => {
    store.putJson('clients/portal.json', record);
    store.putJson('clients/old.json', {
      ...record,
      clientId: 'old',
      enabled: false,
      keySha256: createHash('sha256').update(keyText.replace('portal', 'old')).digest('hex'),
    });
    await expect(registry.identify(key(`kyso_portal_${'x'.repeat(43)}`))).resolves.toBeUndefined();
    await expect(registry.identify(key(`kyso_nobody_${'k'.repeat(43)}`))).resolves.toBeUndefined();
    await expect(registry.identify(key(keyText.replace('portal', 'old')))).resolves.toBeUndefined();
  });

  it('does not ask the store again for clients that do not exist', async () => {
    await registry.identify(key(`kyso_nobody_${'k'.repeat(43)}`));
    await registry.identify(key(`kyso_nobody_${'j'.repeat(43)}`));
    expect(store.reads).toEqual(['clients/nobody.json']);
  });

  it('does not take an outage for a wrong key', async () => {
    store.down = true;
    await expect(registry.identify(key(keyText))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
