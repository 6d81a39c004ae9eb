import { existsSync } from 'node:fs';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { KeyKind } from './credentials.js';

const modulePaths = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];

/** Path of libsofthsm2.so on this machine; undefined when SoftHSM is not installed. */
export function findSofthsmModule(): string | undefined {
  return modulePaths.find((path) => existsSync(path));
}

/** `softhsm2.conf` for tokens that lie in one folder, as files. */
export function softhsmConfText(tokensFolder: string): string {
  return [
    `directories.tokendir = ${tokensFolder}`,
    'objectstore.backend = file',
    'log.level = ERROR',
    'slots.removable = false',
    '',
  ].join('\n');
}

/** Work on the tokens, in the order of its fields; sent to a child process by IPC. PINs stay in their files. */
export interface TokenWork {
  readonly module: string;
  readonly tokens: readonly {
    readonly label: string;
    readonly pinFile: string;
    readonly soPinFile: string;
    /** True: it was made before and must be found. False: it is initialised. */
    readonly exists: boolean;
  }[];
  /** Key pairs to be made; objects that carry the same label are destroyed first. */
  readonly keys: readonly {
    readonly token: string;
    readonly label: string;
    readonly keyId: string;
    readonly keyKind: KeyKind;
  }[];
  /** Certificates to be put beside their keys, in place of older ones. */
  readonly certificates: readonly {
    readonly token: string;
    readonly label: string;
    readonly keyId: string;
    readonly certificateDer: Uint8Array;
    readonly subjectDer: Uint8Array;
    /** DER INTEGER. */
    readonly serialDer: Uint8Array;
    readonly issuerDer: Uint8Array;
  }[];
}

/** What the child sends back: the public keys in the order of `keys`, or what went wrong. */
export type TokenWorkResult = { readonly publicKeys: readonly JsonWebKeyParts[] } | { readonly error: string };

/** A public key as numbers, big-endian, base64url (RFC 7517). */
export type JsonWebKeyParts =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: 'P-256' | 'P-384'; readonly x: string; readonly y: string };

/**
 * Does the work in a short-lived child process. SoftHSM reads SOFTHSM2_CONF once, when the module is loaded: a process
 * that loaded it for one sandbox could never see the tokens of another.
 */
export function runTokenWork(softhsmConf: string, work: TokenWork): Promise<readonly JsonWebKeyParts[]> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./token-work-main.js', import.meta.url)), [], {
      env: { PATH: '/usr/bin:/bin', SOFTHSM2_CONF: softhsmConf },
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const deadline = setTimeout(() => child.kill('SIGKILL'), 120_000);
    let result: TokenWorkResult | undefined;
    child.on('message', (message) => {
      result = message as TokenWorkResult;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(deadline);
      if (result === undefined)
        reject(new Error(`the token process ended with ${signal ?? code} and without an answer`));
      else if ('error' in result) reject(new Error(`the token process failed: ${result.error}`));
      else resolve(result.publicKeys);
    });
    child.send(work);
  });
}
