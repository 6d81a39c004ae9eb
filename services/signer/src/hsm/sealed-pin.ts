import { sealedPinPlaintextSchema, sealingAlgorithms, sealingEncryption, type ActivationBounds } from '@kyso/contracts';
import { compactDecrypt, importJWK, type CompactJWEHeaderParameters, type CryptoKey, type JWK } from 'jose';
import { readSecretInto } from './pin-file.js';
import { TokenFault } from './pkcs11-errors.js';

const maxKeysFileBytes = 65_536;

/**
 * The PIN of a compact JWE (RFC 7516), which must say the same as `bounds` in everything else and must not have expired: a
 * sealed PIN that was stolen opens nothing but the activation that it was made for. Only in a token host.
 * Throws TokenFault SEAL_INVALID, SEAL_BOUND_TO_OTHERS, SEAL_EXPIRED, ACTIVATION_KEYS_…; nothing of the content is in it.
 */
export async function openSealedPin(
  sealed: { readonly sealedPin: string; readonly keysFile: string; readonly bounds: ActivationBounds },
  now: Date,
): Promise<string> {
  const keys = readKeys(sealed.keysFile);
  let plaintext: Uint8Array;
  try {
    const options = {
      keyManagementAlgorithms: [...sealingAlgorithms],
      contentEncryptionAlgorithms: [sealingEncryption],
    };
    ({ plaintext } = await compactDecrypt(
      sealed.sealedPin,
      (header: CompactJWEHeaderParameters) => privateKey(keys, header),
      options,
    ));
  } catch {
    throw new TokenFault('SEAL_INVALID', 'request');
  }
  const parsed = sealedPinPlaintextSchema.safeParse(parseJson(plaintext));
  plaintext.fill(0);
  if (!parsed.success) throw new TokenFault('SEAL_INVALID', 'request');
  const { pin, ...bound } = parsed.data;
  if (!areSame(bound, sealed.bounds)) throw new TokenFault('SEAL_BOUND_TO_OTHERS', 'request');
  if (now >= new Date(bound.expiresAt)) throw new TokenFault('SEAL_EXPIRED', 'request');
  return pin;
}

async function privateKey(keys: readonly JWK[], { kid, alg }: CompactJWEHeaderParameters): Promise<CryptoKey> {
  const jwk = keys.find((key) => key.kid === kid && key.alg === alg);
  if (jwk === undefined) throw new Error('unknown key');
  const key = await importJWK(jwk, alg);
  if (key instanceof Uint8Array) throw new Error('a symmetric key');
  return key;
}

/** Every value is a string, a number or a list of strings; the order of the documents is the caller's own. */
function areSame(sealed: ActivationBounds, expected: ActivationBounds): boolean {
  return (
    sealed.activationId === expected.activationId &&
    sealed.clientId === expected.clientId &&
    sealed.credentialId === expected.credentialId &&
    sealed.count === expected.count &&
    Date.parse(sealed.expiresAt) === Date.parse(expected.expiresAt) &&
    sealed.documents.length === expected.documents.length &&
    sealed.documents.every((document, index) => document === expected.documents[index])
  );
}

function readKeys(file: string): JWK[] {
  const bytes = Buffer.alloc(maxKeysFileBytes);
  try {
    const length = readSecretInto(bytes, file);
    const { keys } = JSON.parse(bytes.toString('utf8', 0, length)) as { keys?: unknown };
    if (Array.isArray(keys)) return keys as JWK[];
  } catch (error) {
    // Of a fault in JSON the message holds a piece of the text.
    if (error instanceof TokenFault) throw new TokenFault(error.code.replace('PIN_FILE', 'ACTIVATION_KEYS'), 'host');
  } finally {
    bytes.fill(0);
  }
  throw new TokenFault('ACTIVATION_KEYS_MALFORMED', 'host');
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}
