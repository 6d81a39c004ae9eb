import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What a token saw, in its own order. */
export type ShimRecord =
  /** It misbehaved as ordered. */
  | { readonly call: 'fault'; readonly pid: number; readonly word: string }
  /** A login was answered; `rv` is a CK_RV, 0 for success. */
  | { readonly call: 'login'; readonly pid: number; readonly slot: string; readonly rv: number }
  /** A signature was made. `digest`: the last 32 bytes of what was signed, hexadecimal. */
  | { readonly call: 'sign'; readonly pid: number; readonly slot: string; readonly digest: string };

/** The misbehaving PKCS#11 module of pkcs11-shim.c, with the switches of one test. */
export interface Shim {
  readonly modulePath: string;
  /** For the token host's environment. */
  readonly environment: Readonly<Record<'SHIM_MODULE' | 'SHIM_CONTROL' | 'SHIM_LOG', string>>;
  /** What the module does from now on, a word of pkcs11-shim.c; nothing special without an argument. `label`: of one token alone. */
  order(word?: string, label?: string): Promise<void>;
  /** How often C_Login was called, by all processes. */
  logins(): Promise<number>;
  /** Every login that was answered and every signature that was made, by all processes. */
  records(): Promise<ShimRecord[]>;
}

/** Compiles the shim into `folder`, in front of `module`. */
export async function buildShim(folder: string, module: string): Promise<Shim> {
  const source = fileURLToPath(new URL('../pkcs11-shim.c', import.meta.url));
  const modulePath = join(folder, 'shim.so');
  await promisify(execFile)('cc', ['-shared', '-fPIC', '-O1', '-o', modulePath, source, '-ldl']);
  const control = join(folder, 'shim-control');
  const log = join(folder, 'shim-log');
  const lines = async (): Promise<string[]> => (await readFile(log, 'utf8').catch(() => '')).split('\n');
  return {
    modulePath,
    environment: { SHIM_MODULE: module, SHIM_CONTROL: control, SHIM_LOG: log },
    order: (word, label) =>
      word === undefined ? rm(control, { force: true }) : writeFile(control, [word, label].join(' ').trim()),
    logins: async () => (await lines()).filter((line) => line.startsWith('C_Login ')).length,
    records: async () => (await lines()).flatMap(parseRecord),
  };
}

function parseRecord(line: string): ShimRecord[] {
  const [call, pid, slot = '', fact = ''] = line.split(' ');
  if (call === 'fault') return [{ call, pid: Number(pid), word: slot }];
  if (call === 'login') return [{ call, pid: Number(pid), slot, rv: Number(fact) }];
  if (call === 'sign') return [{ call, pid: Number(pid), slot, digest: fact }];
  return [];
}
