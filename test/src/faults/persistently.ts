import { setTimeout as sleep } from 'node:timers/promises';
import { KysoError } from '@kyso/client';

/** A call that gets no answer at all is given up, as every HTTP client should. */
const answerWithinMs = 20_000;

async function withPatience<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${answerWithinMs} ms`)), answerWithinMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Repeats what got no answer, and what the answer says may be repeated (docs/api.md, errors and what to repeat). */
export async function persistently<T>(call: () => Promise<T>, deadlineMs: () => number): Promise<T> {
  for (;;) {
    try {
      return await withPatience(call());
    } catch (error) {
      const noAnswer = !(error instanceof KysoError) || error.problem.retryable === undefined;
      const mayPass = noAnswer || error.problem.retryable === true;
      if (!mayPass || performance.now() > deadlineMs()) throw error;
      await sleep(150);
    }
  }
}
