import { setTimeout as sleep } from 'node:timers/promises';
import {
  appliedPolicySchema,
  newId,
  SigningError,
  type ApiClientRecord,
  type DocumentRecord,
  type Lane,
  type ScreeningOverrides,
  type SigningJobRequest,
  type SigningPolicyRecord,
  type StoredJob,
} from '@kyso/contracts';
import type { Logger } from 'pino';
import type { ActivationDesk } from '../activations/activation-desk.js';
import type { FieldCheck } from '../documents/field-check.js';
import type { DocumentShelf } from '../documents/document-shelf.js';
import { jobIdOfKey, requestSha256, type IdempotencyKey } from './idempotency.js';
import type { ImageShelf } from '../images/image-shelf.js';
import type { Policies } from '../policies/policies.js';
import { policyOfRequest } from '../policies/policy-of-request.js';
import type { Quotas } from '../retention/quotas.js';
import type { TemplateRegistry } from '../templates/template-registry.js';
import type { NumberRegister } from '../registers/number-register.js';
import type { WebhookBook } from '../webhooks/webhook-book.js';
import { placeOf, placesOf, type JobArchive } from './job-archive.js';
import type { JobQueues } from './job-queues.js';
import { assertScreened } from './screening.js';
import type { StepValidation, ValidatedSteps } from './step-validation.js';
import type { VersionTurns } from './version-turns.js';

export interface AcceptanceParts {
  readonly archive: JobArchive;
  readonly queues: JobQueues;
  readonly shelf: DocumentShelf;
  readonly images: ImageShelf;
  readonly policies: Policies;
  readonly templates: Pick<TemplateRegistry, 'find'>;
  readonly validation: StepValidation;
  readonly turns: VersionTurns;
  readonly activations: Pick<ActivationDesk, 'assertActivations'>;
  readonly numbers: Pick<NumberRegister, 'claim'>;
  readonly fields: Pick<FieldCheck, 'assertEmpty'>;
  readonly webhooks: Pick<WebhookBook, 'hasEnabled'>;
  /** What is done about findings, where it differs from the default. */
  readonly screening: ScreeningOverrides;
  readonly logger: Logger;
  readonly quotas: Pick<Quotas, 'assertJobs' | 'tookJobs'>;
}

/** What comes with the body of a signing request. */
export interface AcceptanceHead {
  readonly requestId: string;
  readonly idempotencyKey: IdempotencyKey | undefined;
}

/** A request that may be accepted, as it will be stored. */
export interface CheckedRequest extends ValidatedSteps {
  readonly terms: Pick<StoredJob, 'policy' | 'screening'>;
  readonly document: DocumentRecord;
  /** The version that will be signed: the one that the caller has seen, or one that only adds time-stamps to it. */
  readonly version: number;
  /** Of the version that the caller has seen. */
  readonly sha256: string;
}

/** A job that was accepted, now or earlier under the same Idempotency-Key. */
export interface AcceptedJob {
  readonly job: StoredJob;
  readonly isRepeat: boolean;
}

/** A time-stamp's version is made within a second or two of taking its turn. */
const maxTurnTries = 6;
const turnRetryMs = 500;

/** Jobs of one set that are accepted at a time: each may wait for a text to be found. */
const acceptedAtATime = 4;

/**
 * Takes signing jobs. The writes may be cut off by a crash at any point:
 * 1. the request (what is to be done) and the open marker, side by side. A request alone is never run, and the same call with
 *    its Idempotency-Key completes it; a marker alone is removed by the reconciler. With both the job runs, come what may.
 * 2. queue: only makes it quick. When Redis fails here, the job is accepted all the same and the answer is 202.
 */
export class JobAcceptance {
  constructor(private readonly parts: AcceptanceParts) {}

