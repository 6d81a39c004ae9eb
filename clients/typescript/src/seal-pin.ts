import { CompactEncrypt, importJWK, type JWK } from 'jose';
import type { ActivationKey, ActivationRequest } from './generated/api.js';

/** What an official agrees to with the PIN. */
export interface PinUse {
  readonly clientId: string;
  readonly credentialId: string;
  /** Signatures that may be made with it. */
  readonly count: number;
  /** SHA-256 (hexadecimal) of the versions that the official saw. */
  readonly documents: string[];
  readonly expiresAt: Date;
}

/**
 * Seals a PIN where it is typed (RFC 7516), so that only the process that talks to the token can read it: for the body of
 * `POST /v1/credentials/{id}/activations`. `key` is the first one of `GET /v1/activation-keys`.
 */
export async function sealPin(key: ActivationKey, pin: string, use: PinUse): Promise<ActivationRequest> {
  const { clientId, credentialId, count, documents } = use;
  const letters = '0123456789abcdefghijklmnopqrstuv';
  const random = Array.from(crypto.getRandomValues(new Uint8Array(26)), (byte) => letters[byte % 32]).join('');
  const bounds = { activationId: `act_${random}`, count, documents, expiresAt: use.expiresAt.toISOString() };
  const plaintext = new TextEncoder().encode(JSON.stringify({ ...bounds, clientId, credentialId, pin }));
  const { alg, kid } = key;
  const sealedPin = await new CompactEncrypt(plaintext)
    .setProtectedHeader({ alg, enc: 'A256GCM', kid })
    .encrypt(await importJWK(key as JWK, alg));
  return { ...bounds, sealedPin };
}
