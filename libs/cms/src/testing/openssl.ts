import { execFileSync, spawnSync } from 'node:child_process';
import { type KeyObject, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Certificate, parseCertificatesPem } from '../certificate.js';

/** A folder in which the openssl command makes and judges test material. Tests only; nothing exports it. */
export class OpensslFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'kyso-cms-'));

  file(name: string): string {
    return join(this.path, name);
  }

  write(name: string, content: Uint8Array | string): string {
    writeFileSync(this.file(name), content);
    return this.file(name);
  }

  read(name: string): Buffer {
    return readFileSync(this.file(name));
  }

  /** Runs openssl in the folder with all arguments, nested or not; throws with its messages when it fails. */
  run(...args: readonly (string | readonly string[])[]): Buffer {
    return execFileSync('openssl', args.flat(), { cwd: this.path, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Runs openssl and gives everything that it said, whatever its exit code. */
  judge(...args: readonly string[]): { ok: boolean; text: string } {
    const result = spawnSync('openssl', args, { cwd: this.path, encoding: 'utf8' });
    return { ok: result.status === 0, text: `${result.stdout}${result.stderr}` };
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export type KeyKind = 'rsa-2048' | 'rsa-3072' | 'p-256' | 'p-384';

/** A certificate with its key, as objects and as files of the folder. */
export interface Identity {
  readonly name: string;
  readonly certificate: Certificate;
  readonly key: KeyObject;
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface IdentityPlan {
  /** File names without ending. */
  readonly name: string;
  /** In openssl's form, such as /C=VN/CN=Root. */
  readonly subject: string;
  /** Default: p-256, which is made at once. */
  readonly keyKind?: KeyKind;
  /** The key of another identity instead of a new one. */
  readonly keyOf?: Identity;
  /** Lines of an openssl extension section. */
  readonly extensions: readonly string[];
  /** Absent: self-signed. */
  readonly issuer?: Identity;
  /** Hexadecimal. */
  readonly serial?: string;
  readonly days?: number;
  /** Options of openssl for the signature, such as -sha1. */
  readonly signatureOptions?: readonly string[];
}

export const CA_EXTENSIONS = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
export const SIGNER_EXTENSIONS = ['basicConstraints=CA:FALSE', 'keyUsage=critical,digitalSignature,nonRepudiation'];

/** Makes a key and has openssl certify it. */
export function makeIdentity(folder: OpensslFolder, plan: IdentityPlan): Identity {
  const { name, issuer } = plan;
  const key = plan.keyOf?.key ?? makeKey(plan.keyKind ?? 'p-256');
  const keyFile = folder.write(`${name}.key`, key.export({ type: 'pkcs8', format: 'pem' }));
  const extensions = ['subjectKeyIdentifier=hash', ...(issuer ? ['authorityKeyIdentifier=keyid'] : [])];
  const extensionFile = folder.write(`${name}.ext`, [...extensions, ...plan.extensions].join('\n'));
  const publicKeyFile = folder.write(`${name}.pub`, createPublicKey(key).export({ type: 'spki', format: 'pem' }));
  const signWith = issuer
    ? ['-force_pubkey', publicKeyFile, '-CA', issuer.certificateFile, '-CAkey', issuer.keyFile]
    : ['-signkey', keyFile];
  const serial = ['-set_serial', `0x${plan.serial ?? randomSerial()}`, '-days', String(plan.days ?? 3650)];
  const certificateFile = folder.file(`${name}.pem`);
  folder.run(
    ['x509', '-extfile', extensionFile, '-out', certificateFile],
    subjectOptions(folder, plan, keyFile),
    signWith,
    serial,
    plan.signatureOptions ?? ['-sha256'],
  );
  const [certificate] = parseCertificatesPem(readFileSync(certificateFile, 'utf8'));
  return { name, certificate: certificate!, key, certificateFile, keyFile };
}

/** `openssl x509 -new` takes ASCII only; another subject needs a request first. */
function subjectOptions(folder: OpensslFolder, { name, subject }: IdentityPlan, keyFile: string): string[] {
  if (/^[ -~]*$/.test(subject)) return ['-new', '-subj', subject];
  folder.run('req', '-new', '-utf8', '-key', keyFile, '-subj', subject, '-out', `${name}.csr`);
  return ['-req', '-in', `${name}.csr`];
}

const randomSerial = (): string => Math.floor(Math.random() * 2 ** 40 + 2 ** 40).toString(16);

function makeKey(kind: KeyKind): KeyObject {
  if (kind === 'p-256' || kind === 'p-384') {
    return generateKeyPairSync('ec', { namedCurve: kind === 'p-256' ? 'P-256' : 'P-384' }).privateKey;
  }
  return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(4)) }).privateKey;
}

/** A root, an issuing authority below it, and a signer: what most tests need. */
export function makeChain(folder: OpensslFolder, keyKind: KeyKind = 'rsa-2048') {
  const root = makeIdentity(folder, { name: 'root', subject: '/C=VN/O=Kyso/CN=Root', extensions: CA_EXTENSIONS });
  const issuing = makeIdentity(folder, {
    name: 'issuing',
    subject: '/C=VN/O=Kyso/CN=Issuing',
    extensions: ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=critical,keyCertSign,cRLSign'],
    issuer: root,
  });
  const signer = makeIdentity(folder, {
    name: 'signer',
    subject: '/C=VN/O=UBND tỉnh Hưng Yên/CN=Nguyễn Văn An',
    keyKind,
    extensions: SIGNER_EXTENSIONS,
    issuer: issuing,
  });
  return { root, issuing, signer };
}
