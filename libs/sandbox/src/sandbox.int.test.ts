import { createHash, X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createSandbox,
  findSofthsmModule,
  openSandbox,
  rememberedBaseUrl,
  type CredentialPlan,
  type KeyKind,
  type Sandbox,
} from './index.js';
import { run, temporaryFolder } from './test-folder.js';

const baseUrl = 'http://127.0.0.1:18080';
const plan = (credentialId: string, keyKind: KeyKind, more: Partial<CredentialPlan> = {}): CredentialPlan => ({
  credentialId,
  kind: 'person',
  keyKind,
  token: 'shared',
  subject: { commonName: 'Nguyễn Văn An', title: 'Phó Chủ tịch', email: 'an@hungyen.example' },
  ...more,
});
const plans = [
  plan('leader', 'rsa-2048'),
  plan('pss', 'rsa-3072', { scheme: 'rsa-pss' }),
  plan('p256', 'p-256'),
  plan('p384', 'p-384', { token: 'own' }),
  plan('expired', 'p-256', { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') }),
];

describe('createSandbox', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let sandbox: Sandbox;
  const open = (url = baseUrl, credentials = plans): Promise<Sandbox> =>
    createSandbox({ folder: folder.path, publicBaseUrl: url, credentials });
  const leafOf = (id: string, from = sandbox): X509Certificate =>
    new X509Certificate(from.credentials.find((one) => one.credentialId === id)?.certificatesPem ?? '');
  const file = (name: string): string => join(folder.path, name);
  const onToken = async (label: string, ...args: string[]): Promise<{ code: number; text: string; stdout: Buffer }> => {
    const pin = (await readFile(sandbox.pinFiles[label] ?? '', 'utf8')).trim();
    const base = ['--module', findSofthsmModule() ?? '', '--token-label', label, '--login', '--pin', pin];
    return run('pkcs11-tool', [...base, ...args], { PATH: process.env['PATH'], SOFTHSM2_CONF: sandbox.softhsmConf });
  };

  beforeAll(async () => {
    folder = await temporaryFolder();
    sandbox = await open();
  }, 60_000);
  afterAll(() => folder.remove());

  it('makes certificates that openssl chains to the root, and refuses with the root of the TSA', async () => {
    const leaf = join(folder.path, 'leaf.pem');
    const issuer = join(folder.path, 'pki', 'issuing-ca.crt.pem');
    for (const credential of sandbox.credentials.filter((one) => one.credentialId !== 'expired')) {
      await writeFile(leaf, credential.certificatesPem);
      const verify = (anchor: string): Promise<{ code: number; text: string }> =>
        run('openssl', ['verify', '-x509_strict', '-CAfile', anchor, '-untrusted', issuer, leaf]);
      expect(await verify(sandbox.trustAnchorsFile)).toMatchObject({ code: 0 });
      expect(await verify(sandbox.tsaTrustAnchorsFile)).toMatchObject({ code: 2 });
    }
  });

  it('makes a time-stamping unit that openssl accepts for that purpose and no other', async () => {
    const unit = join(folder.path, 'pki', 'tsa-unit.crt.pem');
    const verify = (purpose: string): Promise<{ code: number }> =>
      run('openssl', ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', sandbox.tsaTrustAnchorsFile, unit]);
    expect(await verify('timestampsign')).toMatchObject({ code: 0 });
    expect(await verify('smimesign')).toMatchObject({ code: 2 });
  });

  it('keeps names in Vietnamese and puts only the two usages of a signer into the certificate', async () => {
    const leaf = join(folder.path, 'leaf.pem');
    await writeFile(leaf, sandbox.credentials[0]?.certificatesPem ?? '');
    const { text } = await run('openssl', ['x509', '-in', leaf, '-noout', '-text', '-nameopt', 'utf8,sep_comma_plus']);
    expect(text).toContain('title=Phó Chủ tịch,CN=Nguyễn Văn An');
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature, Non Repudiation\n/);
    expect(text).toContain(`OCSP - URI:${baseUrl}/ocsp`);
    expect(text).toContain(`URI:${baseUrl}/crl/issuing-ca.crl`);
  });

  it('generates keys inside the token that can never leave it, with the certificate beside them', async () => {
    const { text } = await onToken('shared', '--list-objects');
    expect(text.match(/Private Key Object/g)).toHaveLength(4);
    expect(text.match(/sensitive, always sensitive, never extractable, local/g)).toHaveLength(4);
    expect(text.match(/Certificate Object/g)).toHaveLength(4);
    const { keyId } = sandbox.credentials[0] ?? { keyId: '' };
    expect(text.match(new RegExp(`ID: +${keyId}`, 'g'))).toHaveLength(3);
  });

  it.each([
    ['leader', ['-m', 'RSA-PKCS'], ['rsa_padding_mode:pkcs1']],
    [
      'pss',
      ['-m', 'RSA-PKCS-PSS', '--hash-algorithm', 'SHA256', '--mgf', 'MGF1-SHA256', '--salt-len', '32'],
      ['rsa_padding_mode:pss', 'rsa_pss_saltlen:32', 'digest:sha256'],
    ],
    ['p256', ['-m', 'ECDSA', '--signature-format', 'openssl'], []],
  ])('signs with the key of %s on the token what openssl verifies with the certificate', async (id, how, options) => {
    const { keyId } = sandbox.credentials.find((one) => one.credentialId === id) ?? { keyId: '' };
    await writeFile(file('digest'), createHash('sha256').update('Quyết định').digest());
    await writeFile(file('key.pem'), leafOf(id).publicKey.export({ type: 'spki', format: 'pem' }));
    const files = ['-i', file('digest'), '-o', file('signature')];
    expect(await onToken('shared', '--sign', '--id', keyId, ...how, ...files)).toMatchObject({ code: 0 });
    const verify = ['pkeyutl', '-verify', '-pubin', '-inkey', file('key.pem'), '-in', file('digest')];
    const settings = options.flatMap((option) => ['-pkeyopt', option]);
    expect(await run('openssl', [...verify, '-sigfile', file('signature'), ...settings])).toMatchObject({ code: 0 });
  });

  it('keeps PINs and software keys from everyone else', async () => {
    const files = [...Object.values(sandbox.pinFiles), join(folder.path, 'pki', 'root-ca.key.pem')];
    for (const path of files) expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
    expect(Object.keys(sandbox.pinFiles).sort()).toEqual(['own', 'shared']);
  });

  it('opens an existing folder without changing anything, also for several callers at once', async () => {
    const again = await Promise.all([open(), open(), openSandbox(folder.path)]);
    for (const one of again) expect(one).toEqual(sandbox);
    expect(await rememberedBaseUrl(folder.path)).toBe(baseUrl);
  });

  it('issues new certificates for the same keys when the base URL changes, on the token too', async () => {
    const moved = await open('http://127.0.0.1:18999');
    const before = leafOf('leader');
    const after = leafOf('leader', moved);
    expect(after.fingerprint256).not.toBe(before.fingerprint256);
    expect(after.publicKey.equals(before.publicKey)).toBe(true);
    expect(moved.credentials.map((one) => one.keyId)).toEqual(sandbox.credentials.map((one) => one.keyId));
    const read = file('read.der');
    const { keyId } = moved.credentials[0] ?? { keyId: '' };
    expect(await onToken('shared', '--read-object', '--type', 'cert', '--id', keyId, '-o', read)).toMatchObject({
      code: 0,
    });
    expect(new X509Certificate(await readFile(read)).fingerprint256).toBe(after.fingerprint256);
    sandbox = moved;
  });

  it('adds a new plan, and gives a changed plan a new certificate for its old key', async () => {
    const later = plans.map((one) =>
      one.credentialId === 'p256' ? { ...one, subject: { commonName: 'Trần Thị Bích' } } : one,
    );
    const grown = await open(sandbox.publicBaseUrl, [...later, plan('added', 'p-256')]);
    expect(grown.credentials.map((one) => one.credentialId)).toContain('added');
    expect(leafOf('p256', grown).subject).toContain('Trần Thị Bích');
    expect(leafOf('p256', grown).publicKey.equals(leafOf('p256').publicKey)).toBe(true);
    expect(leafOf('leader', grown).fingerprint256).toBe(leafOf('leader').fingerprint256);
  });

  it('refuses names that do not fit a token label', async () => {
    await expect(open(sandbox.publicBaseUrl, [plan('Lãnh đạo', 'p-256')])).rejects.toThrow('expected a-z');
  });

  it('makes the large keys too: RSA-4096 and P-384 sign on the token what openssl verifies', async () => {
    const large = await open(sandbox.publicBaseUrl, [...plans, plan('rsa4096', 'rsa-4096', { token: 'own' })]);
    expect(leafOf('rsa4096', large).publicKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 4096 });
    expect(leafOf('p384', large).publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'secp384r1' });
    await writeFile(file('digest'), createHash('sha384').update('Quyết định').digest());
    for (const [id, how, options] of [
      // PKCS#1 v1.5 over the bare digest, as both sides do without being told the hash.
      ['rsa4096', ['-m', 'RSA-PKCS'], ['-pkeyopt', 'rsa_padding_mode:pkcs1']],
      ['p384', ['-m', 'ECDSA', '--signature-format', 'openssl'], []],
    ] as const) {
      const { keyId } = large.credentials.find((one) => one.credentialId === id) ?? { keyId: '' };
      await writeFile(file('key.pem'), leafOf(id, large).publicKey.export({ type: 'spki', format: 'pem' }));
      const files = ['-i', file('digest'), '-o', file('signature')];
      expect(await onToken('own', '--sign', '--id', keyId, ...how, ...files)).toMatchObject({ code: 0 });
      const verify = ['pkeyutl', '-verify', '-pubin', '-inkey', file('key.pem'), '-in', file('digest')];
      expect(await run('openssl', [...verify, '-sigfile', file('signature'), ...options])).toMatchObject({ code: 0 });
    }
  }, 90_000);
});
