import type { AuditUses, KeyUse, Loss } from './audit-uses.js';

/** Port to what the object store says of the outcome of uses. */
export interface UseRecords {
  /** What released the version; undefined when nothing did, or when it was no step of a job. */
  releaseOf(
    documentId: string,
    version: number,
  ): Promise<{ readonly jobId: string; readonly step: number; readonly signatureSha256?: string } | undefined>;
  /** The code of the failure that the job ended with. */
  failureOf(jobId: string): Promise<string | undefined>;
  /** Which step has a claim on the version. */
  claimOf(documentId: string, version: number): Promise<{ readonly jobId: string; readonly step: number } | undefined>;
  hasDocument(documentId: string): Promise<boolean>;
}

/** What became of a use of a key. All but `unexplained` and `gone` are in order. */
export type UseFate =
  /** Its signature stands in a released version. */
  | 'released'
  /** The same bytes were signed as those that were released: by a repeat after a crash. */
  | 'repeated'
  /** The token was not asked to sign. */
  | 'not-used'
  /** The signature was wrong, and was thrown away. */
  | 'wrong'
  /** The signature, if there was one, was lost, and a signer or the job's failure says why. */
  | 'lost'
  /** The step is still at work. */
  | 'open'
  /** The document is not in the store any more. */
  | 'gone'
  | 'unexplained';

export interface AccountedUse extends KeyUse {
  readonly fate: UseFate;
  readonly loss?: Loss;
}

/** The accounts of all uses, and what was released by a signature that no log knows. */
export interface UseAccount {
  readonly uses: readonly AccountedUse[];
  readonly releasedWithoutUse: readonly {
    readonly documentId: string;
    readonly version: number;
    readonly jobId: string;
  }[];
}

/** Versions that are looked up at a time. */
const atATime = 16;

/** Holds every use that the audit logs tell of against what the store has. Throws what the records throw. */
export async function accountForUses(audit: AuditUses, records: UseRecords): Promise<UseAccount> {
  const groups = [...byVersion(audit.uses).values()];
  const uses: AccountedUse[] = [];
  const releasedWithoutUse: UseAccount['releasedWithoutUse'][number][] = [];
  for (let start = 0; start < groups.length; start += atATime) {
    const found = await Promise.all(
      groups.slice(start, start + atATime).map((group) => new VersionAccount(audit, records, group).account()),
    );
    for (const account of found) {
      uses.push(...account.uses);
      releasedWithoutUse.push(...account.releasedWithoutUse);
    }
  }
  return { uses, releasedWithoutUse };
}

function byVersion(uses: readonly KeyUse[]): Map<string, KeyUse[]> {
  const groups = new Map<string, KeyUse[]>();
  for (const use of uses) {
    const key = `${use.documentId}/${use.version}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [use]);
    else group.push(use);
  }
  return groups;
}

/** All uses for one version, whichever jobs they were for. */
class VersionAccount {
  constructor(
    private readonly audit: AuditUses,
    private readonly records: UseRecords,
    private readonly group: readonly KeyUse[],
  ) {}

  async account(): Promise<UseAccount> {
    const [first] = this.group;
    if (first === undefined) return { uses: [], releasedWithoutUse: [] };
    const { documentId, version } = first;
    const release = await this.records.releaseOf(documentId, version);
    const released = release === undefined ? undefined : this.#releasedBy(release);
    const uses: AccountedUse[] = [];
    for (const use of this.group) {
      const fate = use === released ? 'released' : await this.#fateOf(use, released);
      const loss = this.audit.lossOf(use);
      uses.push({ ...use, fate, ...(fate !== 'lost' || loss === undefined ? {} : { loss }) });
    }
    const isUnknown = release !== undefined && released === undefined;
    return { uses, releasedWithoutUse: isUnknown ? [{ documentId, version, jobId: release.jobId }] : [] };
  }

  /** The use whose signature was released. Records from before its hash was kept: the last signature of that step. */
  #releasedBy(release: { jobId: string; step: number; signatureSha256?: string }): KeyUse | undefined {
    return this.group.findLast(
      ({ jobId, step, end }) =>
        jobId === release.jobId &&
        step === release.step &&
        end?.kind === 'signed' &&
        !end.isWrong &&
        (release.signatureSha256 === undefined || end.signatureSha256 === release.signatureSha256),
    );
  }

  async #fateOf(use: KeyUse, released: KeyUse | undefined): Promise<UseFate> {
    const { end, jobId, step, documentId, version } = use;
    if (end?.kind === 'failed' && !end.wasAsked) return 'not-used';
    if (end?.kind === 'signed' && end.isWrong) return 'wrong';
    if (this.audit.lossOf(use) !== undefined) return 'lost';
    if (released?.signedDigest === use.signedDigest) return 'repeated';
    if ((await this.records.failureOf(jobId)) !== undefined) return 'lost';
    const claim = await this.records.claimOf(documentId, version);
    if (released === undefined && claim?.jobId === jobId && claim.step === step) return 'open';
    return (await this.records.hasDocument(documentId)) ? 'unexplained' : 'gone';
  }
}
