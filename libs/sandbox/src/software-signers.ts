import { createPublicKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { identityOf, issueCertificate } from './certificate.js';
import { nameOf } from './name.js';
import { certificatePem } from './pem.js';

/** A document signer whose key is a software key in memory. */
export interface SoftwareSigner {
  /** PKCS#8. */
  readonly keyPem: string;
  readonly certificatePem: string;
  readonly subjectName: string;
}

const yearMs = 365 * 24 * 3600 * 1000;
const keyBits = 2048;

const newKey = async () => (await promisify(generateKeyPair)('rsa', { modulusLength: keyBits })).privateKey;

/**
 * Keys and certificates for trying documents out without a token: an authority that is forgotten again, and below it one
 * RSA-2048 signer for each name. Nothing is written to disk, and the certificates name no place to ask for revocation.
 */
export async function makeSoftwareSigners(
  names: readonly string[],
  now = new Date(),
): Promise<{ readonly anchorPem: string; readonly signers: SoftwareSigner[] }> {
  const period = { notBefore: new Date(now.getTime() - yearMs), notAfter: new Date(now.getTime() + yearMs) };
  const anchorKey = await newKey();
  const spki = { type: 'spki', format: 'der' } as const;
  const anchor = await issueCertificate(
    {
      ...period,
      profile: 'ca',
      subject: nameOf({ commonName: 'Kyso Sandbox Throw-away Root' }),
      publicKeyDer: createPublicKey(anchorKey).export(spki),
      urls: {},
      pathLength: 0,
    },
    { selfKey: anchorKey },
  );
  const issuer = await identityOf(anchor.certificateDer, anchorKey);
  const signers = await Promise.all(
    names.map(async (commonName): Promise<SoftwareSigner> => {
      const key = await newKey();
      const publicKeyDer = createPublicKey(key).export(spki);
      const subject = nameOf({ commonName });
      const request = { ...period, profile: 'document-signer', subject, publicKeyDer, urls: {} } as const;
      const { certificateDer } = await issueCertificate(request, issuer);
      const keyPem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
      return { keyPem, certificatePem: certificatePem(certificateDer), subjectName: commonName };
    }),
  );
  return { anchorPem: certificatePem(anchor.certificateDer), signers };
}