  /** Throws every refusal of `StepValidation`, `FieldCheck` and `ActivationDesk`, and PDF_SCREENED, DOCUMENT_UNKNOWN, VERSION_…, IDEMPOTENCY_KEY_REUSED, …_UNAVAILABLE. */
  async accept(client: ApiClientRecord, request: SigningJobRequest, head: AcceptanceHead): Promise<AcceptedJob> {
    const { archive, queues, quotas } = this.parts;
    // While Redis is known to be away a new job could only wait; the caller learns it before anything is stored.
    if (!queues.available) throw new SigningError('QUEUE_UNAVAILABLE');
    const { clientId } = client;
    const key = head.idempotencyKey;
    const repeatable =
      key === undefined ? undefined : { jobId: jobIdOfKey(clientId, key), bodySha256: requestSha256(request) };
    // Before any check of the document: the job itself may have made a new version since.
    const earlier = repeatable && (await archive.request(repeatable.jobId));
    if (repeatable !== undefined && earlier !== undefined) return this.resume(earlier, repeatable.bodySha256);

    await quotas.assertJobs(client, 1);
    const wanted = await this.prepare(client, request, {
      ...(repeatable ?? { jobId: newId('job') }),
      requestId: head.requestId,
      lane: 'interactive',
    });
    queues.announce(placeOf(wanted, 0));
    const [job] = await Promise.all([archive.keepRequest(wanted), archive.markOpen(wanted)]);
    // Another call with the same key was faster; the second marker goes when its job has ended.
    if (job !== wanted) return this.resume(job, wanted.bodySha256);
    quotas.tookJobs(clientId, 1);
    await this.enqueue(job, () => queues.add(placeOf(job, 0)));
    return { job, isRepeat: false };
  }

  /**
   * The job that a request becomes, with all that has to be there before it is stored: images, turn, numbers. What is stored
   * then, and where, is the caller's. May be repeated with the same id. Throws as `accept` does.
   */
  async prepare(
    client: ApiClientRecord,
    request: SigningJobRequest,
    head: Pick<StoredJob, 'jobId' | 'bodySha256' | 'requestId' | 'lane'>,
  ): Promise<StoredJob> {
    const { images, numbers } = this.parts;
    const checked = await this.checkInTurn(client, request, head);
    const job: StoredJob = {
      ...head,
      clientId: client.clientId,
      documentId: request.documentId,
      expectedVersion: checked.version,
      ...(checked.version === request.expectedVersion ? {} : { seenVersion: request.expectedVersion }),
      ...(request.reference === undefined ? {} : { reference: request.reference }),
      createdAt: new Date().toISOString(),
      ...(request.actor === undefined ? {} : { actor: request.actor }),
      ...checked.terms,
      ...(checked.warnings.length === 0 ? {} : { warnings: [...checked.warnings] }),
      ...((await this.parts.webhooks.hasEnabled(client.clientId)) ? { webhooks: true } : {}),
      steps: checked.steps,
    };
    await Promise.all(checked.images.map((image) => images.keep(image)));
    await numbers.claim(job);
    return job;
  }

  /** Each by itself: what is refused touches no other. Throws nothing for a single job. */
  async acceptAll(
    client: ApiClientRecord,
    requests: readonly SigningJobRequest[],
    head: { readonly requestId: string; readonly idempotencyKey: string | undefined },
  ): Promise<(AcceptedJob | SigningError)[]> {
    const { requestId, idempotencyKey: set } = head;
    const taken: (AcceptedJob | SigningError)[] = [];
    let next = 0;
    const takeTurns = async (): Promise<void> => {
      for (let index = next++; index < requests.length; index = next++) {
        const idempotencyKey = set === undefined ? undefined : { set, index };
        taken[index] = await this.accept(client, requests[index]!, { requestId, idempotencyKey }).catch(
          (error: unknown) => this.refusal(error, requestId),
        );
      }
    };
    await Promise.all(Array.from({ length: acceptedAtATime }, takeTurns));
    return taken;
  }

