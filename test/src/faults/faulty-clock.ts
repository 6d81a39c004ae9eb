import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const libraries = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`,
);

/** Shifts the wall clock of the processes that were started with `environment`; their monotonic clock stays right. */
export class FaultyClock {
  readonly #file: string;

  private constructor(
    folder: string,
    private readonly library: string,
  ) {
    this.#file = join(folder, 'clock-offset');
  }

  /** Undefined where libfaketime (Debian: faketime) is not installed. */
  static async make(folder: string): Promise<FaultyClock | undefined> {
    const library = libraries.find((path) => existsSync(path));
    if (library === undefined) return undefined;
    const clock = new FaultyClock(folder, library);
    await clock.shift(0);
    return clock;
  }

  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** From now on the clocks are so many seconds ahead of the right time; behind it where negative. */
  async shift(seconds: number): Promise<void> {
    // Read at every look at the clock: never half-written.
    await writeFile(`${this.#file}.next`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    await rename(`${this.#file}.next`, this.#file);
  }
}
