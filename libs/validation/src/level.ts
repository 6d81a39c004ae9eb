import type { Certificate } from '@kyso/cms';
import type { CertificateJudgement } from './certificate-judgement.js';
import type { EvidenceStore } from './evidence-store.js';
import type { Level } from './report.js';
import { isStatusNeeded } from './revocation.js';

/** What the level is read from. */
export interface LevelFacts {
  /** No deviation from the baseline, right integrity and coverage. */
  readonly baseline: boolean;
  /** The signature's own time-stamp is trusted, or a trusted document time-stamp covers it. */
  readonly timestamped: boolean;
  readonly signer: CertificateJudgement;
  /** Of the signature's own trusted time-stamp. */
  readonly tsa?: CertificateJudgement | undefined;
  /** Certificates in the CMS and in its token. */
  readonly embedded: readonly Certificate[];
  readonly store: EvidenceStore;
}

/** The baseline level that is reached (ETSI EN 319 142-1, 6): each one includes those before. */
export function levelOf(facts: LevelFacts): Level {
  if (!facts.baseline) return 'none';
  if (!facts.timestamped) return 'B-B';
  if (!hasLongTermData(facts)) return 'B-T';
  return isArchived(facts) ? 'B-LTA' : 'B-LT';
}

/**
 * B-LT: the document holds the certificates of the signer's and the unit's chain (the anchor may be left out), and in its
 * DSS the evidence that decides their revocation status (ETSI EN 319 142-1, 6.3, requirements for B-LT).
 */
function hasLongTermData({ signer, tsa, embedded, store }: LevelFacts): boolean {
  const held = new Set([...embedded, ...store.certificates].map(({ sha256 }) => sha256));
  return [signer, ...(tsa ? [tsa] : [])].every((judgement, which) => {
    const issued = judgement.chain && judgement.chain.length > 1 ? judgement.chain.slice(0, -1) : judgement.chain;
    return (
      issued?.every((certificate) => held.has(certificate.sha256)) === true &&
      judgement.statuses.every(
        (status, index) => status.source === 'dss' || !isStatusNeeded(status.certificate, which === 0 && index === 0),
      )
    );
  });
}

/** B-LTA: a trusted document time-stamp covers the evidence that B-LT rests on (ETSI EN 319 142-1, 5.4.3). */
function isArchived({ signer, tsa, store }: LevelFacts): boolean {
  const evidence = [...signer.statuses, ...(tsa?.statuses ?? [])].flatMap(({ source, item }) =>
    source === 'dss' && item ? [item] : [],
  );
  return evidence.length > 0 && evidence.every((item) => store.isArchived(item));
}
