// INTERFACE STUB: the owner of libs/sandbox replaces it by the real modules with the same exported names.
const todo = (): never => {
  throw new Error('stub');
};

/** Folder layout of a sandbox (all below `folder`): softhsm2.conf, tokens/, pki/*.pem, state.json. */
export interface SandboxCredential {
  /** leader, clerk, organisation, … */ readonly credentialId: string;
  readonly kind: 'person' | 'organisation';
  /** SoftHSM token label, also the token name in the signer's configuration. */ readonly token: string;
  readonly keyId: string;
  readonly scheme: 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa';
  /** Leaf, then the issuing CA. */ readonly certificatesPem: string;
  readonly subjectName: string;
}
export interface Sandbox {
  readonly folder: string;
  readonly softhsmModule: string;
  /** Value of SOFTHSM2_CONF for processes that use the tokens. */ readonly softhsmConf: string;
  readonly credentials: readonly SandboxCredential[];
  /** token label → file (mode 0600) with its user PIN. */ readonly pinFiles: Readonly<Record<string, string>>;
  /** PEM file with the sandbox root, to be the trust anchor of signers. */ readonly trustAnchorsFile: string;
  /** PEM file with the anchor of the sandbox TSA (another root: two trust domains). */ readonly tsaTrustAnchorsFile: string;
}
/** Algorithms for one credential's key. */
export type KeyKind = 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'p-256' | 'p-384';
export interface CredentialPlan {
  credentialId: string;
  kind: 'person' | 'organisation';
  keyKind: KeyKind;
  scheme?: 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa';
  token?: string;
  subject: { commonName: string; organisation?: string; organisationalUnit?: string; title?: string; email?: string };
  notBefore?: Date;
  notAfter?: Date;
}
/**
 * Makes (or, where `folder` already holds one, opens) a sandbox: root CA, issuing CA, TSA root and TSA, OCSP responder; keys of the credentials are generated inside SoftHSM.
 * `publicBaseUrl` is where `startSandboxServer` will listen: it goes into AIA and CRL distribution points.
 */
export function createSandbox(_options: {
  folder: string;
  publicBaseUrl: string;
  credentials: readonly CredentialPlan[];
  softhsmModule?: string;
}): Promise<Sandbox> {
  return todo();
}
/** Fault switches of the HTTP server, per endpoint; tests flip them while it runs. */
export interface SandboxFaults {
  tsa?: 'down' | 'slow' | 'wrong-imprint' | 'wrong-nonce' | 'rejection' | 'garbage' | 'wrong-eku' | 'bad-signature';
  ocsp?: 'down' | 'unknown' | 'garbage' | 'try-later' | 'unauthorised-responder' | 'stale';
  crl?: 'down' | 'garbage' | 'stale';
  slowMs?: number;
}
export interface SandboxServer {
  readonly baseUrl: string;
  readonly tsaUrl: string;
  readonly faults: SandboxFaults;
  /** Requests seen so far by endpoint. */ readonly counts: { tsa: number; ocsp: number; crl: number };
  revoke(credentialId: string, at?: Date): void;
  close(): Promise<void>;
}
/** OCSP at /ocsp, CRLs at /crl/<name>.crl, CA certificates at /ca/<name>.crt, RFC 3161 at /tsa. Clock injected. */
export function startSandboxServer(
  _sandbox: Sandbox,
  _options: { host?: string; port: number; now?: () => Date },
): Promise<SandboxServer> {
  return todo();
}
/** The seven or so certificates of the demo: leader, clerk, organisation in Vietnamese. */
export declare const demoCredentials: readonly CredentialPlan[];
/** Path of libsofthsm2.so on this machine; undefined when SoftHSM is not installed. */
export function findSofthsmModule(): string | undefined {
  return todo();
}
