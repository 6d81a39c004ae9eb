import { describe, expect, it } from '@jest/globals';
import { noteOf, reasonCatalogue, reasonOf, type ReasonCode } from './reasons.js';
import type { Verdict } from './report.js';
import { conclude, concludeDocument } from './verdict.js';

describe('the conclusion of one signature', () => {
  it('is valid when nothing was found', () => {
    expect(conclude([])).toEqual({ verdict: 'valid', indication: 'TOTAL-PASSED', reasons: [] });
  });

  it('stays valid with remarks', () => {
    const conclusion = conclude([{ code: 'TIME_NOT_PROVEN' }]);
    expect(conclusion.verdict).toBe('valid');
    expect(conclusion.subIndication).toBeUndefined();
    expect(conclusion.reasons.map(({ code }) => code)).toEqual(['TIME_NOT_PROVEN']);
  });

  it('is that of the gravest finding, whatever was found first', () => {
    const conclusion = conclude([{ code: 'TIME_NOT_PROVEN' }, { code: 'CHAIN_NOT_FOUND' }, { code: 'HASH_FAILURE' }]);
    expect(conclusion).toMatchObject({
      verdict: 'invalid',
      indication: 'TOTAL-FAILED',
      subIndication: 'HASH_FAILURE',
    });
    expect(conclusion.reasons.map(({ code }) => code)).toEqual(['HASH_FAILURE', 'CHAIN_NOT_FOUND', 'TIME_NOT_PROVEN']);
  });

  it('takes the sub-indication of the first of equals', () => {
    expect(conclude([{ code: 'DOCUMENT_MODIFIED' }, { code: 'HASH_FAILURE' }]).subIndication).toBe('FORMAT_FAILURE');
  });

  it('is indeterminate when information is missing', () => {
    expect(conclude([{ code: 'REVOCATION_NOT_FOUND' }])).toMatchObject({
      verdict: 'indeterminate',
      indication: 'INDETERMINATE',
      subIndication: 'TRY_LATER',
    });
  });
});

const report = (verdict: Verdict, kind = 'signature') => ({ kind, verdict });

describe('the verdict on a document', () => {
  it.each([
    ['valid when all are valid', [report('valid'), report('valid', 'document-timestamp')], 'valid'],
    ['invalid when one is invalid', [report('valid'), report('invalid'), report('indeterminate')], 'invalid'],
    ['indeterminate when one is indeterminate', [report('valid'), report('indeterminate')], 'indeterminate'],
    ['indeterminate without any signature', [], 'indeterminate'],
    ['indeterminate with a time-stamp alone', [report('valid', 'document-timestamp')], 'indeterminate'],
  ] as const)('is %s', (_what, reports, verdict) => {
    expect(concludeDocument(reports)).toBe(verdict);
  });
});

describe('the catalogue of reasons', () => {
  const codes = Object.keys(reasonCatalogue) as ReasonCode[];
  /** ETSI EN 319 102-1, table 6. */
  const failedBy = ['FORMAT_FAILURE', 'HASH_FAILURE', 'SIG_CRYPTO_FAILURE', 'REVOKED', 'EXPIRED', 'NOT_YET_VALID'];

  it.each(codes)('has two different texts and a fitting effect for %s', (code) => {
    const { vi, en, indication, subIndication } = reasonOf(code);
    expect(vi.length).toBeGreaterThan(10);
    expect(en.length).toBeGreaterThan(10);
    expect(vi).not.toBe(en);
    expect(vi.includes('{detail}')).toBe(en.includes('{detail}'));
    if (indication === 'TOTAL-PASSED') expect(subIndication).toBeUndefined();
    if (indication === 'TOTAL-FAILED') expect(failedBy).toContain(subIndication);
    if (indication === 'INDETERMINATE') expect(failedBy).not.toContain(subIndication);
  });

  it('puts the detail into both texts as it is', () => {
    const note = noteOf({ code: 'KEY_USAGE', detail: '$& {detail}' });
    expect(note.vi).toContain('$& {detail}');
    expect(note.en).toContain('$& {detail}');
  });
});
