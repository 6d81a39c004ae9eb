import { parseCertificatesPem } from '@kyso/cms';
import { objectKeys, type CredentialRecord } from '@kyso/contracts';
import { makeSoftwareSigners } from '@kyso/sandbox';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { StoredCredentials } from '../src/credentials/stored-credentials.js';
import { MemoryStore } from './memory-store.js';

describe('credentials of the store', () => {
  let record: CredentialRecord;
  let store: MemoryStore;
  let nowMs: number;
  let credentials: StoredCredentials;

  const write = (): Promise<void> => store.put(objectKeys.credential('leader'), Buffer.from(JSON.stringify(record)));
  const enabled = async (): Promise<boolean> => (await credentials.get('leader')).record.enabled;

  beforeEach(async () => {
    nowMs = Date.now();
    const { anchorPem, signers } = await makeSoftwareSigners(['Nguyễn Văn An']);
    record = {
      credentialId: 'leader',
      kind: 'person',
      token: 'leader',
      keyId: '01',
      scheme: 'rsa-pkcs1',
      digestAlgorithm: 'sha256',
      certificatesPem: signers[0]?.certificatePem ?? '',
      enabled: true,
    };
    store = new MemoryStore();
    await write();
    credentials = new StoredCredentials({
      store,
      trustAnchors: parseCertificatesPem(anchorPem),
      now: () => new Date(nowMs),
      rereadAfterMs: 5_000,
    });
    await enabled();
    record = { ...record, enabled: false };
    await write();
  });

  it('are kept for a while and then read again', async () => {
    nowMs += 4_999;
    expect(await enabled()).toBe(true);
    nowMs += 1;
    expect(await enabled()).toBe(false);
  });

  it('are read again when the clock was put back, so that one that was disabled does not sign for hours', async () => {
    nowMs -= 3_600_000;
    expect(await enabled()).toBe(false);
  });
});
