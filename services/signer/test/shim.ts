import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The misbehaving PKCS#11 module of pkcs11-shim.c, with the switches of one test. */
export interface Shim {
  readonly modulePath: string;
  /** For the token host's environment. */
  readonly environment: NodeJS.ProcessEnv;
  /** What the module does from now on; nothing special without an argument. */
  order(word?: string): Promise<void>;
  /** How often C_Login was called, by all processes. */
  logins(): Promise<number>;
}

/** Compiles the shim into `folder`, in front of `module`. */
export async function buildShim(folder: string, module: string): Promise<Shim> {
  const source = fileURLToPath(new URL('../../test/pkcs11-shim.c', import.meta.url));
  const modulePath = join(folder, 'shim.so');
  await promisify(execFile)('cc', ['-shared', '-fPIC', '-O1', '-o', modulePath, source, '-ldl']);
  const control = join(folder, 'shim-control');
  const log = join(folder, 'shim-log');
  return {
    modulePath,
    environment: { SHIM_MODULE: module, SHIM_CONTROL: control, SHIM_LOG: log },
    order: (word) => (word === undefined ? rm(control, { force: true }) : writeFile(control, word)),
    async logins() {
      const lines = await readFile(log, 'utf8').catch(() => '');
      return lines.split('\n').filter((line) => line !== '').length;
    },
  };
}
