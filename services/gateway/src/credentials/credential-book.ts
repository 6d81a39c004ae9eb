import { createHash } from 'node:crypto';
import {
  credentialChangeSchema,
  credentialRecordSchema,
  objectKeys,
  SigningError,
  type CredentialChange,
  type CredentialRecord,
} from '@kyso/contracts';
import { getJson, putJson, type ObjectStore } from '@kyso/storage';

/** Who changes a credential, and why. */
export interface ChangeOrigin {
  readonly by: string;
  readonly requestId: string;
  readonly reason?: string | undefined;
}

/** What a change makes of a record; the book counts the revision itself. */
export interface Edit {
  readonly change: Exclude<CredentialChange['change'], 'adopted' | 'enrolled'>;
  readonly delegationId?: string;
  /** Gives the same record when nothing has to be changed; throws to refuse. */
  readonly apply: (record: CredentialRecord) => CredentialRecord;
  /** The revision that the administrator saw; absent: whichever is current. */
  readonly expectedRevision?: number;
}

/** A change without expectedRevision is tried again so often when others are faster. */
const maxTries = 8;
/** Each holds a whole record. */
const changesAtATime = 100;

/**
 * The credentials and every change of them. A change is created under the number of its revision before the record is
 * replaced: of two at the same time one wins, who did what is durable before it counts, and what a crash left undone is
 * completed by whoever changes or enrols next. Each change names the SHA-256 of the one before.
 */
export class CredentialBook {
  constructor(
    private readonly store: ObjectStore,
    private readonly now: () => Date,
  ) {}

  /** The record as it stands, with its newest change in place; undefined when there is none. Throws STORE_UNAVAILABLE. */
  async current(credentialId: string): Promise<CredentialRecord | undefined> {
    const stored = await getJson(this.store, objectKeys.credential(credentialId), credentialRecordSchema);
    let newest = stored;
    for (;;) {
      const next = await this.read(credentialId, (newest?.revision ?? 0) + 1);
      if (next === undefined) break;
      newest = next.change.record;
    }
    if (newest !== undefined && newest !== stored) await this.put(newest);
    return newest;
  }

  /** Throws CREDENTIAL_EXISTS, STORE_UNAVAILABLE. */
  async enrol(record: CredentialRecord, origin: ChangeOrigin): Promise<CredentialRecord> {
    const { credentialId } = record;
    if ((await this.current(credentialId)) === undefined) {
      const enrolled = { ...record, revision: 1 };
      if (await this.create({ change: 'enrolled', record: enrolled }, origin)) {
        await this.put(enrolled);
        return enrolled;
      }
    }
    throw new SigningError('CREDENTIAL_EXISTS', { found: credentialId });
  }

  /** Throws CREDENTIAL_UNKNOWN, CREDENTIAL_CHANGED, STORE_UNAVAILABLE, and what `edit.apply` throws. */
  async change(credentialId: string, edit: Edit, origin: ChangeOrigin): Promise<CredentialRecord> {
    for (let tries = 0; tries < maxTries; tries++) {
      const record = await this.current(credentialId);
      if (record === undefined) throw new SigningError('CREDENTIAL_UNKNOWN', { found: credentialId });
      assertRevision(record, edit.expectedRevision);
      const edited = edit.apply(record);
      if (edited === record) return record;
      // A record from before changes were counted: as it was found is the first entry.
      if (record.revision === undefined) {
        await this.create({ change: 'adopted', record: { ...record, revision: 1 } }, origin);
        const { expectedRevision, ...rest } = edit;
        return this.change(
          credentialId,
          expectedRevision === undefined ? rest : { ...rest, expectedRevision: 1 },
          origin,
        );
      }
      const next = { ...edited, revision: record.revision + 1 };
      const { change, delegationId } = edit;
      if (
        await this.create({ change, record: next, ...(delegationId === undefined ? {} : { delegationId }) }, origin)
      ) {
        await this.put(next);
        // Whoever was held up between two writes may have put an older record over a newer one.
        return (await this.current(credentialId)) ?? next;
      }
    }
    throw new SigningError('CREDENTIAL_CHANGED', { expected: 'one change at a time', found: 'many' });
  }

  /** Changes after a revision, oldest first, at most `changesAtATime`. Throws STORE_UNAVAILABLE. */
  async changes(credentialId: string, after = 0): Promise<CredentialChange[]> {
    const some: CredentialChange[] = [];
    while (some.length < changesAtATime) {
      const found = await this.read(credentialId, after + some.length + 1);
      if (found === undefined) break;
      some.push(found.change);
    }
    return some;
  }

  private async create(
    what: Pick<CredentialChange, 'change' | 'record' | 'delegationId'>,
    { by, requestId, reason }: ChangeOrigin,
  ): Promise<boolean> {
    const { credentialId, revision = 1 } = what.record;
    const previous = await this.read(credentialId, revision - 1);
    const change: CredentialChange = {
      credentialId,
      revision,
      at: this.now().toISOString(),
      by,
      requestId,
      ...(reason === undefined ? {} : { reason }),
      ...what,
      ...(previous === undefined ? {} : { previousSha256: previous.sha256 }),
    };
    return this.store.create(objectKeys.credentialChange(credentialId, revision), Buffer.from(JSON.stringify(change)));
  }

  private put(record: CredentialRecord): Promise<void> {
    return putJson(this.store, objectKeys.credential(record.credentialId), record);
  }

  private async read(
    credentialId: string,
    revision: number,
  ): Promise<{ readonly change: CredentialChange; readonly sha256: string } | undefined> {
    if (revision < 1) return undefined;
    const bytes = await this.store.get(objectKeys.credentialChange(credentialId, revision));
    if (bytes === undefined) return undefined;
    const change = credentialChangeSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    return { change, sha256: createHash('sha256').update(bytes).digest('hex') };
  }
}

function assertRevision(record: CredentialRecord, expected: number | undefined): void {
  const found = record.revision ?? 0;
  if (expected === undefined || expected === found) return;
  throw new SigningError('CREDENTIAL_CHANGED', { expected: `revision ${expected}`, found: `revision ${found}` });
}
