import {
  derivedId,
  isStepRelease,
  objectKeys,
  webhookEventSchema,
  type JobOutcome,
  type StoredJob,
  type VersionRecord,
  type WebhookEvent,
} from '@kyso/contracts';
import { createJson, getJson } from './json-object.js';
import type { ObjectStore } from './object-store.js';

type EventOf<T extends WebhookEvent> = T extends WebhookEvent ? Pick<T, 'type' | 'data'> : never;

/** Something that happened and that the client's webhooks are to be told of. */
export type Happening = EventOf<Exclude<WebhookEvent, { type: 'webhook.test' }>> & {
  readonly clientId: string;
  /** When, as a durable record has it: the same whenever the same is kept again. */
  readonly at: string;
};

/** An event as it lies in the outbox. */
export interface OutboxEntry {
  readonly key: string;
  readonly clientId: string;
  readonly eventId: string;
  /** When it happened, in milliseconds since 1970. */
  readonly atMs: number;
}

/**
 * Keeps an event until every webhook of the client was told of it. Call it before that record is given up which says that it
 * is still to be told (the mark of an open job, of an open batch): then a crash tells it again, with the same id.
 * Harmless when repeated. Throws STORE_UNAVAILABLE, STORE_FULL.
 */
export async function keepEvent(store: ObjectStore, happening: Happening): Promise<void> {
  const { clientId, at, type, data } = happening;
  const event = { id: eventIdOf(happening), type, timestamp: at, data } as WebhookEvent;
  await createJson(store, objectKeys.outboxEvent({ clientId, eventId: event.id, at }), webhookEventSchema.parse(event));
}

/** Derived from what happened and to what, so that a repeat makes the same event. */
function eventIdOf({ clientId, type, data }: Happening): string {
  if (type === 'batch.completed') return derivedId('evt', clientId, type, data.batchId);
  if (type === 'document.timestamped') return derivedId('evt', clientId, type, data.jobId, String(data.version));
  return derivedId('evt', clientId, type, data.jobId);
}

/** All events of the outbox, in no certain order. */
export async function* listEvents(store: ObjectStore): AsyncIterable<OutboxEntry> {
  for await (const { key } of store.list(objectKeys.outboxPrefix)) {
    const [clientId = '', name = ''] = key.slice(objectKeys.outboxPrefix.length).split('/');
    const [atMs = '', eventId = ''] = name.split('.');
    yield { key, clientId, eventId, atMs: Number(atMs) };
  }
}

/** undefined when somebody has removed it. Throws INTERNAL for what is no event. */
export function readEvent(store: ObjectStore, entry: OutboxEntry): Promise<WebhookEvent | undefined> {
  return getJson(store, entry.key, webhookEventSchema);
}

/** Takes the event out of the outbox. */
export function removeEvent(store: ObjectStore, entry: OutboxEntry): Promise<void> {
  return store.delete(entry.key);
}

/** Keeps the event of a job's end, where its client is to be told. */
export async function keepJobEnd(store: ObjectStore, job: StoredJob, outcome: JobOutcome): Promise<void> {
  const { clientId, jobId, documentId, reference, expectedVersion } = job;
  const { status, completedAt: at, steps, failure } = outcome;
  const versions = steps.map(({ version }) => version);
  const data = {
    jobId,
    documentId,
    ...(reference === undefined ? {} : { reference }),
    status,
    version: versions.at(-1) ?? expectedVersion,
    versions,
    ...(steps.some(({ deferredLevel }) => deferredLevel !== undefined) ? { deferred: true } : {}),
    ...(failure === undefined ? {} : { code: failure.code }),
  };
  await keepEvent(store, { clientId, type: `signing-job.${status}`, at, data });
}

/**
 * Keeps the event that a job's signatures have the time-stamp that they were released without, where its client is to be
 * told; nothing while they have none. `releases`: all of the document, in order.
 */
export async function keepTimestamped(
  store: ObjectStore,
  job: StoredJob,
  releases: readonly VersionRecord[],
): Promise<void> {
  if (job.webhooks !== true) return;
  const waited = releases.flatMap((release) =>
    isStepRelease(release) && release.jobId === job.jobId && release.result.deferredLevel !== undefined
      ? [release.result]
      : [],
  );
  const lastWaited = waited.at(-1);
  if (lastWaited === undefined) return;
  // Without its mark it was told before.
  if ((await store.stat(objectKeys.openTimestamp(job))) === undefined) return;
  const added = releases.slice(lastWaited.version).find((release) => !isStepRelease(release));
  if (added === undefined || isStepRelease(added)) return;
  const { version, timestamp, signatures, failure } = added.timestamped;
  const { clientId, jobId, documentId, reference } = job;
  const ours = new Set(waited.map(({ fieldName }) => fieldName));
  const data = {
    jobId,
    documentId,
    ...(reference === undefined ? {} : { reference }),
    version,
    timestamp,
    signatures: signatures.filter(({ fieldName }) => ours.has(fieldName)),
    ...(failure === undefined ? {} : { code: failure.code }),
  };
  await keepEvent(store, { clientId, type: 'document.timestamped', at: added.createdAt, data });
}
