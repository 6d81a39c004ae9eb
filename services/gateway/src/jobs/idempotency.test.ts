import { describe, expect, it } from '@jest/globals';
import { newId, signingJobRequestSchema, type ApiClientRecord } from '@kyso/contracts';
import { MemoryStore } from '../../test/memory-store.js';
import { IdempotencyRecords, parseIdempotencyKey, requestSha256 } from './idempotency.js';

const client = { clientId: 'portal' } as ApiClientRecord;

describe('parseIdempotencyKey', () => {
  it('takes visible ASCII up to 255 characters and refuses the rest', () => {
    expect(parseIdempotencyKey('k~!')).toBe('k~!');
    expect(parseIdempotencyKey(undefined)).toBeUndefined();
    for (const bad of ['', 'a b', 'khoá', 'k'.repeat(256), ['a', 'b']]) {
      expect(() => parseIdempotencyKey(bad)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
    }
  });
});

const parse = (value: unknown) => signingJobRequestSchema.parse(value);

describe('requestSha256', () => {
  it('is the same for two spellings of one request and another for another request', () => {
    const step = { credentialId: 'a', role: 'leader', level: 'B-B' };
    const documentId = newId('doc');
    const one = parse({ documentId, expectedVersion: 0, steps: [step] });
    const two = parse({ steps: [{ level: 'B-B', role: 'leader', credentialId: 'a' }], expectedVersion: 0, documentId });
    const three = parse({ documentId, expectedVersion: 1, steps: [step] });
    expect(requestSha256(one)).toBe(requestSha256(two));
    expect(requestSha256(one)).not.toBe(requestSha256(three));
  });
});

describe('IdempotencyRecords', () => {
  it('lets the first writer win and refuses another body', async () => {
    const records = new IdempotencyRecords(new MemoryStore());
    const first = { jobId: newId('job'), bodySha256: 'a'.repeat(64) };
    await expect(records.claim(client, 'key', first)).resolves.toEqual(first);
    await expect(records.claim(client, 'key', { ...first, jobId: newId('job') })).resolves.toEqual(first);
    await expect(records.find(client, 'key', 'b'.repeat(64))).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    const other = { clientId: 'other' } as ApiClientRecord;
    await expect(records.find(other, 'key', 'a'.repeat(64))).resolves.toBeUndefined();
  });
});
