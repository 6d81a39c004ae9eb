import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseCertificatesPem, type Certificate } from '@kyso/cms';
import { EvidenceCollector } from '../src/collect-evidence.js';
import type { Finding, Subject } from '../src/proof-cache.js';
import { makeSandbox, type SandboxFolder } from './cache-under-test.js';

const collectorOver = (
  found: (subject: Subject) => Partial<Finding>,
  now: () => Date = () => new Date(),
): { collector: EvidenceCollector; asked: Subject[]; results: string[] } => {
  const asked: Subject[] = [];
  const results: string[] = [];
  const collector = new EvidenceCollector({
    proofs: {
      find: async (subject) => {
        asked.push(subject);
        return {
          proof: undefined,
          problems: [],
          soughtAtMs: 0,
          refreshAtMs: Infinity,
          expiresAtMs: Infinity,
          ...found(subject),
        };
      },
      touch: () => undefined,
    },
    now,
    limits: { cacheEntries: 10, cacheBytes: 1_000_000 },
    observe: (result) => results.push(result),
  });
  return { collector, asked, results };
};

const proof = (source: 'ocsp' | 'crl', text: string, certificates: Certificate[] = []): Partial<Finding> => ({
  proof: {
    status: 'good',
    source,
    url: '',
    der: Buffer.from(text),
    thisUpdate: new Date(0),
    fetchedAt: new Date(0),
    certificates,
  },
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('EvidenceCollector over findings made by hand', () => {
  let folder: SandboxFolder;
  /** A certificate of the issuing CA without id-pkix-ocsp-nocheck, in the part of a delegated responder. */
  let responder: Certificate | undefined;
  beforeAll(async () => {
    folder = await makeSandbox();
    [responder] = parseCertificatesPem(await readFile(folder.file('sandbox/pki/bystander.crt.pem'), 'utf8'));
  }, 60_000);
  afterAll(() => folder.remove());

  it('adds a CRL about a responder that does not say nocheck, and asks no responder about it', async () => {
    const { collector, asked } = collectorOver((subject) => {
      if (subject.crlOnly) return proof('crl', 'about the responder');
      const isLeaf = subject.certificate.commonName === 'leader';
      return isLeaf
        ? proof('ocsp', 'answer', responder === undefined ? [] : [responder])
        : proof('crl', 'about the CA');
    });
    const evidence = await collector.collect(folder.chainOf('leader'));
    expect(evidence.crls).toEqual([base64('about the CA'), base64('about the responder')]);
    expect(evidence.ocspResponses).toEqual([base64('answer')]);
    expect(evidence.certificates).toEqual([Buffer.from(responder?.der ?? '').toString('base64')]);
    expect(evidence.statuses).toHaveLength(2);
    expect(asked.map((subject) => [subject.certificate.commonName, subject.crlOnly])[2]).toEqual([
      responder?.commonName,
      true,
    ]);
  });

  it('gives one CRL once, although it proves two certificates', async () => {
    const { collector } = collectorOver(() => proof('crl', 'the same'));
    expect((await collector.collect(folder.chainOf('leader'))).crls).toHaveLength(1);
  });

  it('answers a known chain without asking for findings, but not for evidence newer than it has', async () => {
    const { collector, asked, results } = collectorOver(() => proof('crl', 'x'));
    const first = await collector.collect(folder.chainOf('leader'));
    expect(await collector.collect(folder.chainOf('leader'))).toBe(first);
    expect(asked).toHaveLength(2);
    await collector.collect(folder.chainOf('leader'), new Date(1));
    expect(asked).toHaveLength(4);
    expect(results).toEqual(['collected', 'warm', 'collected']);
  });

  it('does not trust what it kept before the clock was put back', async () => {
    let nowMs = 3_600_000;
    const { collector, asked } = collectorOver(
      () => proof('crl', 'x'),
      () => new Date(nowMs),
    );
    await collector.collect(folder.chainOf('leader'));
    nowMs = 0;
    await collector.collect(folder.chainOf('leader'));
    expect(asked).toHaveLength(4);
  });

  it('does not keep an answer longer than its first finding holds', async () => {
    const { collector, asked } = collectorOver(() => ({ ...proof('crl', 'x'), refreshAtMs: Date.now() - 1 }));
    await collector.collect(folder.chainOf('leader'));
    await collector.collect(folder.chainOf('leader'));
    expect(asked).toHaveLength(4);
  });
});
