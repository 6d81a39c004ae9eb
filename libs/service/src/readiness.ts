/** Resolves when the thing can be used; its signal aborts when the deadline has passed. */
export type ReadinessCheck = (signal: AbortSignal) => Promise<unknown>;

/** What one check said. */
export interface ReadinessResult {
  readonly ok: boolean;
  readonly durationMs: number;
  /** Why not; the message of the error. */
  readonly problem?: string;
}

/** What must work before this process should get requests; services add checks, `/readyz` runs them. */
export class Readiness {
  readonly #checks = new Map<string, { check: ReadinessCheck; timeoutMs: number }>();

  /** Adds a check under a unique name such as `redis`. It fails after `timeoutMs` (default 2,000). */
  add(name: string, check: ReadinessCheck, timeoutMs = 2_000): void {
    if (this.#checks.has(name)) throw new Error(`Readiness check ${name} exists already`);
    this.#checks.set(name, { check, timeoutMs });
  }

  /** Runs all checks side by side. */
  async run(): Promise<{ ready: boolean; checks: Record<string, ReadinessResult> }> {
    const entries = await Promise.all(
      Array.from(this.#checks, async ([name, { check, timeoutMs }]) => [name, await runOne(check, timeoutMs)] as const),
    );
    return { ready: entries.every(([, result]) => result.ok), checks: Object.fromEntries(entries) };
  }
}

async function runOne(check: ReadinessCheck, timeoutMs: number): Promise<ReadinessResult> {
  const startedMs = performance.now();
  const durationMs = (): number => Math.round(performance.now() - startedMs);
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      check(controller.signal),
      new Promise((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`expected an answer in ${timeoutMs} ms`)), timeoutMs);
      }),
    ]);
    return { ok: true, durationMs: durationMs() };
  } catch (error) {
    return { ok: false, durationMs: durationMs(), problem: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}
