import { parentPort, workerData } from 'node:worker_threads';
import { runBatch, type WriteRequest } from './write-batch.js';

const bodies = new Uint8Array(workerData as SharedArrayBuffer);

// The body of a writing thread: one answer, a list of outcomes, for each batch.
parentPort?.on('message', (requests: readonly WriteRequest[]) =>
  parentPort?.postMessage(runBatch({ requests, bodies })),
);
