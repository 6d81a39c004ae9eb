import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseCertificatesPem } from '@kyso/cms';
import { bufferSource } from '@kyso/pdf';
import { validatePdf, type RevocationSource, type SignatureReport, type ValidationReport } from './index.js';

const vectors = new URL('../../../test/vectors/', import.meta.url);
const notVectors = new Set(['generator', 'README.md']);

interface Expectation {
  now: string;
  trust: string;
  tsaTrust: string;
  revocation?: { ocspResponses?: string[]; crls?: string[] };
  verdict: string;
  warnings: string[];
  signatures: Record<string, unknown>[];
}

/** How each key of expect.json is read from a report; a key that is not here fails the test. */
const readers: Record<string, (report: SignatureReport) => unknown> = {
  field: ({ field }) => field,
  kind: ({ kind }) => kind,
  verdict: ({ verdict }) => verdict,
  indication: ({ indication }) => indication,
  subIndication: ({ subIndication }) => subIndication,
  level: ({ level }) => level,
  integrity: ({ integrity }) => integrity,
  coverage: ({ coverage }) => coverage,
  certificateChain: ({ certificateChain }) => certificateChain,
  validAtSigningTime: ({ validAtSigningTime }) => validAtSigningTime,
  reasons: ({ reasons }) => reasons.map(({ code }) => code),
  signer: ({ signer }) => signer?.subjectName,
  timestampTrusted: ({ timestamp }) => timestamp?.trusted,
  revocation: ({ revocation: { status, source } }) => ({ status, source }),
};
const documentKeys = new Set(['what', 'now', 'trust', 'tsaTrust', 'revocation', 'verdict', 'warnings', 'signatures']);

const names = readdirSync(vectors)
  .filter((name) => !notVectors.has(name))
  .sort();
const read = (name: string, file: string): Buffer => readFileSync(new URL(`${name}/${file}`, vectors));
const expectationOf = (name: string): Expectation => JSON.parse(read(name, 'expect.json').toString()) as Expectation;

function validate(name: string, expectation: Expectation): Promise<ValidationReport> {
  const pem = (file: string) => parseCertificatesPem(read(name, file).toString());
  const evidence = {
    ocspResponses: (expectation.revocation?.ocspResponses ?? []).map((file) => read(name, file)),
    crls: (expectation.revocation?.crls ?? []).map((file) => read(name, file)),
  };
  const revocation: RevocationSource = { evidenceFor: () => Promise.resolve(evidence) };
  return validatePdf(bufferSource(read(name, 'file.pdf')), {
    trustAnchors: pem(expectation.trust),
    tsaTrustAnchors: pem(expectation.tsaTrust),
    now: new Date(expectation.now),
    ...(expectation.revocation ? { revocation } : {}),
  });
}

describe('the vectors', () => {
  it('are there', () => {
    expect(names.length).toBeGreaterThan(40);
  });

  it.each(names)('%s: the report is as expected', async (name) => {
    const expectation = expectationOf(name);
    expect(Object.keys(expectation).filter((key) => !documentKeys.has(key))).toEqual([]);
    const report = await validate(name, expectation);
    const seen = report.signatures.map((signature, index) => {
      const wanted = Object.keys(expectation.signatures[index] ?? { field: '', verdict: '' });
      return Object.fromEntries(wanted.map((key) => [key, readers[key] ? readers[key](signature) : 'unknown key']));
    });
    expect({
      verdict: report.verdict,
      warnings: report.warnings.map(({ code }) => code),
      signatures: seen,
    }).toEqual({
      verdict: expectation.verdict,
      warnings: expectation.warnings,
      signatures: expectation.signatures,
    });
  });
});
