import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import { KysoClient, KysoError, JobFailed, sealPin, type ActivationKey } from './index.js';

/** Prettier writes both alike, but for blanks, quotes and commas at ends. */
function plain(text: string): string {
  return text.replaceAll(/[\s'",;()|]/g, '');
}

describe('the types', () => {
  it('are those of docs/openapi.json (npm run generate -w clients/typescript writes them)', () => {
    const root = new URL('../../../../', import.meta.url);
    const flags = ['--default-non-nullable=false', '--root-types', '--root-types-no-schema-prefix'];
    const generator = new URL('node_modules/openapi-typescript/bin/cli.js', root).pathname;
    const written = execFileSync(process.execPath, [generator, new URL('docs/openapi.json', root).pathname, ...flags]);
    const kept = readFileSync(new URL('clients/typescript/src/generated/api.ts', root), 'utf8');
    expect(plain(kept)).toBe(plain(written.toString('utf8')));
  });
});

describe('the client', () => {
  let server: Server;
  let answers: ((request: IncomingMessage, response: ServerResponse) => void)[];
  let seen: { method: string; url: string; key: string | undefined; body: string }[];
  let client: KysoClient;

  beforeEach(async () => {
    [answers, seen] = [[], []];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        seen.push({ method, url, key: headers['idempotency-key'] as string | undefined, body });
        (answers.shift() ?? ok({}))(request, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new KysoClient({ baseUrl, apiKey: 'kyso_test_x', repeat: { tries: 3, firstPauseMs: 1 } });
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const request = { documentId: 'doc_1', expectedVersion: 0, steps: [] };
  const job = { jobId: 'job_1', documentId: 'doc_1', status: 'completed', stepCount: 1, steps: [] };

  it('sends a signing request again with its key, after an error that may pass and a lost connection', async () => {
    answers = [problem(503, 'QUEUE_UNAVAILABLE'), (incoming) => incoming.socket.destroy(), ok(job)];
    expect(await client.sign(request, { idempotencyKey: 'k1', waitSeconds: 5 })).toMatchObject({ jobId: 'job_1' });
    expect(seen.map(({ key, body }) => [key, body])).toEqual(
      Array.from({ length: 3 }, () => ['k1', JSON.stringify(request)]),
    );
  });

  it('gives the words for what answers hold', async () => {
    const groups = { Verdict: { valid: { vi: 'Hợp lệ', en: 'Valid' } } };
    answers = [problem(503, 'SERVICE_STOPPING'), ok({ groups })];
    expect(await client.texts()).toEqual(groups);
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /v1/texts', 'GET /v1/texts']);
  });

  it('gives up in the end, with what was answered last', async () => {
    answers = Array(4).fill(problem(503, 'QUEUE_UNAVAILABLE')) as typeof answers;
    await expect(client.document('doc_1')).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', status: 503 });
    expect(seen).toHaveLength(4);
  });

  it('never sends an upload or a request without a key again', async () => {
    answers = [problem(503, 'STORE_UNAVAILABLE'), problem(503, 'STORE_UNAVAILABLE')];
    await expect(client.upload(new Uint8Array([1]), { name: 'Quyết định.pdf' })).rejects.toThrow(KysoError);
    await expect(client.dryRun(request)).rejects.toThrow(KysoError);
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/documents?name=Quy%E1%BA%BFt+%C4%91%E1%BB%8Bnh.pdf',
      'POST /v1/signing-jobs',
    ]);
  });

  it('does not repeat what will never pass, and shows why', async () => {
    answers = [problem(409, 'VERSION_STALE')];
    const refused = client.sign(request, { idempotencyKey: 'k1' });
    await expect(refused).rejects.toMatchObject({
      code: 'VERSION_STALE',
      messageVi: 'Văn bản đã có phiên bản mới hơn.',
    });
    expect(seen).toHaveLength(1);
  });

  it('waits for the end of a job, and throws its failure', async () => {
    const failure = { code: 'PIN_INCORRECT', messageVi: 'Sai mã PIN.', messageEn: 'Wrong PIN.' };
    answers = [ok({ ...job, status: 'running' }), ok({ ...job, status: 'failed', failure })];
    const ending = client.ended('job_1', { timeoutMs: 5_000, everyMs: 1 });
    await expect(ending).rejects.toMatchObject({ name: 'JobFailed', failure });
    await expect(ending).rejects.toThrow(JobFailed);
  });

  it('gives the bytes of a version', async () => {
    answers = [(_incoming, response) => response.end(Buffer.from('%PDF'))];
    expect(Buffer.from(await client.download('doc_1', 'current')).toString()).toBe('%PDF');
  });
});

describe('a PIN', () => {
  it('is sealed with all that it is good for, and opened by the signer’s key alone', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ECDH-ES+A256KW', { extractable: true });
    const key = { ...(await exportJWK(publicKey)), kid: 'key-1', use: 'enc', alg: 'ECDH-ES+A256KW' } as ActivationKey;
    const expiresAt = new Date('2026-11-23T05:00:00Z');
    const use = { clientId: 'igate', credentialId: 'leader', count: 2, documents: ['a'.repeat(64)], expiresAt };
    const sealed = await sealPin(key, '123456', use);
    expect(JSON.stringify(sealed)).not.toContain('123456');
    const { plaintext, protectedHeader } = await compactDecrypt(sealed.sealedPin, privateKey);
    expect(protectedHeader).toMatchObject({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: 'key-1' });
    const { sealedPin: _sealed, ...bounds } = sealed;
    expect(JSON.parse(Buffer.from(plaintext).toString())).toEqual({
      ...bounds,
      clientId: 'igate',
      credentialId: 'leader',
      pin: '123456',
    });
    expect(bounds).toMatchObject({ count: 2, expiresAt: '2026-11-23T05:00:00.000Z' });
    expect(bounds.activationId).toMatch(/^act_[0-9a-z]{26}$/);
  });
});

function ok(body: object) {
  return (_request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  };
}

function problem(status: number, code: string) {
  return (_request: IncomingMessage, response: ServerResponse): void => {
    response.statusCode = status;
    const body = { code, status, messageVi: 'Văn bản đã có phiên bản mới hơn.', title: code };
    response.setHeader('content-type', 'application/problem+json').end(JSON.stringify(body));
  };
}
