import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CredentialPlan } from './credentials.js';

/** Where things lie below the sandbox's folder. */
export const layout = {
  softhsmConf: (folder: string): string => join(folder, 'softhsm2.conf'),
  tokens: (folder: string): string => join(folder, 'tokens'),
  pki: (folder: string): string => join(folder, 'pki'),
  pins: (folder: string): string => join(folder, 'pins'),
  pinFile: (folder: string, token: string): string => join(folder, 'pins', `${token}.pin`),
  soPinFile: (folder: string, token: string): string => join(folder, 'pins', `${token}.so-pin`),
  certificate: (folder: string, id: string): string => join(folder, 'pki', `${id}.crt.pem`),
  key: (folder: string, id: string): string => join(folder, 'pki', `${id}.key.pem`),
  controlToken: (folder: string): string => join(folder, 'control-token'),
  state: (folder: string): string => join(folder, 'state.json'),
  lock: (folder: string): string => join(folder, 'lock'),
} as const;

/** One certificate that an authority has issued: what its responder and its CRL know about. */
export interface IssuedCertificate {
  readonly issuer: string;
  /** INTEGER contents, hexadecimal. */
  readonly serial: string;
  /** The credential or authority that holds it. */
  readonly holder: string;
}

/** `state.json`: everything about a sandbox that is neither a key nor a PIN. Written last, so it proves that all else exists. */
export interface SandboxState {
  readonly format: 1;
  /** ISO 8601; validity periods count from here, so that they stay the same when certificates are issued again. */
  readonly madeAt: string;
  publicBaseUrl: string;
  softhsmModule: string;
  readonly tokens: string[];
  readonly credentials: Record<string, StoredCredential>;
  readonly issued: IssuedCertificate[];
}

/** A credential as `state.json` keeps it. */
export interface StoredCredential {
  readonly plan: CredentialPlan;
  readonly keyId: string;
  /** DER SubjectPublicKeyInfo, base64. */
  readonly publicKey: string;
  readonly certificatePem: string;
}

/** The state of a finished sandbox; undefined where there is none, or one of another format. */
export async function readState(folder: string): Promise<SandboxState | undefined> {
  let text: string;
  try {
    text = await readFile(layout.state(folder), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const state = JSON.parse(text) as SandboxState;
  return state.format === 1 ? state : undefined;
}

/** Replaces a file in one step. `mode` 0o600 for keys and PINs. */
export async function writeWhole(file: string, text: string, mode = 0o644): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  await writeFile(part, text, { mode });
  await rename(part, file);
}

/** One maker at a time for a folder: test suites that share one start in parallel. The lock of a dead process is taken over. */
export async function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const file = layout.lock(folder);
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number(await readFile(file, 'utf8').catch(() => ''));
      if (holder > 0 && !isAlive(holder)) await rm(file, { force: true });
      else if (Date.now() > deadline)
        throw new Error(`expected ${file} to be released, process ${holder} still holds it`, { cause: error });
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
