import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SigningAnswer, SigningTask } from './signing-task.js';

const program = fileURLToPath(new URL('sign-file-main.js', import.meta.url));
const pollMs = 100;

/** What one file may cost. */
export interface SigningLimits {
  /** Milliseconds. */
  readonly deadlineMs: number;
  readonly maxRssKb: number;
}

/**
 * Signs one file in a process of its own, so that nothing that a file does to it reaches the next one. Answers in every
 * case: `failed` with DEADLINE, MEMORY or CRASH where the process does not.
 */
export function signInProcess(task: SigningTask, limits: SigningLimits): Promise<SigningAnswer> {
  return new Promise((resolve) => {
    const start = performance.now();
    const heapMb = Math.max(64, Math.floor(limits.maxRssKb / 1024));
    const child = fork(program, [], {
      execArgv: [`--max-old-space-size=${heapMb}`, '--enable-source-maps'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let answer: SigningAnswer | undefined;
    let [peakRssKb, complaint] = [0, ''];
    const fail = (code: string, found: string): void => {
      answer ??= { outcome: 'failed', code, found, ms: performance.now() - start, peakRssKb };
      child.kill('SIGKILL');
    };
    const deadline = setTimeout(
      () => fail('DEADLINE', `expected an answer within ${limits.deadlineMs / 1000} s, found none`),
      limits.deadlineMs,
    );
    const poll = setInterval(() => {
      const kb = residentKb(child.pid);
      peakRssKb = Math.max(peakRssKb, kb);
      if (kb > limits.maxRssKb) fail('MEMORY', `expected at most ${limits.maxRssKb} kB resident, found ${kb}`);
    }, pollMs);
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString('utf8')).slice(-2000);
    });
    child.on('message', (message) => {
      answer ??= message as SigningAnswer;
    });
    child.on('error', (error) => fail('CRASH', error.message));
    child.on('close', (status, signal) => {
      clearTimeout(deadline);
      clearInterval(poll);
      fail('CRASH', `expected an answer, found the process ended with ${signal ?? status}: ${complaint}`);
      if (answer !== undefined) resolve(answer);
    });
    child.send(task);
  });
}

/** 0 where the system has no /proc; the heap is bounded all the same. */
function residentKb(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
