import { describe, expect, it } from '@jest/globals';
import type { ApiClientRecord, CredentialRecord, SigningPolicyRecord } from '@kyso/contracts';
import { assertAlgorithms, levelUnder, Policies } from './policies.js';

const archive: SigningPolicyRecord = { name: 'archive', level: 'B-LT', schemes: ['rsa-pss', 'ecdsa'] };
const draft: SigningPolicyRecord = { name: 'draft', level: 'B-B', revocation: 'off' };
const policies = new Policies([archive, draft]);
const client = (names?: string[]) => ({ clientId: 'a', ...(names && { policies: names }) }) as ApiClientRecord;
const credential = { credentialId: 'leader', scheme: 'rsa-pkcs1', digestAlgorithm: 'sha256' } as CredentialRecord;

describe('signing policies', () => {
  it('are those of the configuration, the first one by default', () => {
    expect(policies.list(client())).toEqual({ policies: [archive, draft], default: 'archive' });
    expect(policies.choose(client(), undefined)).toBe(archive);
    expect(policies.choose(client(), 'draft')).toBe(draft);
    expect(new Policies([]).choose(client(), undefined)).toBeUndefined();
  });

  it('are those of the client where it has some, in its order', () => {
    expect(policies.list(client(['draft']))).toEqual({ policies: [draft], default: 'draft' });
    expect(policies.choose(client(['draft', 'archive']), undefined)).toBe(draft);
    expect(() => policies.choose(client(['draft']), 'archive')).toThrow(
      expect.objectContaining({ code: 'POLICY_UNKNOWN', expected: 'draft', found: 'archive' }),
    );
  });

  it('are not replaced by none when the client’s are not configured', () => {
    const held = client(['strict']);
    expect(() => policies.choose(held, undefined)).toThrow(expect.objectContaining({ code: 'POLICY_UNKNOWN' }));
    expect(() => new Policies([]).choose(client(), 'draft')).toThrow(
      expect.objectContaining({ code: 'POLICY_UNKNOWN', expected: 'no policy' }),
    );
  });

  it('give a level to steps that name none, and refuse a lower one', () => {
    expect(levelUnder(archive, undefined)).toBe('B-LT');
    expect(levelUnder(archive, 'B-LTA')).toBe('B-LTA');
    expect(levelUnder(undefined, 'B-B')).toBe('B-B');
    expect(() => levelUnder(archive, 'B-T')).toThrow(expect.objectContaining({ code: 'POLICY_VIOLATED' }));
    expect(() => levelUnder({ name: 'any' }, undefined)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('refuse a credential that signs otherwise', () => {
    expect(() => assertAlgorithms(archive, credential)).toThrow(
      expect.objectContaining({ code: 'POLICY_VIOLATED', found: 'rsa-pkcs1 with sha256, as leader signs' }),
    );
    expect(() => assertAlgorithms({ name: 'x', digestAlgorithms: ['sha512'] }, credential)).toThrow(
      expect.objectContaining({ code: 'POLICY_VIOLATED', expected: 'sha512' }),
    );
    assertAlgorithms(draft, credential);
    assertAlgorithms(undefined, credential);
    assertAlgorithms({ ...archive, schemes: ['rsa-pkcs1'] }, credential);
  });
});
