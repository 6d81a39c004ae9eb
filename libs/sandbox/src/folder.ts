import { randomBytes, randomInt } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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

/**
 * One maker at a time for a folder: test suites that share one start in parallel. Throws after a minute of waiting.
 *
 * Each contender puts an empty file of its own into the folder, `lock-<pid>-<random>`, and has the lock where it then
 * finds no other. The file is made before the list is read, so of two contenders at least one sees the other; who sees
 * one takes its own away and tries again. There is no moment in which a file says nothing about its owner, since the name
 * says it all. The file of a dead process may be removed by anybody at any time, since no name is used twice: two that
 * take over at once cannot remove each other's. A number given to a new process keeps a dead one's lock alive.
 */
export async function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const name = `lock-${process.pid}-${randomBytes(8).toString('hex')}`;
  const file = join(folder, name);
  const deadline = Date.now() + 60_000;
  for (;;) {
    await writeFile(file, '', { flag: 'wx' });
    const other = await otherContender(folder, name);
    if (other === undefined) break;
    await rm(file, { force: true });
    if (Date.now() > deadline)
      throw new Error(`expected ${join(folder, other)} to go, its process still holds the lock`);
    // Random: two that saw each other must not meet again.
    await new Promise((resolve) => setTimeout(resolve, 5 + randomInt(20)));
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** The file of another living contender; those of dead ones are removed. */
async function otherContender(folder: string, own: string): Promise<string | undefined> {
  for (const name of await readdir(folder)) {
    const pid = /^lock-(\d+)-[0-9a-f]+$/.exec(name)?.[1];
    if (pid === undefined || name === own) continue;
    if (isAlive(Number(pid))) return name;
    await rm(join(folder, name), { force: true });
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
