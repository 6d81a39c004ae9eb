import { describe, expect, it } from '@jest/globals';
import { jobIdSchema, newId, signingJobRequestSchema } from '@kyso/contracts';
import { jobIdOfKey, parseIdempotencyKey, requestSha256 } from './idempotency.js';

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

describe('jobIdOfKey', () => {
  it('gives each client and key a job id of its own, always the same', () => {
    const ids = [jobIdOfKey('portal', 'key'), jobIdOfKey('portal', 'key2'), jobIdOfKey('portal-k', 'ey')];
    for (const id of ids) expect(jobIdSchema.safeParse(id).success).toBe(true);
    expect(new Set(ids).size).toBe(3);
    expect(jobIdOfKey('portal', 'key')).toBe(ids[0]);
  });
});
