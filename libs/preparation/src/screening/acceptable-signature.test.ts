import type { SignatureReport } from '@kyso/validation';
import { describe, expect, it } from '@jest/globals';
import { isAcceptable, lacksOnlyRevocation } from './acceptable-signature.js';

const note = (code: string): SignatureReport['reasons'][number] => ({ code, vi: '', en: '' });

/** A B-B signature without revocation evidence, but for what is said. */
function report(more: Partial<SignatureReport> = {}): SignatureReport {
  return {
    field: 'Signature1',
    kind: 'signature',
    verdict: 'indeterminate',
    indication: 'INDETERMINATE',
    subIndication: 'TRY_LATER',
    reasons: [note('REVOCATION_NOT_FOUND'), note('TIME_NOT_PROVEN')],
    level: 'B-B',
    algorithm: 'RSA-2048 PKCS#1 v1.5 SHA-256',
    integrity: 'passed',
    coverage: 'whole-file',
    revision: 1,
    certificateChain: 'passed',
    validAtSigningTime: 'passed',
    revocation: { status: 'unknown', source: 'none' },
    ...more,
  };
}

describe('isAcceptable', () => {
  const warn = { revocationCheck: 'warn' } as const;
  const require = { revocationCheck: 'require' } as const;

  it('takes what is valid', () => {
    expect(isAcceptable(report({ verdict: 'valid', reasons: [] }), require)).toBe(true);
  });

  it('takes what lacks revocation evidence only where the policy allows it', () => {
    expect(isAcceptable(report(), warn)).toBe(true);
    expect(isAcceptable(report(), require)).toBe(false);
    expect(lacksOnlyRevocation(report())).toBe(true);
  });

  it('takes a signature whose signer is known to be good and whose CA is not', () => {
    expect(isAcceptable(report({ revocation: { status: 'good', source: 'online' } }), warn)).toBe(true);
  });

  it.each([
    ['ALGORITHM_NOT_ACCEPTED'],
    ['ON_HOLD'],
    ['COMPARISON_LIMIT'],
    ['DEADLINE_EXCEEDED'],
    ['REVOKED_NO_POE'],
    ['TIMESTAMP_BROKEN'],
  ])('does not take one of which %s is open besides', (code) => {
    expect(isAcceptable(report({ reasons: [note('REVOCATION_NOT_FOUND'), note(code)] }), warn)).toBe(false);
  });

  it.each([
    [{ verdict: 'invalid' as const }],
    [{ integrity: 'indeterminate' as const }],
    [{ coverage: 'modified' as const }],
    [{ certificateChain: 'indeterminate' as const }],
    [{ validAtSigningTime: 'failed' as const }],
  ])('does not take one with %j', (more) => {
    expect(isAcceptable(report(more), warn)).toBe(false);
  });
});
