/** How often and how long a request is sent again. */
export interface RepeatRules {
  /** Further tries after the first; default 5. */
  readonly tries: number;
  /** Pause before the first of them in milliseconds, doubled each time, at most a minute; default 1,000. */
  readonly firstPauseMs: number;
}

/** Statuses after which the same request may pass (docs/api.md, “Errors and what to repeat”). */
const passing = new Set([408, 429, 500, 502, 503, 504]);
const longestPauseMs = 60_000;

/**
 * `fetch` that repeats what is safe to repeat: reading, and whatever carries an Idempotency-Key, of which the service does each
 * only once. After a lost connection too. An upload is never repeated: its body is gone.
 */
export function repeatingFetch(fetchOnce: typeof fetch, { tries, firstPauseMs }: RepeatRules): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const isSafe = request.method === 'GET' || request.method === 'HEAD' || request.headers.has('idempotency-key');
    for (let left = isSafe ? tries : 0, pauseMs = firstPauseMs; ; left -= 1, pauseMs *= 2) {
      let retryAfterMs = 0;
      try {
        const response = await fetchOnce(left === 0 ? request : request.clone());
        if (left === 0 || !passing.has(response.status)) return response;
        retryAfterMs = Number(response.headers.get('retry-after') ?? 0) * 1_000;
        // The connection is free again when the body was read.
        await response.arrayBuffer();
      } catch (error) {
        if (left === 0 || request.signal.aborted) throw error;
      }
      await pause(Math.min(longestPauseMs, Math.max(pauseMs, retryAfterMs)), request.signal);
    }
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
