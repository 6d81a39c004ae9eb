import { parentPort } from 'node:worker_threads';
import { runBatch, type WriteBatch } from './write-batch.js';

// The body of a writing thread: one answer, a list of outcomes, for each batch.
parentPort?.on('message', (batch: WriteBatch) => parentPort?.postMessage(runBatch(batch)));
