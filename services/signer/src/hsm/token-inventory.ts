import type { TokenInventory, TokenKey } from '@kyso/contracts';
import { createHash, createPublicKey, type JsonWebKeyInput } from 'node:crypto';
import type { TokenContent, TokenObject } from './token-host-messages.js';

/** What is stored of a token's content: keys put together with their certificates by CKA_ID. */
export function toInventory(
  content: TokenContent,
  where: Pick<TokenInventory, 'token' | 'serves' | 'signerId' | 'readAt' | 'login'>,
): TokenInventory {
  const keyIds = new Set(content.objects.filter(({ kind }) => kind !== 'certificate').map(({ keyId }) => keyId));
  const keys = new Map<string, TokenKey>();
  const otherCertificatesPem: string[] = [];
  for (const object of content.objects) {
    // Before a login a token may show nothing but certificates; a CKA_ID then speaks for a key behind it.
    if (object.keyId === '' || (object.kind === 'certificate' && keyIds.size > 0 && !keyIds.has(object.keyId))) {
      if (object.kind === 'certificate') otherCertificatesPem.push(toPem(object.der));
      continue;
    }
    keys.set(object.keyId, withObject(keys.get(object.keyId), object));
  }
  const { label, serial, manufacturer, model } = content;
  return { ...where, label, serial, manufacturer, model, keys: [...keys.values()], otherCertificatesPem };
}

function withObject(known: TokenKey | undefined, object: TokenObject): TokenKey {
  const key: TokenKey = known ?? { keyId: object.keyId, privateKeySeen: false, certificatesPem: [] };
  if (object.kind === 'certificate') {
    const named = key.keyLabel === undefined && object.label !== '' ? { keyLabel: object.label } : {};
    return { ...key, ...named, certificatesPem: [...key.certificatesPem, toPem(object.der)] };
  }
  const named = object.label === '' ? {} : { keyLabel: object.label };
  if (object.kind === 'private-key') return { ...key, ...named, type: object.type, privateKeySeen: true };
  const publicKeySha256 = publicKeyHash(object);
  return { ...key, ...named, type: object.type, ...(publicKeySha256 === undefined ? {} : { publicKeySha256 }) };
}

/** OBJECT IDENTIFIER of the curve, DER (RFC 5480, 2.1.1.1). */
const curves: Readonly<Record<string, { readonly crv: string; readonly bytes: number }>> = {
  '06082a8648ce3d030107': { crv: 'P-256', bytes: 32 },
  '06052b81040022': { crv: 'P-384', bytes: 48 },
  '06052b81040023': { crv: 'P-521', bytes: 66 },
};

/** SHA-256 of the SubjectPublicKeyInfo; undefined for a key that isn't known here. */
function publicKeyHash(object: Extract<TokenObject, { kind: 'public-key' }>): string | undefined {
  try {
    const jwk = toJwk(object);
    if (jwk === undefined) return undefined;
    const spki = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(spki).digest('hex');
  } catch {
    return undefined;
  }
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

function toJwk({ rsa, ec }: Extract<TokenObject, { kind: 'public-key' }>): JsonWebKeyInput['key'] | undefined {
  if (rsa !== undefined) return { kty: 'RSA', n: text(rsa.modulus), e: text(rsa.publicExponent) };
  const curve = ec && curves[Buffer.from(ec.params).toString('hex')];
  if (ec === undefined || curve === undefined) return undefined;
  // An OCTET STRING around 04 ‖ x ‖ y (PKCS #11 v2.40, 2.3.3); some tokens leave the OCTET STRING out.
  const point = ec.point.subarray(ec.point.length - 1 - 2 * curve.bytes);
  if (point.length !== 1 + 2 * curve.bytes || point[0] !== 4) return undefined;
  const x = point.subarray(1, 1 + curve.bytes);
  return { kty: 'EC', crv: curve.crv, x: text(x), y: text(point.subarray(1 + curve.bytes)) };
}

function toPem(der: Uint8Array): string {
  const base64 = Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}-----END CERTIFICATE-----\n`;
}
