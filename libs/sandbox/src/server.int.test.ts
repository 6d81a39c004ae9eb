import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createSandbox, startSandboxServer, type Sandbox, type SandboxFaults, type SandboxServer } from './index.js';
import { run, temporaryFolder } from './test-folder.js';

const credentials = [
  {
    credentialId: 'leader',
    kind: 'person' as const,
    keyKind: 'p-256' as const,
    subject: { commonName: 'Nguyễn Văn An' },
  },
  {
    credentialId: 'clerk',
    kind: 'person' as const,
    keyKind: 'p-256' as const,
    subject: { commonName: 'Trần Thị Bích' },
  },
];

describe('the sandbox server, judged by openssl', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let sandbox: Sandbox;
  let server: SandboxServer;
  const file = (name: string): string => join(folder.path, name);
  const authority = (id: string): string => file(`pki/${id}.crt.pem`);

  beforeAll(async () => {
    folder = await temporaryFolder();
    // The address in the certificates is free only once somebody listens: make, listen, and make again for the port.
    sandbox = await createSandbox({ folder: folder.path, publicBaseUrl: 'http://127.0.0.1:9', credentials });
    server = await startSandboxServer(sandbox, { port: 0 });
    const { baseUrl } = server;
    await server.close();
    sandbox = await createSandbox({ folder: folder.path, publicBaseUrl: baseUrl, credentials });
    server = await startSandboxServer(sandbox, { port: Number(new URL(baseUrl).port) });
    for (const one of sandbox.credentials) await writeFile(file(`${one.credentialId}.pem`), one.certificatesPem);
    await writeFile(file('data'), 'Quyết định số 12/QĐ-UBND');
  }, 60_000);
  afterEach(() => {
    for (const key of ['tsa', 'ocsp', 'crl', 'slowMs'] as const) delete server.faults[key];
  });
  afterAll(async () => {
    await server.close();
    await folder.remove();
  });

  const post = async (path: string, type: string, body: Uint8Array, to = server.baseUrl): Promise<Buffer> => {
    const response = await fetch(to + path, { method: 'POST', headers: { 'content-type': type }, body });
    expect(response.status).toBe(200);
    return Buffer.from(await response.arrayBuffer());
  };

  const ask = (id: string, hash = 'sha1', ...args: string[]): Promise<{ code: number; text: string }> => {
    const about = ['-issuer', authority('issuing-ca'), `-${hash}`, '-cert', file(`${id}.pem`)];
    const trust = ['-url', `${server.baseUrl}/ocsp`, '-CAfile', sandbox.trustAnchorsFile];
    return run('openssl', ['ocsp', ...about, ...trust, ...args]);
  };
  const fetchCrl = async (name: string): Promise<string> => {
    const response = await fetch(`${server.baseUrl}/crl/${name}.crl`);
    await writeFile(file(`${name}.crl`), Buffer.from(await response.arrayBuffer()));
    await run('openssl', ['crl', '-inform', 'DER', '-in', file(`${name}.crl`), '-out', file(`${name}.crl.pem`)]);
    return file(`${name}.crl.pem`);
  };

  const stamp = async (
    fault?: SandboxFaults['tsa'],
    ...queryArgs: string[]
  ): Promise<{ code: number; text: string }> => {
    await run('openssl', [
      'ts',
      '-query',
      '-data',
      file('data'),
      '-sha256',
      '-cert',
      ...queryArgs,
      '-out',
      file('tsq'),
    ]);
    if (fault !== undefined) server.faults.tsa = fault;
    const reply = await post('/tsa', 'application/timestamp-query', await readFile(file('tsq')));
    await writeFile(file('tsr'), reply);
    const args = ['ts', '-verify', '-queryfile', file('tsq'), '-in', file('tsr')];
    return run('openssl', [...args, '-CAfile', sandbox.tsaTrustAnchorsFile]);
  };
  const verifyWithCrls = async (id: string): Promise<{ code: number; text: string }> => {
    const crls = await Promise.all([fetchCrl('issuing-ca'), fetchCrl('root-ca')]);
    const crlArgs = crls.flatMap((crl) => ['-CRLfile', crl]);
    const chain = ['-CAfile', sandbox.trustAnchorsFile, '-untrusted', authority('issuing-ca'), file(`${id}.pem`)];
    return run('openssl', ['verify', '-crl_check_all', ...crlArgs, ...chain]);
  };

  describe('as a time-stamp authority', () => {
    it('gives a token that openssl verifies with imprint, nonce and chain', async () => {
      expect(await stamp()).toMatchObject({ code: 0 });
      const { text } = await run('openssl', ['ts', '-reply', '-in', file('tsr'), '-text']);
      expect(text).toMatch(/Policy OID: 2\.999\.3161\.1/);
      expect(text).toMatch(/Nonce: 0x/);
      expect(text).toMatch(/Accuracy: 0x01 seconds/);
    });
    it('stamps SHA-512 without a nonce', async () => {
      expect(await stamp(undefined, '-sha512', '-no_nonce')).toMatchObject({ code: 0 });
    });
    it('gives no token for a policy that is not its own', async () => {
      const verdict = await stamp(undefined, '-tspolicy', '2.999.3161.2');
      expect(verdict.code).toBe(1);
      expect(verdict.text).toContain('unacceptedPolicy');
    });
    it.each([
      ['wrong-imprint', 'message imprint mismatch'],
      ['wrong-nonce', 'nonce mismatch'],
      ['rejection', 'rejection'],
      ['garbage', ''],
      ['wrong-eku', 'certificate verify error'],
      ['bad-signature', 'signature failure'],
      ['untrusted', 'certificate verify error'],
      ['wrong-signing-certificate', 'ess'],
    ] as const)('makes the fault %s one that openssl finds', async (fault, reason) => {
      const verdict = await stamp(fault);
      expect(verdict.code).not.toBe(0);
      expect(verdict.text.toLowerCase()).toContain(reason);
    });
    it('answers nonsense with a rejection, not with an error', async () => {
      const reply = await post('/tsa', 'application/timestamp-query', Buffer.from('3003020101', 'hex'));
      await writeFile(file('tsr'), reply);
      expect((await run('openssl', ['ts', '-reply', '-in', file('tsr'), '-text'])).text).toContain(
        'the data submitted has the wrong format',
      );
    });
    it('takes its time from the injected clock', async () => {
      const past = await startSandboxServer(sandbox, { port: 0, now: () => new Date('2025-02-03T04:05:06.700Z') });
      try {
        await run('openssl', ['ts', '-query', '-data', file('data'), '-out', file('tsq')]);
        const reply = await post('/tsa', 'application/timestamp-query', await readFile(file('tsq')), past.baseUrl);
        await writeFile(file('tsr'), reply);
        const { text } = await run('openssl', ['ts', '-reply', '-in', file('tsr'), '-text']);
        expect(text).toContain('Time stamp: Feb  3 04:05:06.7 2025 GMT');
      } finally {
        await past.close();
      }
    });
  });

  describe('as an OCSP responder', () => {
    it('says good, by a delegated responder, with the nonce that was sent', async () => {
      const verdict = await ask('leader');
      expect(verdict.text).toContain('Response verify OK');
      expect(verdict.text).toContain('leader.pem: good');
      expect(verdict.text).not.toContain('nonce');
    });
    it('understands CertIDs in SHA-256', async () => {
      expect((await ask('leader', 'sha256')).text).toContain('leader.pem: good');
    });
    it('answers GET as it answers POST', async () => {
      await run('openssl', [
        'ocsp',
        '-issuer',
        authority('issuing-ca'),
        '-cert',
        file('leader.pem'),
        '-no_nonce',
        '-reqout',
        file('ocq'),
      ]);
      const request = encodeURIComponent((await readFile(file('ocq'))).toString('base64'));
      const response = await fetch(`${server.baseUrl}/ocsp/${request}`);
      await writeFile(file('ocr'), Buffer.from(await response.arrayBuffer()));
      const args = [
        'ocsp',
        '-respin',
        file('ocr'),
        '-issuer',
        authority('issuing-ca'),
        '-cert',
        file('leader.pem'),
        '-no_nonce',
      ];
      expect((await run('openssl', [...args, '-CAfile', sandbox.trustAnchorsFile])).text).toContain('leader.pem: good');
    });
    it.each([
      ['unknown', 'leader.pem: unknown'],
      ['garbage', 'error'],
      ['try-later', 'trylater'],
      ['unauthorised-responder', 'Response Verify Failure'],
      ['bad-signature', 'Response Verify Failure'],
      ['wrong-serial', 'No Status found'],
      ['stale', 'status expired'],
    ] as const)('makes the fault %s one that openssl finds', async (fault, reason) => {
      server.faults.ocsp = fault;
      const verdict = await ask('leader', 'sha1', '-status_age', '3600');
      expect(verdict.text.toLowerCase()).toContain(reason.toLowerCase());
    });
    it('answers unauthorized about certificates of others', async () => {
      const args = ['-issuer', sandbox.tsaTrustAnchorsFile, '-cert', authority('tsa-unit')];
      const { text } = await run('openssl', ['ocsp', ...args, '-url', `${server.baseUrl}/ocsp`, '-noverify']);
      expect(text).toContain('unauthorized');
    });
    it('repeats an answer within a second of its clock, until a switch is flipped or somebody is revoked', async () => {
      const about = ['-issuer', authority('issuing-ca'), '-cert', file('clerk.pem'), '-no_nonce'];
      await run('openssl', ['ocsp', ...about, '-reqout', file('ocq')]);
      const request = await readFile(file('ocq'));
      let at = Date.parse('2026-11-22T10:20:30.100Z');
      const clocked = await startSandboxServer(sandbox, { port: 0, now: () => new Date(at) });
      try {
        const answer = (): Promise<Buffer> => post('/ocsp', 'application/ocsp-request', request, clocked.baseUrl);
        const first = await answer();
        at += 800;
        expect((await answer()).equals(first)).toBe(true);
        clocked.faults.ocsp = 'unknown';
        expect((await answer()).equals(first)).toBe(false);
        delete clocked.faults.ocsp;
        clocked.revoke('clerk');
        expect((await answer()).equals(first)).toBe(false);
        const last = await answer();
        at += 1_000;
        expect((await answer()).equals(last)).toBe(false);
      } finally {
        await clocked.close();
      }
    });
    it('answers nonsense with malformedRequest, not with an error', async () => {
      for (const nonsense of ['', '00', '3003020101', '3080'.repeat(400), '30'.repeat(9)]) {
        const reply = await post('/ocsp', 'application/ocsp-request', Buffer.from(nonsense, 'hex'));
        expect(reply.toString('hex')).toBe('30030a0101');
      }
    });
    it('cuts the connection when it is down, and counts what it sees', async () => {
      const before = server.counts.ocsp;
      server.faults.ocsp = 'down';
      expect(await ask('leader')).toMatchObject({ code: 1 });
      expect(server.counts.ocsp).toBe(before + 1);
    });
  });

  describe('as a publisher of CRLs', () => {
    it('proves a whole chain to openssl', async () => {
      expect(await verifyWithCrls('clerk')).toMatchObject({ code: 0 });
    });
    it('publishes the CA certificates that AIA names', async () => {
      const response = await fetch(`${server.baseUrl}/ca/issuing-ca.crt`);
      await writeFile(file('ca.der'), Buffer.from(await response.arrayBuffer()));
      const { text } = await run('openssl', [
        'x509',
        '-inform',
        'DER',
        '-in',
        file('ca.der'),
        '-noout',
        '-fingerprint',
      ]);
      expect(text).toBe(
        (await run('openssl', ['x509', '-in', authority('issuing-ca'), '-noout', '-fingerprint'])).text,
      );
    });
    it.each([
      ['garbage', 'unable to load'],
      ['bad-signature', 'CRL signature failure'],
      ['stale', 'CRL has expired'],
    ] as const)('makes the fault %s one that openssl finds', async (fault, reason) => {
      server.faults.crl = fault;
      await writeFile(file('issuing-ca.crl.pem'), '');
      const verdict = await verifyWithCrls('clerk');
      expect(verdict.code).not.toBe(0);
      if (fault !== 'garbage') expect(verdict.text).toContain(reason);
    });
    it('revokes at once in OCSP and CRL, and only the one that was named', async () => {
      server.revoke('leader', new Date('2026-01-02T03:04:05Z'));
      const verdict = await verifyWithCrls('leader');
      expect(verdict.code).toBe(2);
      expect(verdict.text).toContain('certificate revoked');
      expect(await verifyWithCrls('clerk')).toMatchObject({ code: 0 });
      const args = ['-issuer', authority('issuing-ca'), '-cert', file('leader.pem'), '-url', `${server.baseUrl}/ocsp`];
      const { text } = await run('openssl', ['ocsp', ...args, '-CAfile', sandbox.trustAnchorsFile]);
      expect(text).toContain('leader.pem: revoked');
      expect(text).toContain('Revocation Time: Jan  2 03:04:05 2026 GMT');
      expect(() => server.revoke('nobody')).toThrow('expected a holder');
    });
  });

  describe('as a process of its own', () => {
    it('says where it listens, takes faults from the holder of the token, and ends on SIGTERM', async () => {
      const main = fileURLToPath(new URL('./server-main.js', import.meta.url));
      const child = spawn(process.execPath, [main, '--folder', folder.path, '--port', '0'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      try {
        const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
        const said = JSON.parse(line) as { event: string; baseUrl: string; controlTokenFile: string };
        expect(said.event).toBe('listening');
        const token = await readFile(said.controlTokenFile, 'utf8');
        const control = (path: string, body: unknown, bearer = token): Promise<Response> =>
          fetch(said.baseUrl + path, {
            method: 'POST',
            headers: { authorization: `Bearer ${bearer}` },
            body: JSON.stringify(body),
          });
        expect((await control('/faults', { crl: 'down' }, 'guess')).status).toBe(401);
        expect((await control('/faults', { crl: 'sideways' })).status).toBe(400);
        expect((await control('/revoke', { credentialId: 'clerk' })).status).toBe(200);
        expect((await control('/faults', { crl: 'down' })).status).toBe(200);
        await expect(fetch(`${said.baseUrl}/crl/root-ca.crl`)).rejects.toThrow('fetch failed');
        expect((await control('/faults', {})).status).toBe(200);
        expect((await fetch(`${said.baseUrl}/crl/root-ca.crl`)).status).toBe(200);
      } finally {
        child.kill('SIGTERM');
      }
      expect((await ended)[0]).toBe(0);
    });
  });
});
