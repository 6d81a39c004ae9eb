import { createHash } from 'node:crypto';
import { CmsError, parseCertificatesPem, type Certificate } from '@kyso/cms';
import {
  SigningError,
  type CredentialRecord,
  type Enrolment,
  type Renewal,
  type Role,
  type TokenInventory,
  type TokenKey,
} from '@kyso/contracts';
import { chainToAnchor, checkCertificate } from '@kyso/preparation';

/** Which key and certificate an administrator names, in an enrolment or a renewal. */
export type KeyChoice = Pick<
  Enrolment & Renewal,
  'token' | 'keyId' | 'keyLabel' | 'scheme' | 'digestAlgorithm' | 'certificatesPem'
>;
type KeyFields = Pick<CredentialRecord, 'token' | 'keyId' | 'scheme' | 'digestAlgorithm' | 'certificatesPem'>;

/** What enrolling needs of the world. */
export interface KeyParts {
  readonly inventory: (token: string) => Promise<TokenInventory | undefined>;
  readonly trustAnchors: readonly Certificate[];
  readonly now: () => Date;
}

const personRoles: ReadonlySet<Role> = new Set(['leader', 'digitised']);
const organisationRoles: ReadonlySet<Role> = new Set(['clerk', 'copy', 'attachment', 'incoming', 'digitised']);

/** A person approves, an organisation seals (Nghị định 30/2020/NĐ-CP). Throws REQUEST_INVALID. */
export function assertRoles(kind: CredentialRecord['kind'], roles: readonly Role[], register?: string): void {
  const possible = kind === 'person' ? personRoles : organisationRoles;
  const odd = roles.find((role) => !possible.has(role));
  if (odd !== undefined) {
    throw new SigningError('REQUEST_INVALID', {
      expected: `roles of a ${kind}: ${[...possible].join(', ')}`,
      found: odd,
    });
  }
  if (register !== undefined && kind !== 'organisation') {
    throw new SigningError('REQUEST_INVALID', { expected: 'a register for an organisation only', found: kind });
  }
}

/**
 * The key as it lies on the token, with its certificate and the chain without the root, all checked: that the certificate is
 * of this key, fit to sign now, and trusted. Throws REQUEST_INVALID (no such token or key), CERTIFICATE_….
 */
export async function chooseKey(parts: KeyParts, choice: KeyChoice): Promise<KeyFields> {
  const inventory = await parts.inventory(choice.token);
  if (inventory === undefined) {
    throw new SigningError('REQUEST_INVALID', { expected: 'a token that a signer has read', found: choice.token });
  }
  const key = findKey(inventory, choice);
  const given = choice.certificatesPem === undefined ? undefined : parse(choice.certificatesPem);
  const certificate = given?.[0] ?? newestOf(key);
  if (given !== undefined) assertSameKey(certificate, key);
  const scheme = schemeOf(certificate, choice);
  checkCertificate(certificate, scheme, parts.now());
  const others = [...(given?.slice(1) ?? []), ...inventory.otherCertificatesPem.flatMap((pem) => parse(pem))];
  const chain = chainToAnchor([certificate, ...others], parts.trustAnchors, parts.now());
  return {
    token: choice.token,
    keyId: key.keyId,
    scheme,
    digestAlgorithm: choice.digestAlgorithm ?? digestFor(certificate),
    certificatesPem: chain
      .slice(0, -1)
      .map(({ x509 }) => x509.toString())
      .join(''),
  };
}

function findKey(inventory: TokenInventory, { token, keyId, keyLabel }: KeyChoice): TokenKey {
  const found = inventory.keys.filter((key) => (keyId === undefined ? key.keyLabel === keyLabel : key.keyId === keyId));
  const [key] = found;
  if (key !== undefined && found.length === 1) return key;
  throw new SigningError('REQUEST_INVALID', {
    expected: `one key of ${keyId ?? `label ${keyLabel}`} on ${token}, read at ${inventory.readAt}`,
    found: found.length === 0 ? `none of its ${inventory.keys.length} keys` : `${found.length}; name it by keyId`,
  });
}

/** After a renewal for the same key the token holds the old certificate as well. */
function newestOf(key: TokenKey): Certificate {
  const [newest] = key.certificatesPem
    .flatMap((pem) => parse(pem))
    .sort((a, b) => b.notBefore.getTime() - a.notBefore.getTime());
  if (newest !== undefined) return newest;
  throw new SigningError('REQUEST_INVALID', {
    expected: `a certificate under ${key.keyId} on the token, or certificatesPem`,
    found: 'neither',
  });
}

function assertSameKey(certificate: Certificate, key: TokenKey): void {
  const ofCertificate = publicKeySha256(certificate);
  const onToken = [
    ...(key.publicKeySha256 === undefined ? [] : [key.publicKeySha256]),
    ...key.certificatesPem.flatMap((pem) => parse(pem)).map(publicKeySha256),
  ];
  if (onToken.includes(ofCertificate)) return;
  throw new SigningError('CERTIFICATE_MISMATCH', {
    expected:
      onToken.length === 0
        ? `a public key or a certificate under ${key.keyId} on the token, to compare with`
        : `a certificate of the public key ${onToken.join(' or ')}`,
    found: `one of ${ofCertificate}`,
  });
}

function publicKeySha256(certificate: Certificate): string {
  return createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function schemeOf(certificate: Certificate, { scheme }: KeyChoice): CredentialRecord['scheme'] {
  const isEc = certificate.publicKey.asymmetricKeyType === 'ec';
  if (scheme === undefined && !isEc) {
    throw new SigningError('REQUEST_INVALID', {
      expected: 'scheme: rsa-pss, or rsa-pkcs1 for a token that cannot do it',
      found: `none for a key ${certificate.keyDescription}`,
    });
  }
  return scheme ?? 'ecdsa';
}

function digestFor({ publicKey }: Certificate): CredentialRecord['digestAlgorithm'] {
  const curve = publicKey.asymmetricKeyDetails?.namedCurve;
  return curve === 'secp384r1' ? 'sha384' : curve === 'secp521r1' ? 'sha512' : 'sha256';
}

function parse(pem: string): Certificate[] {
  try {
    return parseCertificatesPem(pem);
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    throw new SigningError('REQUEST_INVALID', { expected: error.expected, found: error.found, cause: error });
  }
}
