export * from './object-store.js';
export { createJson, getJson, putJson, type Schema } from './json-object.js';
export { assertKey } from './object-key.js';
export { readJob, readOutcome, readRelease, readStepResults } from './job-records.js';
export { openObjectSource, type ObjectSource } from './object-source.js';
export { openStore, type StoreConfig } from './open-store.js';
export type { S3Config } from './s3-config.js';
