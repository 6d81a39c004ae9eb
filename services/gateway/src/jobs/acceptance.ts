import {
  newId,
  SigningError,
  type ApiClientRecord,
  type ScreeningOverrides,
  type SigningJobRequest,
  type StoredJob,
} from '@kyso/contracts';
import type { Logger } from 'pino';
import type { FieldCheck } from '../documents/field-check.js';
import type { DocumentShelf } from '../documents/document-shelf.js';
import { jobIdOfKey, requestSha256 } from './idempotency.js';
import type { ImageShelf } from './image-shelf.js';
import { placeOf, placesOf, type JobArchive } from './job-archive.js';
import type { JobQueues } from './job-queues.js';
import { assertScreened } from './screening.js';
import type { StepValidation } from './step-validation.js';

export interface AcceptanceParts {
  readonly archive: JobArchive;
  readonly queues: JobQueues;
  readonly shelf: DocumentShelf;
  readonly images: ImageShelf;
  readonly validation: StepValidation;
  readonly fields: Pick<FieldCheck, 'assertEmpty'>;
  /** What is done about findings, where it differs from the default. */
  readonly screening: ScreeningOverrides;
  readonly logger: Logger;
}

/** What comes with the body of a signing request. */
export interface AcceptanceHead {
  readonly requestId: string;
  readonly idempotencyKey: string | undefined;
}

/** A job that was accepted, now or earlier under the same Idempotency-Key. */
export interface AcceptedJob {
  readonly job: StoredJob;
  readonly isRepeat: boolean;
}

/**
 * Takes signing jobs. The writes may be cut off by a crash at any point:
 * 1. the request (what is to be done) and the open marker, side by side. A request alone is never run, and the same call with
 *    its Idempotency-Key completes it; a marker alone is removed by the reconciler. With both the job runs, come what may.
 * 2. queue: only makes it quick. When Redis fails here, the job is accepted all the same and the answer is 202.
 */
export class JobAcceptance {
  constructor(private readonly parts: AcceptanceParts) {}

  /** Throws every refusal of `StepValidation` and `FieldCheck`, and PDF_SCREENED, DOCUMENT_UNKNOWN, VERSION_…, IDEMPOTENCY_KEY_REUSED, …_UNAVAILABLE. */
  async accept(client: ApiClientRecord, request: SigningJobRequest, head: AcceptanceHead): Promise<AcceptedJob> {
    const { archive, queues, shelf, images, validation, screening } = this.parts;
    // While Redis is known to be away a new job could only wait; the caller learns it before anything is stored.
    if (!queues.available) throw new SigningError('QUEUE_UNAVAILABLE');
    const { clientId } = client;
    const key = head.idempotencyKey;
    const repeatable =
      key === undefined ? undefined : { jobId: jobIdOfKey(clientId, key), bodySha256: requestSha256(request) };
    // Before any check of the document: the job itself may have made a new version since.
    const earlier = repeatable && (await archive.request(repeatable.jobId));
    if (repeatable !== undefined && earlier !== undefined) return this.resume(earlier, repeatable.bodySha256);

    const document = await shelf.record(client, request.documentId);
    await shelf.assertCurrent(document, request.expectedVersion);
    assertScreened(document, screening, client.screening);
    const version = request.expectedVersion;
    const validated = await validation.validate(client, { document, version }, request.steps);
    const named = request.steps.flatMap((step) => step.field ?? []);
    await this.parts.fields.assertEmpty(request.documentId, version, named);
    await Promise.all(validated.images.map((image) => images.keep(image)));

    const wanted: StoredJob = {
      ...(repeatable ?? { jobId: newId('job') }),
      clientId,
      documentId: request.documentId,
      expectedVersion: version,
      ...(request.reference === undefined ? {} : { reference: request.reference }),
      requestId: head.requestId,
      lane: 'interactive',
      createdAt: new Date().toISOString(),
      ...(client.screening === undefined ? {} : { screening: client.screening }),
      steps: validated.steps,
    };
    const [job] = await Promise.all([archive.keepRequest(wanted), archive.markOpen(wanted)]);
    // Another call with the same key was faster; the second marker goes when its job has ended.
    if (job !== wanted) return this.resume(job, wanted.bodySha256);
    await this.enqueue(job, () => queues.add(placeOf(job, 0)));
    return { job, isRepeat: false };
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
