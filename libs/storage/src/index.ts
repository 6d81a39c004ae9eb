export * from './object-store.js';
export { createJson, getJson, putJson, type Schema } from './json-object.js';
export { assertKey } from './object-key.js';
export {
  batchMode,
  readBatch,
  readChunk,
  maxBatchControls,
  readControls,
  readFedChunk,
  readGroupOutcome,
  type BatchMode,
} from './batch-records.js';
export {
  keepEvent,
  keepTimestamped,
  listEvents,
  readEvent,
  removeEvent,
  type Happening,
  type OutboxEntry,
} from './event-outbox.js';
export { closeJob, readJob, readOutcome, readRelease, readReleases, readStepResults } from './job-records.js';
export { storedUseRecords, type StoredUseRecords } from './use-records.js';
export { takeTurn, type WantedVersion } from './version-turns.js';
export { openObjectSource, type ObjectSource } from './object-source.js';
export { openStore, type StoreConfig } from './open-store.js';
export type { S3Config } from './s3-config.js';
