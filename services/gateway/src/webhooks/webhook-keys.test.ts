import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openWebhookSigner, readWebhookKeys } from './webhook-keys.js';

const pem = (type: 'ed25519' | 'x25519' = 'ed25519'): string =>
  String(
    (type === 'ed25519' ? generateKeyPairSync(type) : generateKeyPairSync(type)).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    }),
  );

describe('the keys of webhooks', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-webhook-keys-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  async function file(text: string, mode = 0o600): Promise<string> {
    const path = join(folder, `${Math.random()}.pem`);
    await writeFile(path, text, { mode });
    return path;
  }

  it('sign with every key of the file, and are shown without their private part', async () => {
    const signer = await readWebhookKeys(await file(pem() + pem()));
    expect(signer.publicKeys.keys).toHaveLength(2);
    expect(Object.keys(signer.publicKeys.keys[0]!).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    const headers = signer.headersOf({ eventId: 'evt_1', payload: '{"ký":1}', at: new Date(1_700_000_000_999) });
    expect(headers).toMatchObject({ 'webhook-id': 'evt_1', 'webhook-timestamp': '1700000000' });
    const signatures = headers['webhook-signature']?.split(' ') ?? [];
    for (const [index, { kty, crv, x }] of signer.publicKeys.keys.entries()) {
      const key = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
      const signature = Buffer.from(signatures[index]?.replace('v1a,', '') ?? '', 'base64');
      expect(verify(null, Buffer.from('evt_1.1700000000.{"ký":1}'), key, signature)).toBe(true);
    }
  });

  it('refuses other keys, none, too many, and a file that others may read, without quoting it', async () => {
    const other = await file(pem('x25519'));
    await expect(readWebhookKeys(other)).rejects.toThrow('expected an Ed25519 key, found x25519');
    await expect(readWebhookKeys(await file('secret'))).rejects.toThrow('found 0');
    await expect(readWebhookKeys(await file(pem().repeat(4)))).rejects.toThrow('found 4');
    await expect(readWebhookKeys(await file(pem(), 0o644))).rejects.toThrow('mode');
    const broken = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----';
    const error = await readWebhookKeys(await file(broken)).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('expected a PKCS#8 key');
    expect(String(error)).not.toContain('c2VjcmV0');
  });

  it('are needed where hosts are named, and only there', async () => {
    expect((await openWebhookSigner({ webhookHosts: [] })).publicKeys).toEqual({ keys: [] });
    await expect(openWebhookSigner({ webhookHosts: ['a.example'] })).rejects.toThrow('KYSO_WEBHOOK_KEY_FILE');
  });
});
