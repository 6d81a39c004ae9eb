import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';

/** Where bodies are written before they get their name; on the same file system, because rename and link need that. */
export const temporaryName = '.tmp';

/** One change of a folder store, in the form that is sent to a writing thread. */
export interface WriteRequest {
  /** create fails when the name is there; try writes a file, makes it durable and removes it. */
  readonly action: 'put' | 'create' | 'try';
  /** The store's folder. */
  readonly folder: string;
  /** The object's file; empty for try. */
  readonly path: string;
  /** Directories above the file that this process has not yet seen durable, outermost first. */
  readonly directories: readonly string[];
  /** The file that holds the body, durable already; it is removed by all means. Absent: the body is in the batch. */
  readonly temporary?: string;
  /** How many of the batch's bytes are the body. */
  readonly bodyBytes: number;
  readonly durable: boolean;
}

/** true: done; false: the name was taken (create); else the disk's error (code: `ENOSPC`, `EIO`…). */
export type WriteOutcome = boolean | { readonly code: string; readonly message: string };

/** Requests that are done together, and their bodies one after the other. */
export interface WriteBatch {
  readonly requests: readonly WriteRequest[];
  readonly bodies: Uint8Array;
}

/** A request on its way through the batch. */
interface Step {
  readonly request: WriteRequest;
  temporary: string | undefined;
  fd: number | undefined;
  outcome: WriteOutcome;
}

const namesOfThisThread = randomBytes(15).toString('base64url');
let names = 0;

/**
 * Does the requests with synchronous calls and answers each of them, in order; throws nothing. All bodies are written, then all
 * made durable, then they get their names, and each directory that got names is made durable once: a name never becomes durable
 * before its body, and nothing is answered before both are.
 */
export function runBatch({ requests, bodies }: WriteBatch): WriteOutcome[] {
  const steps = requests.map((request): Step => ({
    request,
    temporary: request.temporary,
    fd: undefined,
    outcome: true,
  }));
  let offset = 0;
  for (const step of steps) {
    const body = bodies.subarray(offset, (offset += step.request.bodyBytes));
    attempt(step, () => writeBody(step, body));
  }
  for (const step of steps) attempt(step, () => finishBody(step));
  const changed = new Map<string, Step[]>();
  for (const step of steps) {
    attempt(step, () => giveName(step, changed));
    removeTemporary(step);
  }
  for (const [directory, waiting] of changed) makeDurable(directory, waiting);
  return steps.map(({ outcome }) => outcome);
}

function attempt(step: Step, work: () => void): void {
  if (step.outcome !== true) return;
  try {
    work();
  } catch (error) {
    step.outcome = asOutcome(error);
  }
}

function asOutcome(error: unknown): WriteOutcome {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { code: typeof code === 'string' ? code : '', message: String(message) };
}

function writeBody(step: Step, body: Uint8Array): void {
  const { request } = step;
  if (request.temporary !== undefined) return;
  const path = join(request.folder, temporaryName, `${namesOfThisThread}-${names++}`);
  step.fd = fs.openSync(path, 'wx', 0o600);
  step.temporary = path;
  for (let written = 0; written < body.byteLength;) {
    written += fs.writeSync(step.fd, body, written, body.byteLength - written);
  }
}

function finishBody(step: Step): void {
  if (step.fd !== undefined && step.request.durable) fs.fdatasyncSync(step.fd);
}

function giveName(step: Step, changed: Map<string, Step[]>): void {
  const { action, path, directories, durable } = step.request;
  if (action === 'try') return;
  const changes = (name: string): void => {
    const directory = dirname(name);
    const waiting = changed.get(directory);
    if (waiting === undefined) changed.set(directory, [step]);
    else waiting.push(step);
  };
  for (const directory of directories) {
    // A file in the way shows when the object is put there.
    isFree(() => fs.mkdirSync(directory, { mode: 0o700 }));
    // Also where another process made it: it may not have come to its fsync yet.
    if (durable) changes(directory);
  }
  const { temporary } = step;
  if (temporary === undefined) return;
  if (action === 'create') step.outcome = isFree(() => fs.linkSync(temporary, path));
  else {
    fs.renameSync(temporary, path);
    step.temporary = undefined;
  }
  // Also when it was taken: the answer "it is there" must not be undone by a power cut, whoever wrote it.
  if (durable) changes(path);
}

/** false when the name is taken. */
function isFree(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return false;
    throw error;
  }
}

function removeTemporary(step: Step): void {
  try {
    if (step.fd !== undefined) fs.closeSync(step.fd);
  } catch (error) {
    if (step.outcome === true) step.outcome = asOutcome(error);
  }
  try {
    if (step.temporary !== undefined) fs.unlinkSync(step.temporary);
  } catch (error) {
    // What stays is removed later as a stray, except where removing is what was asked for.
    if (step.request.action === 'try') step.outcome = asOutcome(error);
  }
}

/** Makes the names in the directory durable, or fails the requests that wait for it. */
function makeDurable(directory: string, waiting: readonly Step[]): void {
  try {
    const fd = fs.openSync(directory, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    for (const step of waiting) if (typeof step.outcome === 'boolean') step.outcome = asOutcome(error);
  }
}
