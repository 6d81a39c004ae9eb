import {
  batchItemRequestSchema,
  derivedId,
  signingJobRequestSchema,
  SigningError,
  toFailure,
  type ApiClientRecord,
  type BatchItem,
  type BatchItemRequest,
  type ChunkJob,
  type ManifestLine,
  type SigningJobRequest,
  type StepOverride,
  type StoredBatch,
} from '@kyso/contracts';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Inbox } from '../documents/inbox.js';
import type { JobAcceptance } from '../jobs/acceptance.js';
import type { JobArchive } from '../jobs/job-archive.js';

export interface ItemAcceptanceParts {
  readonly acceptance: Pick<JobAcceptance, 'prepare'>;
  readonly archive: Pick<JobArchive, 'keepRequest'>;
  readonly inbox: Pick<Inbox, 'take'>;
  readonly logger: Logger;
}

/** An item that is to be signed, or what became of it. */
export type AcceptedItem =
  { readonly kind: 'accepted'; readonly item: ChunkJob } | { readonly kind: 'refused'; readonly item: BatchItem };

/** Makes jobs of the lines of manifests, by the same rules as of requests for single ones. */
export class ItemAcceptance {
  constructor(private readonly parts: ItemAcceptanceParts) {}

  /** The same line of the same batch always makes the same job. Throws only what passes: …_UNAVAILABLE, STORE_FULL. */
  async accept(client: ApiClientRecord, batch: StoredBatch, line: ManifestLine): Promise<AcceptedItem> {
    const { item } = line;
    const jobId = derivedId('job', 'item of a batch', batch.batchId, String(item));
    const known: Partial<BatchItem> = {};
    try {
      const request = parsed(batchItemRequestSchema.safeParse(line.request));
      const { object, reference } = request;
      if (reference !== undefined) known.reference = reference;
      if (object !== undefined) known.object = object;
      const documentId = await this.documentOf(client, batch, { item, request });
      known.documentId = documentId;
      const job = await this.parts.acceptance.prepare(client, jobRequestOf(batch, { line, request, documentId }), {
        jobId,
        requestId: batch.requestId,
        lane: 'bulk',
      });
      // The register of numbers asks after the job that took one.
      if (job.steps.some(({ number }) => number !== undefined)) await this.parts.archive.keepRequest(job);
      return { kind: 'accepted', item: { item, ...(object === undefined ? {} : { object }), job } };
    } catch (error) {
      return { kind: 'refused', item: { item, ...known, ...this.refusal(error, batch, item) } };
    }
  }

  private async documentOf(
    client: ApiClientRecord,
    { batchId }: StoredBatch,
    { item, request }: { readonly item: number; readonly request: BatchItemRequest },
  ): Promise<string> {
    const { documentId, object } = request;
    if (documentId !== undefined) return documentId;
    if (object === undefined) throw new SigningError('REQUEST_INVALID', { expected: 'documentId or object' });
    const made = derivedId('doc', 'item of a batch', batchId, String(item));
    await this.parts.inbox.take(client, object, made);
    return made;
  }

  /** Throws what the whole batch waits for. */
  private refusal(error: unknown, batch: StoredBatch, item: number): Pick<BatchItem, 'status' | 'endedAt' | 'failure'> {
    if (error instanceof SigningError && waitsFor.has(error.code)) throw error;
    if (!(error instanceof SigningError)) {
      this.parts.logger.error({ err: error, batchId: batch.batchId, item }, 'an item of a batch could not be accepted');
    }
    const refusal = error instanceof SigningError ? error : new SigningError('INTERNAL', { cause: error });
    return { status: 'failed', endedAt: new Date().toISOString(), failure: toFailure(refusal) };
  }
}

const waitsFor: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'STORE_FULL', 'QUEUE_UNAVAILABLE', 'RATE_LIMITED']);

function jobRequestOf(
  batch: StoredBatch,
  of: { readonly line: ManifestLine; readonly request: BatchItemRequest; readonly documentId: string },
): SigningJobRequest {
  const { line, request, documentId } = of;
  const { steps: overrides = [], reference, expectedVersion } = request;
  if (overrides.length > batch.steps.length) {
    throw new SigningError('REQUEST_INVALID', {
      expected: `at most ${batch.steps.length} steps, as the batch has`,
      found: String(overrides.length),
    });
  }
  const stepsDone = line.stepsDone ?? 0;
  const steps = batch.steps.map((step, index) => overridden(step, overrides[index] ?? {})).slice(stepsDone);
  const policy = request.policy ?? batch.policy;
  const actor = request.actor ?? batch.actor;
  return parsed(
    signingJobRequestSchema.safeParse({
      documentId,
      expectedVersion: expectedVersion + stepsDone,
      steps,
      ...(reference === undefined ? {} : { reference }),
      ...(policy === undefined ? {} : { policy }),
      ...(actor === undefined ? {} : { actor }),
    }),
  );
}

/** An item's own place or field goes before the batch's field or place, its own appearance before the batch's template. */
function overridden(step: StoredBatch['steps'][number], own: StepOverride): object {
  const merged: Record<string, unknown> = { ...step };
  for (const [left, right] of [
    ['field', 'placement'],
    ['template', 'appearance'],
  ] as const) {
    if (own[left] !== undefined) delete merged[right];
    if (own[right] !== undefined) delete merged[left];
  }
  return { ...merged, ...own };
}

function parsed<T>(result: z.ZodSafeParseResult<T>): T {
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new SigningError('REQUEST_INVALID', {
    found: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`.slice(0, 300),
  });
}
