import { execFile } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findSofthsmModule } from './softhsm.js';

const run = promisify(execFile);
const pin = '735109';
const soPin = '94027183';

/** SoftHSM tokens that hold one and the same key, as an organisation's seal on several devices. */
export interface SameKeyTokens {
  readonly module: string;
  readonly softhsmConf: string;
  readonly tokensFolder: string;
  readonly pinFile: string;
  /** CKA_ID, hexadecimal. */
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

/** Initialises a token for each label and imports the same RSA-2048 key into those of `withKey`, by default all. */
export async function makeSameKeyTokens(
  folder: string,
  labels: readonly string[],
  withKey: readonly string[] = labels,
): Promise<SameKeyTokens> {
  const module = findSofthsmModule();
  if (module === undefined) throw new Error('expected SoftHSM 2');
  const tokensFolder = join(folder, 'tokens');
  const softhsmConf = join(folder, 'softhsm2.conf');
  const pinFile = join(folder, 'pin');
  const keyFile = join(folder, 'key.pem');
  await mkdir(tokensFolder, { recursive: true });
  await writeFile(softhsmConf, `directories.tokendir = ${tokensFolder}\nobjectstore.backend = file\n`);
  await writeFile(pinFile, `${pin}\n`, { mode: 0o600 });
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const keyId = '5ea1';
  const util = (...args: string[]): Promise<unknown> =>
    run('softhsm2-util', args, { env: { ...process.env, SOFTHSM2_CONF: softhsmConf } });
  for (const label of labels) {
    await util('--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', soPin);
    if (withKey.includes(label)) {
      await util('--import', keyFile, '--token', label, '--label', 'seal', '--id', keyId, '--pin', pin);
    }
  }
  return { module, softhsmConf, tokensFolder, pinFile, keyId, publicKey };
}