  private refusal(error: unknown, requestId: string): SigningError {
    if (error instanceof SigningError) return error;
    this.parts.logger.error({ err: error, requestId }, 'a job of a set could not be accepted');
    return new SigningError('INTERNAL', { cause: error });
  }

  /**
   * Checks the request, and takes the turn to make the next version where a signer may be about to make it for a time-stamp.
   * Throws as `check` does, the refusals of activations, and DOCUMENT_BUSY.
   */
  private async checkInTurn(
    client: ApiClientRecord,
    request: SigningJobRequest,
    { jobId, lane }: Pick<StoredJob, 'jobId' | 'lane'>,
  ): Promise<CheckedRequest> {
    for (let tries = 1; ; tries++) {
      const checked = await this.check(client, request, lane);
      // Not in a dry run: nobody gives a PIN for it.
      await this.parts.activations.assertActivations(client, request.steps, checked.sha256);
      if (await this.parts.turns.take(checked, jobId)) return checked;
      if (tries === maxTurnTries) throw new SigningError('DOCUMENT_BUSY', { found: request.documentId });
      await sleep(turnRetryMs);
    }
  }

  /** Everything that can be known of a request before it is accepted; an item of a batch (lane bulk) may wait for its credential. Throws as `accept` does. */
  async check(
    client: ApiClientRecord,
    request: SigningJobRequest,
    lane: Lane = 'interactive',
  ): Promise<CheckedRequest> {
    const { shelf, policies, templates, validation, screening } = this.parts;
    const { documentId, expectedVersion: seenVersion, steps, actor } = request;
    const document = await shelf.record(client, documentId);
    const { version, sha256: currentSha256 } = await shelf.current(document, seenVersion);
    const seen = version === seenVersion ? currentSha256 : (await shelf.wantedVersion(document, seenVersion)).sha256;
    const policy = policies.choose(client, await policyOfRequest(templates, client, request));
    assertScreened(document, screening, client.screening, policy?.screening);
    for (const { attachmentOf } of steps) {
      if (attachmentOf !== undefined) await shelf.record(client, attachmentOf);
    }
    const validated = await validation.validate({ client, document, version, policy, actor, lane }, steps);
    const named = validated.steps.flatMap((step) => step.field ?? []);
    await this.parts.fields.assertEmpty(documentId, version, named);
    return { ...validated, terms: termsOf(client, policy), document, version, sha256: seen };
  }

  /** A repeat: completes what a crash may have left undone, and changes nothing of a job that runs or has ended. */
  private async resume(job: StoredJob, bodySha256: string | undefined): Promise<AcceptedJob> {
    const { archive, queues } = this.parts;
    if (job.bodySha256 !== bodySha256) throw new SigningError('IDEMPOTENCY_KEY_REUSED');
    if ((await archive.outcome(job)) === undefined) {
      await archive.markOpen(job);
      await this.enqueue(job, async () => {
        const knowledge = await queues.probe(placesOf(job));
        if (!knowledge.includes('live')) await queues.add(await archive.currentPlace(job));
      });
    }
    return { job, isRepeat: true };
  }

  private async enqueue(job: StoredJob, add: () => Promise<void>): Promise<void> {
    try {
      await add();
    } catch (error) {
      const { jobId } = job;
      this.parts.logger.warn({ err: error, jobId }, 'job is stored but not queued yet; the reconciler will do it');
    }
  }
}

/** What holds to the job's end, whatever is configured meanwhile. */
function termsOf(client: ApiClientRecord, policy: SigningPolicyRecord | undefined): CheckedRequest['terms'] {
  const screening = { ...client.screening, ...policy?.screening };
  const applied = policy === undefined ? undefined : appliedPolicySchema.parse(policy);
  return {
    ...(applied === undefined ? {} : { policy: applied }),
    ...(Object.keys(screening).length === 0 ? {} : { screening }),
  };
}
