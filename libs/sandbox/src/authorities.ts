import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { identityOf, issueCertificate, type CertificateProfile, type Identity } from './certificate.js';
import { layout, writeWhole, type IssuedCertificate } from './folder.js';
import { nameOf, type DistinguishedName } from './name.js';
import { certificateDerOf, certificatePem } from './pem.js';

/** Everyone in the sandbox whose key is a software key in a file; two trust domains, and the liars. */
export type AuthorityId =
  | 'root-ca'
  | 'issuing-ca'
  | 'ocsp-responder'
  | 'tsa-root'
  | 'tsa-unit'
  /** Under the issuing CA, without the right to answer OCSP. */
  | 'bystander'
  /** Under the TSA root, without the purpose id-kp-timeStamping. */
  | 'bystander-tsa'
  /** A time-stamping unit that signed its own certificate. */
  | 'untrusted-tsa';

interface AuthorityPlan {
  readonly id: AuthorityId;
  readonly issuer?: AuthorityId;
  readonly profile: CertificateProfile;
  readonly name: DistinguishedName;
  readonly keyBits: 2048 | 3072;
  /** Years before and after the sandbox was made. */
  readonly years: readonly [before: number, after: number];
  readonly pathLength?: number;
}

const organisation = 'Kyso Sandbox – chỉ dùng thử nghiệm, không có giá trị pháp lý';

// Issuers stand before those whom they certify.
const plans: readonly AuthorityPlan[] = [
  {
    id: 'root-ca',
    profile: 'ca',
    name: { organisation, commonName: 'Kyso Sandbox Root CA' },
    keyBits: 3072,
    years: [10, 20],
  },
  {
    id: 'issuing-ca',
    issuer: 'root-ca',
    profile: 'ca',
    name: { organisation, commonName: 'Kyso Sandbox – Cơ quan chứng thực số phục vụ thử nghiệm' },
    keyBits: 2048,
    years: [9, 10],
    pathLength: 0,
  },
  {
    id: 'ocsp-responder',
    issuer: 'issuing-ca',
    profile: 'ocsp-responder',
    name: { organisation, commonName: 'Kyso Sandbox OCSP Responder' },
    keyBits: 2048,
    years: [5, 5],
  },
  {
    id: 'tsa-root',
    profile: 'ca',
    name: { organisation, commonName: 'Kyso Sandbox TSA Root' },
    keyBits: 3072,
    years: [10, 20],
  },
  {
    id: 'tsa-unit',
    issuer: 'tsa-root',
    profile: 'timestamp-unit',
    name: { organisation, commonName: 'Kyso Sandbox – Dấu thời gian thử nghiệm 01' },
    keyBits: 2048,
    years: [9, 10],
  },
  {
    id: 'bystander',
    issuer: 'issuing-ca',
    profile: 'bystander',
    name: { organisation, commonName: 'Kyso Sandbox – Không phải máy chủ OCSP' },
    keyBits: 2048,
    years: [5, 5],
  },
  {
    id: 'bystander-tsa',
    issuer: 'tsa-root',
    profile: 'bystander',
    name: { organisation, commonName: 'Kyso Sandbox – Không phải máy chủ dấu thời gian' },
    keyBits: 2048,
    years: [5, 5],
  },
  {
    id: 'untrusted-tsa',
    profile: 'timestamp-unit',
    name: { organisation, commonName: 'Kyso Sandbox – Dấu thời gian không được tin cậy' },
    keyBits: 2048,
    years: [5, 5],
  },
];

/** The authorities that publish a CRL and their own certificate under that name. */
export const publishers = ['root-ca', 'issuing-ca', 'tsa-root'] as const;
export type Publisher = (typeof publishers)[number];

/** Where things are published below the base URL. */
export const publishedUrls = (
  baseUrl: string,
  issuer: AuthorityId,
): { caIssuers: string; crl: string; ocsp?: string } => ({
  caIssuers: `${baseUrl}/ca/${issuer}.crt`,
  crl: `${baseUrl}/crl/${issuer}.crl`,
  // Only the issuing CA has a responder: its own status, and that of the TSA unit, must come from a CRL.
  ...(issuer === 'issuing-ca' ? { ocsp: `${baseUrl}/ocsp` } : {}),
});

/** Makes the software keys that are missing (PKCS#8 PEM, mode 0600) and reads all of them. */
export async function loadOrMakeKeys(folder: string): Promise<Map<AuthorityId, KeyObject>> {
  const pairs = await Promise.all(plans.map(async (plan) => [plan.id, await loadOrMakeKey(folder, plan)] as const));
  return new Map(pairs);
}

async function loadOrMakeKey(folder: string, plan: AuthorityPlan): Promise<KeyObject> {
  const file = layout.key(folder, plan.id);
  const pem = await readFile(file, 'utf8').catch(() => undefined);
  if (pem !== undefined) return createPrivateKey(pem);
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: plan.keyBits });
  await writeWhole(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600);
  return privateKey;
}

/**
 * Issues the certificates of all authorities for their keys, writes them to the folder, and returns what their issuers
 * must remember. Same keys and names as before: what was signed under an older base URL stays verifiable.
 */
export async function issueAuthorities(options: {
  folder: string;
  baseUrl: string;
  madeAt: Date;
  keys: ReadonlyMap<AuthorityId, KeyObject>;
}): Promise<IssuedCertificate[]> {
  const identities = new Map<AuthorityId, Identity>();
  const issued: IssuedCertificate[] = [];
  for (const plan of plans) {
    const key = options.keys.get(plan.id);
    if (key === undefined) throw new Error(`expected a key for ${plan.id}`);
    const issuer = plan.issuer === undefined ? undefined : identities.get(plan.issuer);
    const publicKeyDer = createPublicKey(key).export({ type: 'spki', format: 'der' });
    const { certificateDer, serial } = await issueCertificate(
      {
        profile: plan.profile,
        subject: nameOf(plan.name),
        publicKeyDer,
        notBefore: addYears(options.madeAt, -plan.years[0]),
        notAfter: addYears(options.madeAt, plan.years[1]),
        urls: authorityUrls(plan, options.baseUrl),
        ...(plan.pathLength === undefined ? {} : { pathLength: plan.pathLength }),
      },
      issuer ?? { selfKey: key },
    );
    identities.set(plan.id, await identityOf(certificateDer, key));
    if (plan.issuer !== undefined) issued.push({ issuer: plan.issuer, serial, holder: plan.id });
    await writeWhole(layout.certificate(options.folder, plan.id), certificatePem(certificateDer));
  }
  return issued;
}

function authorityUrls(plan: AuthorityPlan, baseUrl: string): { caIssuers?: string; crl?: string } {
  if (plan.issuer === undefined || plan.profile === 'ocsp-responder') return {};
  const { caIssuers, crl } = publishedUrls(baseUrl, plan.issuer);
  return { caIssuers, crl };
}

/** One authority as the folder keeps it. */
export async function readIdentity(folder: string, id: AuthorityId): Promise<Identity> {
  const [certificate, key] = await Promise.all([
    readFile(layout.certificate(folder, id), 'utf8'),
    readFile(layout.key(folder, id), 'utf8'),
  ]);
  return identityOf(certificateDerOf(certificate), createPrivateKey(key));
}

/** The same day in another year; 29 February becomes 1 March. */
export function addYears(at: Date, years: number): Date {
  const out = new Date(at);
  out.setUTCFullYear(out.getUTCFullYear() + years);
  return out;
}
