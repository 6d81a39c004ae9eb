import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';

/** Where bodies are written before they get their name; on the same file system, because rename and link need that. */
export const temporaryName = '.tmp';
/** The empty file of which every empty object is one more name (a hard link). */
export const emptyName = '.empty';

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
  /** Whether the names of these directories need an fsync of their own (see namesKeepOrder). */
  readonly syncDirectories: boolean;
  /** The file that holds the body, durable already; it is removed by all means. Absent: the body is in the batch. */
  readonly temporary?: string;
  /** How many of the batch's bytes are the body. Without any, the object becomes a name of the store's empty file if it can. */
  readonly bodyBytes: number;
  readonly durable: boolean;
}

/** true: done; false: the name was taken (create); else the disk's error (code: `ENOSPC`, `EIO`…). */
export type WriteOutcome = boolean | { readonly code: string; readonly message: string };

/** Requests that are done together, and their bodies one after the other, each from the next `bodyStart`. */
export interface WriteBatch {
  readonly requests: readonly WriteRequest[];
  readonly bodies: Uint8Array;
}

/** Where the next body begins: V8 copies into shared memory by words where both sides are aligned, else by bytes, 7 times slower. */
export function bodyStart(previousEnd: number): number {
  return Math.ceil(previousEnd / 8) * 8;
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
  let end = 0;
  for (const step of steps) {
    const start = bodyStart(end);
    end = start + step.request.bodyBytes;
    const body = bodies.subarray(start, end);
    attempt(step, () => writeBody(step, body));
  }
  for (const step of steps) attempt(step, () => finishBody(step));
  const changed: ChangedDirectories = new Map();
  for (const step of steps) {
    attempt(step, () => {
      makeDirectories(step, changed);
      giveName(step, changed);
    });
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
  if (request.temporary !== undefined || mayShareEmptyFile(request)) return;
  writeTemporary(step, body);
}

function writeTemporary(step: Step, body: Uint8Array): void {
  const { request } = step;
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

/** Directories that have to be made durable, and who waits for that. */
type ChangedDirectories = Map<string, Step[]>;

/** Notes that the name in its directory has to be durable before the step is. */
function awaitName(step: Step, name: string, changed: ChangedDirectories): void {
  if (!step.request.durable) return;
  const directory = dirname(name);
  const waiting = changed.get(directory);
  if (waiting === undefined) changed.set(directory, [step]);
  else waiting.push(step);
}

function makeDirectories(step: Step, changed: ChangedDirectories): void {
  for (const directory of step.request.directories) {
    // Looked for first, because an EEXIST that is thrown costs more. A file in the way shows when the object is put there.
    if (!fs.existsSync(directory)) isFree(() => fs.mkdirSync(directory, { mode: 0o700 }));
    // Also where another process made it: it may not have come to its fsync yet.
    if (step.request.syncDirectories) awaitName(step, directory, changed);
  }
}

function giveName(step: Step, changed: ChangedDirectories): void {
  const { action, path } = step.request;
  if (action === 'try') return;
  if (mayShareEmptyFile(step.request)) {
    if (shareEmptyFile(step)) return awaitName(step, path, changed);
    writeTemporary(step, new Uint8Array(0));
    finishBody(step);
  }
  const { temporary } = step;
  if (temporary === undefined) return;
  if (action === 'create') step.outcome = isFree(() => fs.linkSync(temporary, path));
  else {
    fs.renameSync(temporary, path);
    step.temporary = undefined;
  }
  // Also when it was taken: the answer "it is there" must not be undone by a power cut, whoever wrote it.
  awaitName(step, path, changed);
}

/** A marker is a name only: no file to make and to sync, and none to free when it is deleted. */
function mayShareEmptyFile({ action, bodyBytes, temporary }: WriteRequest): boolean {
  return action !== 'try' && bodyBytes === 0 && temporary === undefined;
}

/** false where it takes a file of its own: to replace an object, or since the empty file has no more room for names (EMLINK). */
function shareEmptyFile(step: Step): boolean {
  const { action, folder, path } = step.request;
  try {
    const free = isFree(() => fs.linkSync(join(folder, emptyName), path));
    if (!free && action === 'put') return false;
    step.outcome = free;
    return true;
  } catch {
    // Should it be the disk, the file of its own meets the same fault.
    return false;
  }
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
