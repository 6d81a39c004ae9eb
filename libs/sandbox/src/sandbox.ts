import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { resolve } from 'node:path';
import { schemeOf, tokenOf, type CredentialPlan, type SandboxCredential } from './credentials.js';
import { layout, readState, withFolderLock, writeWhole, type SandboxState, type StoredCredential } from './folder.js';
import { certificateDerOf, certificatePem } from './pem.js';
import { findSofthsmModule, softhsmConfText } from './softhsm.js';

/** A sandbox on disk. Below `folder`: softhsm2.conf, tokens/, pins/, pki/, state.json, control-token. */
export interface Sandbox {
  readonly folder: string;
  readonly softhsmModule: string;
  /** Value of SOFTHSM2_CONF for processes that use the tokens. */
  readonly softhsmConf: string;
  readonly credentials: readonly SandboxCredential[];
  /** token label → file (mode 0600) with its user PIN. */
  readonly pinFiles: Readonly<Record<string, string>>;
  /** PEM file with the sandbox root, to be the trust anchor of signers. */
  readonly trustAnchorsFile: string;
  /** PEM file with the anchor of the sandbox TSA (another root: two trust domains). */
  readonly tsaTrustAnchorsFile: string;
  /** The base URL in the certificates; the server must listen there to be found. */
  readonly publicBaseUrl: string;
}

/** What `createSandbox` is asked for. */
export interface SandboxOptions {
  folder: string;
  /** Where `startSandboxServer` will listen, without a slash at the end: it goes into AIA and CRL distribution points. */
  publicBaseUrl: string;
  credentials: readonly CredentialPlan[];
  softhsmModule?: string;
}

/**
 * Makes a sandbox, or opens the one that `folder` holds: root CA, issuing CA, OCSP responder, TSA root and TSA with
 * software keys in files; the keys of the credentials are generated inside SoftHSM and cannot leave it.
 *
 * The second call with the same options only reads files. What differs is made good: a new plan gets its key, a changed
 * plan a new certificate (and key, where the kind of key changed), another base URL new certificates for the same keys.
 * To keep the base URL, listen where `rememberedBaseUrl` says. Throws when SoftHSM is not installed.
 */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const folder = resolve(options.folder);
  const module = options.softhsmModule ?? findSofthsmModule();
  if (module === undefined) throw new Error('expected libsofthsm2.so, found none; install the package softhsm2');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return withFolderLock(folder, async () => {
    const state = (await readState(folder)) ?? (await startAfresh(folder, module));
    // Written each time: the folder may have been moved.
    await writeWhole(layout.softhsmConf(folder), softhsmConfText(layout.tokens(folder)));
    state.softhsmModule = module;
    const wanted = wantedCredentials(options.credentials);
    const moved = state.publicBaseUrl !== options.publicBaseUrl;
    const changed = wanted.filter(
      (plan) => moved || !isDeepStrictEqual(state.credentials[plan.credentialId]?.plan, plan),
    );
    if (moved || changed.length > 0) {
      state.publicBaseUrl = options.publicBaseUrl;
      const { makeAuthorities, makeCredentials } = await import('./provision.js');
      if (moved) await makeAuthorities(folder, state);
      await makeCredentials(folder, state, changed);
      await writeWhole(layout.state(folder), JSON.stringify(state, undefined, 1));
    }
    return describe(folder, state, wanted);
  });
}

/** Opens a sandbox that exists, with every credential in it; it changes nothing. */
export async function openSandbox(folder: string): Promise<Sandbox> {
  const path = resolve(folder);
  const state = await readState(path);
  if (state === undefined) throw new Error(`expected a sandbox in ${path}, found no state.json of format 1`);
  return describe(
    path,
    state,
    Object.values(state.credentials).map((credential) => credential.plan),
  );
}

/** The base URL that the certificates of a sandbox name; undefined where there is no sandbox yet. */
export async function rememberedBaseUrl(folder: string): Promise<string | undefined> {
  return (await readState(resolve(folder)))?.publicBaseUrl;
}

/** A plan as JSON gives it back, so that it can be compared with the stored one. */
function wantedCredentials(plans: readonly CredentialPlan[]): CredentialPlan[] {
  for (const plan of plans)
    for (const name of [plan.credentialId, plan.token ?? plan.credentialId])
      if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name))
        throw new Error(`expected a-z, 0-9 and -, at most 32 (a PKCS#11 label), found ${name}`);
  return JSON.parse(JSON.stringify(plans)) as CredentialPlan[];
}

async function startAfresh(folder: string, softhsmModule: string): Promise<SandboxState> {
  // Without state.json an earlier run was cut off; what it left has no meaning.
  for (const leftover of [layout.tokens(folder), layout.pins(folder), layout.pki(folder)]) {
    await rm(leftover, { recursive: true, force: true });
    await mkdir(leftover, { mode: 0o700 });
  }
  await writeWhole(layout.controlToken(folder), randomBytes(32).toString('base64url'), 0o600);
  const madeAt = new Date();
  madeAt.setUTCMilliseconds(0);
  return {
    format: 1,
    madeAt: madeAt.toISOString(),
    publicBaseUrl: '',
    softhsmModule,
    tokens: [],
    credentials: {},
    issued: [],
  };
}

async function describe(folder: string, state: SandboxState, plans: readonly CredentialPlan[]): Promise<Sandbox> {
  const issuingCa = certificatePem(certificateDerOf(await readFile(layout.certificate(folder, 'issuing-ca'), 'utf8')));
  const stored = plans.map((plan) => state.credentials[plan.credentialId]).filter((one) => one !== undefined);
  return {
    folder,
    softhsmModule: state.softhsmModule,
    softhsmConf: layout.softhsmConf(folder),
    credentials: stored.map((credential) => describeCredential(credential, issuingCa)),
    pinFiles: Object.fromEntries(stored.map(({ plan }) => [tokenOf(plan), layout.pinFile(folder, tokenOf(plan))])),
    trustAnchorsFile: layout.certificate(folder, 'root-ca'),
    tsaTrustAnchorsFile: layout.certificate(folder, 'tsa-root'),
    publicBaseUrl: state.publicBaseUrl,
  };
}

function describeCredential(credential: StoredCredential, issuingCaPem: string): SandboxCredential {
  const { plan } = credential;
  return {
    credentialId: plan.credentialId,
    kind: plan.kind,
    token: tokenOf(plan),
    keyId: credential.keyId,
    scheme: schemeOf(plan),
    certificatesPem: credential.certificatePem + issuingCaPem,
    subjectName: plan.subject.commonName,
  };
}
