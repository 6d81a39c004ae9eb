import { describe, expect, it } from '@jest/globals';
import type { Certificate, RevocationProof } from '@kyso/cms';
import {
  decideStatus,
  findingsOfStatus,
  isStatusNeeded,
  summarizeRevocation,
  weighProof,
  type CertificateStatus,
} from './revocation.js';

const at = (day: number): Date => new Date(Date.UTC(2026, 0, day));
const certificate = (changed: Partial<Certificate> = {}): Certificate =>
  ({ commonName: 'Nguyễn Văn An', notAfter: at(300), ocspUrls: [], crlUrls: [], ...changed }) as Certificate;
const proof = (changed: Partial<RevocationProof>): RevocationProof => ({
  status: 'good',
  thisUpdate: at(10),
  nextUpdate: at(20),
  certificates: [],
  ...changed,
});
const signedOn = (day: number) => ({ freshAt: at(day), existedAt: at(day) });

describe('evidence that a signer is good', () => {
  it('serves for a time between thisUpdate and nextUpdate', () => {
    expect(weighProof(proof({}), certificate(), signedOn(15))).toBe('good');
  });

  it('serves for any earlier time, also decades later', () => {
    expect(weighProof(proof({}), certificate(), signedOn(5))).toBe('good');
  });

  it('is stale for a time after nextUpdate', () => {
    expect(weighProof(proof({}), certificate(), signedOn(21))).toBe('stale');
  });

  it('without nextUpdate is stale soon', () => {
    const { nextUpdate: _, ...open } = proof({});
    expect(weighProof(open, certificate(), { freshAt: new Date(at(10).getTime() + 60_000), existedAt: at(11) })).toBe(
      'good',
    );
    expect(weighProof(open, certificate(), signedOn(12))).toBe('stale');
  });

  it('proves nothing when it was issued after the certificate expired', () => {
    expect(weighProof(proof({}), certificate({ notAfter: at(9) }), signedOn(8))).toBe('stale');
  });
});

const revoked = (day: number, reason?: string): RevocationProof =>
  proof({ status: 'revoked', revokedAt: at(day), ...(reason === undefined ? {} : { reason }) });

describe('a revocation', () => {
  it('before the proven time makes the signature invalid', () => {
    expect(weighProof(revoked(4), certificate(), signedOn(5))).toBe('revoked');
  });

  it('at the proven time makes the signature invalid', () => {
    expect(weighProof(revoked(5), certificate(), signedOn(5))).toBe('revoked');
  });

  it('after the proven time does no harm', () => {
    expect(weighProof(revoked(6), certificate(), signedOn(5))).toBe('revoked-later');
  });

  it('without a date counts from ever', () => {
    expect(weighProof(proof({ status: 'revoked' }), certificate(), signedOn(5))).toBe('revoked');
  });

  it('for a while leaves the question open', () => {
    expect(weighProof(revoked(4, 'certificateHold'), certificate(), signedOn(5))).toBe('hold');
  });

  describe('of a time-stamping unit between genTime and now', () => {
    const times = { freshAt: at(5), existedAt: at(50) };

    it.each(['unspecified', 'affiliationChanged', 'superseded', 'cessationOfOperation'])(
      'leaves its tokens good for the reason %s',
      (reason) => {
        expect(weighProof(revoked(6, reason), certificate(), times)).toBe('revoked-later');
      },
    );

    it.each(['keyCompromise', undefined])('ends all its tokens for the reason %s', (reason) => {
      expect(weighProof(revoked(6, reason), certificate(), times)).toBe('revoked');
    });

    it('ends its tokens when it was before genTime', () => {
      expect(weighProof(revoked(4, 'superseded'), certificate(), times)).toBe('revoked');
    });
  });
});

const status = (outcome: CertificateStatus['outcome'], day = 10): CertificateStatus => ({
  certificate: certificate(),
  outcome,
  source: 'dss',
  proof: proof({ thisUpdate: at(day) }),
});

describe('of several pieces of evidence', () => {
  it('a revocation decides', () => {
    expect(decideStatus([status('good'), status('revoked'), status('stale')])?.outcome).toBe('revoked');
  });

  it('the latest decides between equals', () => {
    expect(decideStatus([status('good', 10), status('good', 12), status('good', 11)])?.proof?.thisUpdate).toEqual(
      at(12),
    );
  });

  it('the one that was refused with a reason is shown before those about others', () => {
    const none: CertificateStatus = { certificate: certificate(), outcome: 'none', source: 'none' };
    expect(decideStatus([none, { ...none, refusal: 'STATUS' }])?.refusal).toBe('STATUS');
  });
});

describe('a missing status', () => {
  const missing: CertificateStatus = { certificate: certificate(), outcome: 'none', source: 'none' };

  it('of a signer always leaves the signature open', () => {
    expect(findingsOfStatus(missing, true, true).map(({ code }) => code)).toEqual(['REVOCATION_NOT_FOUND']);
  });

  it('of a CA without any revocation service is not asked for', () => {
    expect(findingsOfStatus(missing, false, true)).toEqual([]);
    expect(isStatusNeeded(certificate(), false)).toBe(false);
  });

  it('of a CA with a revocation service is asked for', () => {
    const withCrl = { ...missing, certificate: certificate({ crlUrls: ['http://crl.example/'] }) };
    expect(findingsOfStatus(withCrl, false, true).map(({ code }) => code)).toEqual(['REVOCATION_NOT_FOUND']);
  });

  it('is told apart from evidence that was found and does not serve', () => {
    const stale = { ...missing, outcome: 'stale' as const };
    expect(findingsOfStatus(stale, true, true).map(({ code }) => code)).toEqual(['REVOCATION_NOT_FRESH']);
    expect(summarizeRevocation(stale)).toEqual({ status: 'unknown', source: 'none' });
  });
});
