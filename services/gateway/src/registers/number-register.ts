import { createHash } from 'node:crypto';
import {
  numberClaimSchema,
  objectKeys,
  parseDocumentNumber,
  SigningError,
  vietnamDate,
  type NumberClaim,
  type StoredJob,
} from '@kyso/contracts';
import { createJson, getJson, readJob, readOutcome, type ObjectStore } from '@kyso/storage';
import type { CredentialRegistry } from '../credentials/credential-registry.js';

/** A claim whose job never came to be counts for so long: its request may still be on its way to the store. */
const unbornForMs = 600_000;
/** More claims that came to nothing than a number sees in its life. */
const maxGenerations = 1_000;

interface Register {
  readonly register: string;
  readonly year: string;
}

/**
 * The registers of numbers of outgoing documents, one for each year: no number is given to two documents by mistake. A claim is
 * an object that is created only if absent, so that of two who want a number at the same time one gets it. A claim whose job
 * failed without signing gives the number free: whoever wants it then creates the next generation, which only one can.
 */
export class NumberRegister {
  constructor(
    private readonly parts: {
      readonly store: ObjectStore;
      readonly credentials: CredentialRegistry;
      readonly now: () => Date;
    },
  ) {}

  /** Claims the numbers of a job's steps whose credentials have a register. Throws NUMBER_TAKEN. */
  async claim(job: StoredJob): Promise<void> {
    for (const { role, number, date, credentialId } of job.steps) {
      if (role !== 'clerk' || number === undefined) continue;
      const register = (await this.parts.credentials.find(credentialId))?.record.register;
      if (register === undefined) continue;
      const year = (date ?? vietnamDate(this.parts.now())).slice(0, 4);
      await this.claimOne(job, { register, year }, number);
    }
  }

  /** The claims that count, in the order of their numbers. */
  async list(at: Register): Promise<NumberClaim[]> {
    const newest = new Map<string, string>();
    // Generations have one length: the last key of a number is the newest.
    const keys: string[] = [];
    for await (const { key } of this.parts.store.list(objectKeys.numbersPrefix(at))) keys.push(key);
    for (const key of keys.sort()) newest.set(key.slice(0, key.lastIndexOf('/')), key);
    const claims = await Promise.all(
      [...newest.values()].map((key) => getJson(this.parts.store, key, numberClaimSchema)),
    );
    const counting: NumberClaim[] = [];
    for (const claim of claims) {
      if (claim !== undefined && !(await this.isFree(claim))) counting.push(claim);
    }
    return counting.sort((a, b) => a.number.localeCompare(b.number, 'vi', { numeric: true }));
  }

  private async claimOne(job: StoredJob, at: Register, number: string): Promise<void> {
    const keySha256 = createHash('sha256').update(parseDocumentNumber(number).key, 'utf8').digest('hex');
    const { documentId, jobId, clientId } = job;
    const claimedAt = this.parts.now().toISOString();
    const claim: NumberClaim = { number, documentId, jobId, clientId, claimedAt };
    let newest: NumberClaim | undefined;
    for (let generation = 0; generation < maxGenerations;) {
      const key = objectKeys.numberClaim(at, keySha256, generation);
      const found = await getJson(this.parts.store, key, numberClaimSchema);
      if (found !== undefined) {
        newest = found;
        generation += 1;
        continue;
      }
      if (newest?.documentId === documentId) return;
      if (newest !== undefined && !(await this.isFree(newest))) {
        throw new SigningError('NUMBER_TAKEN', {
          expected: `a number of ${at.year} that no document has`,
          found: `${number}, given to ${newest.documentId} at ${newest.claimedAt}`,
        });
      }
      // Else somebody was faster, and what they wrote is read at the next turn.
      if (await createJson(this.parts.store, key, claim)) return;
    }
    throw new SigningError('NUMBER_TAKEN', { found: `${number}, which was claimed ${maxGenerations} times` });
  }

  /** True when the job that claimed it came to nothing. */
  private async isFree({ jobId, claimedAt }: NumberClaim): Promise<boolean> {
    const { store, now } = this.parts;
    const job = await readJob(store, jobId);
    if (job === undefined) return now().getTime() - Date.parse(claimedAt) > unbornForMs;
    const outcome = await readOutcome(store, job);
    return outcome?.status === 'failed' && !outcome.steps.some(({ number }) => number !== undefined);
  }
}
