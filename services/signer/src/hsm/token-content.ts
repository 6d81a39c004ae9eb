import * as graphene from 'graphene-pk11';
import pkcs11 from 'pkcs11js';
import type { TokenContent, TokenKeyType, TokenObject } from './token-host-messages.js';

/** A token that holds more is read up to here. */
const maxObjects = 512;
const maxCertificateBytes = 16_384;

/** Reads what the session may see: certificates and public keys, and after a login the private keys' ids and labels. */
export function readTokenContent(token: graphene.Token, session: graphene.Session): TokenContent {
  const { CERTIFICATE, PUBLIC_KEY, PRIVATE_KEY } = graphene.ObjectClass;
  const objects: TokenObject[] = [];
  for (const objectClass of [CERTIFICATE, PUBLIC_KEY, PRIVATE_KEY]) {
    const found = session.find({ class: objectClass, token: true });
    for (let i = 0; i < found.length && objects.length < maxObjects; i++) {
      const object = readObject(found.items(i), objectClass);
      if (object !== undefined) objects.push(object);
    }
  }
  return {
    label: token.label,
    serial: token.serialNumber,
    manufacturer: token.manufacturerID,
    model: token.model,
    objects,
  };
}

/** undefined for an object that can't be read: one odd object must not hide the others. */
function readObject(object: graphene.SessionObject, objectClass: graphene.ObjectClass): TokenObject | undefined {
  try {
    const { id, label } = object.getAttribute({ id: null, label: null }) as { id: Buffer; label: string };
    const named = { keyId: id.toString('hex'), label };
    if (objectClass === graphene.ObjectClass.CERTIFICATE) {
      const { value } = object.getAttribute({ value: null }) as { value: Buffer };
      return value.length > maxCertificateBytes ? undefined : { kind: 'certificate', ...named, der: value };
    }
    const type = keyTypeOf(object);
    if (objectClass === graphene.ObjectClass.PRIVATE_KEY) return { kind: 'private-key', ...named, type };
    const read = (attribute: number): Buffer => object.getAttribute(attribute);
    const { CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS, CKA_EC_POINT } = pkcs11;
    const kind = 'public-key';
    if (type === 'rsa') {
      return { kind, ...named, type, rsa: { modulus: read(CKA_MODULUS), publicExponent: read(CKA_PUBLIC_EXPONENT) } };
    }
    if (type === 'ec') return { kind, ...named, type, ec: { params: read(CKA_EC_PARAMS), point: read(CKA_EC_POINT) } };
    return { kind, ...named, type };
  } catch {
    return undefined;
  }
}

function keyTypeOf(object: graphene.SessionObject): TokenKeyType {
  const { keyType } = object.getAttribute({ keyType: null }) as { keyType: graphene.KeyType };
  return keyType === graphene.KeyType.RSA ? 'rsa' : keyType === graphene.KeyType.EC ? 'ec' : 'other';
}
