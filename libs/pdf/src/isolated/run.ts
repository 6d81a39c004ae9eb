import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import type { ByteSource } from '../byte-source.js';
import { PdfError } from '../errors.js';
import { maxReadBytes, type FromChild, type ToChild } from './messages.js';

/** What one task may cost. */
export interface IsolationLimits {
  /** Milliseconds from the start of the process to its result: against input that makes a parser go on for ever. */
  readonly deadlineMs: number;
  /** Resident memory of the process, watched every 25 ms (Linux): against everything that grows outside of the heap. */
  readonly maxRssBytes: number;
  /** Heap of the process; V8 itself ends it there. */
  readonly maxHeapBytes: number;
  /** Bytes that the process may have read for it: against reading the same ranges for ever. */
  readonly maxReadBytes: number;
}

export interface IsolatedTask {
  /** The compiled module that the process runs; it calls `serveIsolated`. */
  readonly module: URL;
  /** Goes to the process by structured clone. */
  readonly request: unknown;
  /** The process reads them through this one: it needs no file of its own. */
  readonly sources: readonly ByteSource[];
  readonly limits: IsolationLimits;
  readonly signal?: AbortSignal | undefined;
}

/** A task that runs. */
export interface IsolatedRun {
  /** Throws what the process refused (PdfError), LIMIT_EXCEEDED when it was ended, Error when it failed otherwise. */
  readonly result: Promise<unknown>;
  /** Bytes that the process writes; it waits while nobody takes them. Ends with an error where the task does. */
  readonly output: Readable;
}

const watchMs = 25;
/** By then the watch of a living parent has long ended it. */
const spareCpuSeconds = 5;

/**
 * Runs a task on hostile input in a process of its own: nothing of the environment, no code made from strings, memory and time
 * capped, ended by SIGKILL. The kernel ends it too when it uses up its processor time, in case that this process is gone.
 */
export function runIsolated(task: IsolatedTask): IsolatedRun {
  const { limits } = task;
  const child = start(task);
  const output = new PassThrough();
  const fromChild = child.stdio[3] as Readable;
  fromChild.on('error', () => undefined).pipe(output, { end: false });
  let settled = false;
  const result = new Promise<unknown>((resolve, reject) => {
    const settle = (act: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      clearInterval(watch);
      task.signal?.removeEventListener('abort', abort);
      act();
    };
    const refuse = (error: Error): void =>
      settle(() => {
        child.kill('SIGKILL');
        output.destroy(error);
        reject(error);
      });
    const abort = (): void => refuse(new Error('the task was given up'));
    const deadline = setTimeout(() => {
      refuse(exceeded(`an answer within ${limits.deadlineMs} ms`, 'no answer yet'));
    }, limits.deadlineMs);
    const watch = setInterval(() => {
      const rss = residentBytes(child.pid);
      if (rss > limits.maxRssBytes) refuse(exceeded(`at most ${limits.maxRssBytes} bytes of memory`, `${rss} bytes`));
    }, watchMs);
    task.signal?.addEventListener('abort', abort);
    if (task.signal?.aborted === true) abort();
    const answer = readerFor(task, child, refuse);
    child.on('message', (message: FromChild) => {
      if (message.kind === 'read') return void answer(message);
      if (message.kind === 'refused') return refuse(new PdfError(message.code, message.expected, message.found));
      if (message.kind === 'failed') return refuse(new Error(`the process failed: ${message.message}`));
      // What it wrote before may still be on the way.
      const finish = (): void =>
        settle(() => {
          child.kill('SIGKILL');
          output.end();
          resolve(message.value);
        });
      if (fromChild.readableEnded) finish();
      else fromChild.once('end', finish);
    });
    child.on('error', (error) => refuse(error));
    child.on('exit', (code, signal) => {
      // V8 aborts at its heap limit; the kernel sends SIGKILL (memory) and SIGXCPU (time).
      const ended = signal !== null || code === 134;
      refuse(
        ended
          ? exceeded('memory and time within the limits', signal ?? `status ${code}`)
          : new Error(`the process ended with ${code}`),
      );
    });
  });
  // A refusal is heard of in the result and in the output; nobody has to listen to both.
  result.catch(() => undefined);
  output.on('error', () => undefined);
  output.on('close', () => {
    if (!settled && output.destroyed) child.kill('SIGKILL');
  });
  return { result, output };
}

function start({ module, request, sources, limits }: IsolatedTask): ChildProcess {
  const cpuSeconds = Math.ceil(limits.deadlineMs / 1000) + spareCpuSeconds;
  const options = [
    `--max-old-space-size=${Math.ceil(limits.maxHeapBytes / 2 ** 20)}`,
    '--disallow-code-generation-from-strings',
    '--no-warnings',
  ];
  const child = spawn(
    '/bin/sh',
    ['-c', `ulimit -c 0; ulimit -t ${cpuSeconds}; exec "$@"`, 'sh', process.execPath, ...options, module.pathname],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced', env: {}, cwd: '/' },
  );
  const task: ToChild = { kind: 'task', request, sizes: sources.map(({ size }) => size) };
  child.send(task, () => undefined);
  return child;
}

type Read = Extract<FromChild, { kind: 'read' }>;

/** Answers the reads of a process, whose every number may be hostile. */
function readerFor({ sources, limits }: IsolatedTask, child: ChildProcess, refuse: (error: Error) => void) {
  let readBytes = 0;
  return async ({ id, source: index, offset, length }: Read): Promise<void> => {
    const source = sources[index];
    const sound = source !== undefined && Number.isSafeInteger(offset) && offset >= 0 && length >= 0;
    readBytes += length;
    if (!sound || !(length <= maxReadBytes) || !(readBytes <= limits.maxReadBytes)) {
      return refuse(exceeded(`reads of at most ${limits.maxReadBytes} bytes in all`, `${readBytes} bytes`));
    }
    try {
      const bytes = await source.read(offset, length);
      // A copy: sending a view of a cache would send all of the cache.
      if (child.connected)
        child.send({ kind: 'bytes', id, bytes: new Uint8Array(bytes) } satisfies ToChild, () => undefined);
    } catch (error) {
      refuse(error as Error);
    }
  };
}

function residentBytes(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function exceeded(expected: string, found: string): PdfError {
  return new PdfError('LIMIT_EXCEEDED', expected, found);
}
