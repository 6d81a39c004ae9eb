import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { verifyWebhook, type WebhookHeaders } from './verify-webhook.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const jwkOf = (key: typeof publicKey) => {
  const { x = '' } = key.export({ format: 'jwk' });
  return { kid: 'k', kty: 'OKP' as const, crv: 'Ed25519' as const, use: 'sig' as const, alg: 'EdDSA' as const, x };
};
const keys = { keys: [jwkOf(stranger.publicKey), jwkOf(publicKey)] };
const now = new Date('2026-11-23T01:02:03Z');
const seconds = String(now.getTime() / 1_000);
const id = 'evt_00000000000000000000000000';
const body = JSON.stringify({ id, type: 'webhook.test', timestamp: now.toISOString(), data: { webhookId: 'whk_ế' } });

const signatureOf = (text: string, key = privateKey): string =>
  `v1a,${sign(null, Buffer.from(text), key).toString('base64')}`;
const headersOf = (more: Record<string, string> = {}): WebhookHeaders => ({
  'webhook-id': id,
  'webhook-timestamp': seconds,
  'webhook-signature': `v1,c2VjcmV0 ${signatureOf(`${id}.${seconds}.${body}`)}`,
  ...more,
});

describe('a delivery to a webhook', () => {
  it('is taken when one of the keys signed it, as text, as bytes, and with headers of fetch', async () => {
    expect(await verifyWebhook(headersOf(), body, keys, { now })).toEqual(JSON.parse(body));
    const fetched = new Headers(headersOf() as Record<string, string>);
    expect((await verifyWebhook(fetched, Buffer.from(body), keys, { now })).id).toBe(id);
  });

  it.each([
    ['another body', headersOf(), `${body} `],
    ['another id', headersOf({ 'webhook-id': 'evt_x' }), body],
    ['another time', headersOf({ 'webhook-timestamp': String(Number(seconds) + 1) }), body],
    [
      'a stranger’s signature',
      headersOf({
        'webhook-signature': signatureOf(`${id}.${seconds}.${body}`, generateKeyPairSync('ed25519').privateKey),
      }),
      body,
    ],
    ['a secret’s signature only', headersOf({ 'webhook-signature': 'v1,c2VjcmV0' }), body],
    [
      'an id that is not that of its event',
      headersOf({ 'webhook-id': 'evt_x', 'webhook-signature': signatureOf(`evt_x.${seconds}.${body}`) }),
      body,
    ],
  ])('is refused with %s', async (_, headers, text) => {
    await expect(verifyWebhook(headers, text, keys, { now })).rejects.toMatchObject({ reason: 'signature-wrong' });
  });

  it('is refused when it is sent again later, or comes from the future', async () => {
    for (const ms of [-301_000, 301_000]) {
      const later = new Date(now.getTime() + ms);
      await expect(verifyWebhook(headersOf(), body, keys, { now: later })).rejects.toMatchObject({
        reason: 'out-of-time',
      });
    }
    const late = new Date(now.getTime() + 299_000);
    expect((await verifyWebhook(headersOf(), body, keys, { now: late })).id).toBe(id);
  });

  it('is refused without its headers', async () => {
    const { 'webhook-id': _id, ...others } = headersOf() as Record<string, string>;
    await expect(verifyWebhook(others, body, keys, { now })).rejects.toMatchObject({ reason: 'header-missing' });
  });
});
