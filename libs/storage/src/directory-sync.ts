import { disk } from './disk.js';

/**
 * Makes the names in a directory durable (fsync of the directory). Callers that ask while one is running share the next one:
 * a name that was added after an fsync began may be missing from it.
 */
export class DirectorySync {
  readonly #running = new Map<string, { current: Promise<void>; next: Promise<void> | undefined }>();

  sync(directory: string): Promise<void> {
    const state = this.#running.get(directory);
    if (state === undefined) {
      const current = syncNow(directory);
      this.#running.set(directory, { current, next: undefined });
      return this.#tracked(directory, current);
    }
    state.next ??= state.current
      .catch(() => undefined)
      .then(() => {
        state.current = syncNow(directory);
        state.next = undefined;
        return this.#tracked(directory, state.current);
      });
    return state.next;
  }

  async #tracked(directory: string, current: Promise<void>): Promise<void> {
    try {
      await current;
    } finally {
      const state = this.#running.get(directory);
      if (state !== undefined && state.current === current && state.next === undefined) this.#running.delete(directory);
    }
  }
}

async function syncNow(directory: string): Promise<void> {
  const fd = await disk.open(directory, 'r');
  try {
    await disk.fsync(fd);
  } finally {
    await disk.close(fd);
  }
}
