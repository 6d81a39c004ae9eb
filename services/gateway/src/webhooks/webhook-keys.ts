import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import type { WebhookKey, WebhookKeys } from '@kyso/contracts';
import { readSecretFile } from '@kyso/service';

/** Two while keys are changed; more would only make every delivery longer. */
const maxKeys = 3;

/** What is signed and sent. */
export interface SignedMessage {
  readonly eventId: string;
  /** The body, byte for byte. */
  readonly payload: string;
  readonly at: Date;
}

/** The cluster's keys for deliveries. */
export interface WebhookSigner {
  /** The public ones, in the order of the file. */
  readonly publicKeys: WebhookKeys;
  /**
   * `webhook-id`, `webhook-timestamp` (seconds since 1970) and `webhook-signature`: `v1a,` and base64 of the Ed25519 signature
   * (RFC 8032) over `<id>.<timestamp>.<body>`, one for each key, separated by blanks (Standard Webhooks 1.0).
   */
  headersOf(message: SignedMessage): Record<string, string>;
}

/**
 * The signer of the configured file; one without keys in a cluster without webhooks. Throws an Error when hosts are named and no
 * file is, and what `readWebhookKeys` throws.
 */
export async function openWebhookSigner(config: {
  readonly webhookHosts: readonly string[];
  readonly webhookKeyFile?: string | undefined;
}): Promise<WebhookSigner> {
  if (config.webhookKeyFile !== undefined) return readWebhookKeys(config.webhookKeyFile);
  if (config.webhookHosts.length === 0) return createWebhookSigner([]);
  throw new Error(
    'KYSO_WEBHOOK_HOSTS: expected KYSO_WEBHOOK_KEY_FILE with it, found none; deliveries are always signed',
  );
}

/**
 * Reads one or several Ed25519 keys (PKCS#8 in PEM; mode 0400 or 0600). Throws an Error that says what is wrong with the file,
 * never what is in it.
 */
export async function readWebhookKeys(path: string): Promise<WebhookSigner> {
  const pem = await readSecretFile(path);
  const blocks = pem.match(/-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/g) ?? [];
  if (blocks.length === 0 || blocks.length > maxKeys) {
    throw new Error(
      `KYSO_WEBHOOK_KEY_FILE ${path}: expected 1 to ${maxKeys} keys (PKCS#8, PEM), found ${blocks.length}`,
    );
  }
  return createWebhookSigner(blocks.map((block) => privateKeyOf(block, path)));
}

function privateKeyOf(block: string, path: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(block);
  } catch {
    // Its message may quote what it could not read.
    throw new Error(`KYSO_WEBHOOK_KEY_FILE ${path}: expected a PKCS#8 key without a password, found another`);
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new Error(`KYSO_WEBHOOK_KEY_FILE ${path}: expected an Ed25519 key, found ${key.asymmetricKeyType}`);
  }
  return key;
}

/** Signs with each of the keys, Ed25519. */
export function createWebhookSigner(keys: readonly KeyObject[]): WebhookSigner {
  return {
    publicKeys: { keys: keys.map(publicKeyOf) },
    headersOf: ({ eventId, payload, at }) => {
      const seconds = String(Math.floor(at.getTime() / 1_000));
      const signed = Buffer.from(`${eventId}.${seconds}.${payload}`, 'utf8');
      const signatures = keys.map((key) => `v1a,${sign(null, signed, key).toString('base64')}`);
      return { 'webhook-id': eventId, 'webhook-timestamp': seconds, 'webhook-signature': signatures.join(' ') };
    },
  };
}

function publicKeyOf(key: KeyObject): WebhookKey {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  // RFC 7638, 3: the required members in alphabetical order, without blanks.
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }));
  return { kid: thumbprint.digest('base64url'), kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', x };
}
