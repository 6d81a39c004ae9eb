import { newId, SigningError, type ApiClientRecord, type SigningJobRequest, type StoredJob } from '@kyso/contracts';
import type { Logger } from 'pino';
import type { DocumentShelf } from '../documents/document-shelf.js';
import { requestSha256, type IdempotencyRecords } from './idempotency.js';
import type { ImageShelf } from './image-shelf.js';
import { placeOf, placesOf, type JobArchive } from './job-archive.js';
import type { JobQueues } from './job-queues.js';
import type { StepValidation } from './step-validation.js';

export interface AcceptanceParts {
  readonly archive: JobArchive;
  readonly queues: JobQueues;
  readonly shelf: DocumentShelf;
  readonly images: ImageShelf;
  readonly idempotency: IdempotencyRecords;
  readonly validation: StepValidation;
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
 * Takes signing jobs. The order of writes lets a crash between any two do no harm:
 * 1. idempotency record: claims the key for a job id; alone it means nothing, and the same request completes it later;
 * 2. request: what is to be done; without the marker it is never run;
 * 3. open marker: from here on the job runs, come what may, since the reconciler finds it;
 * 4. queue: only makes it quick. When Redis fails here, the job is accepted all the same and the answer is 202.
 */
export class JobAcceptance {
  constructor(private readonly parts: AcceptanceParts) {}

  /** Throws every refusal of `StepValidation`, and DOCUMENT_UNKNOWN, VERSION_…, IDEMPOTENCY_KEY_REUSED, …_UNAVAILABLE. */
  async accept(client: ApiClientRecord, request: SigningJobRequest, head: AcceptanceHead): Promise<AcceptedJob> {
    const { archive, queues, shelf, images, idempotency, validation } = this.parts;
    // While Redis is known to be away a new job could only wait; the caller learns it before anything is stored.
    if (!queues.available) throw new SigningError('QUEUE_UNAVAILABLE');
    const key = head.idempotencyKey;
    const bodySha256 = key === undefined ? '' : requestSha256(request);
    // Before any check of the document: the job itself may have made a new version since.
    const earlier = key === undefined ? undefined : await idempotency.find(client, key, bodySha256);
    if (earlier !== undefined) {
      const job = await archive.request(earlier.jobId);
      if (job !== undefined) return this.resume(job);
    }

    const document = await shelf.record(client, request.documentId);
    await shelf.assertCurrent(request.documentId, request.expectedVersion);
    const validated = await validation.validate(client, document, request.steps);
    await Promise.all(validated.images.map((image) => images.keep(image)));

    let jobId = earlier?.jobId ?? newId('job');
    if (key !== undefined && earlier === undefined) {
      jobId = (await idempotency.claim(client, key, { jobId, bodySha256 })).jobId;
    }
    const job = await archive.keepRequest({
      jobId,
      clientId: client.clientId,
      documentId: request.documentId,
      expectedVersion: request.expectedVersion,
      ...(request.reference === undefined ? {} : { reference: request.reference }),
      requestId: head.requestId,
      lane: 'interactive',
      createdAt: new Date().toISOString(),
      steps: validated.steps,
    });
    await archive.markOpen(jobId);
    await this.enqueue(job, () => queues.add(placeOf(job, 0)));
    return { job, isRepeat: false };
  }

  /** A repeat: completes what a crash may have left undone, and changes nothing of a job that runs or has ended. */
  private async resume(job: StoredJob): Promise<AcceptedJob> {
    const { archive, queues } = this.parts;
    if ((await archive.outcome(job.jobId)) === undefined) {
      await archive.markOpen(job.jobId);
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
