import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { disk, onDisk, readExactly, writeAll } from './disk.js';
import { DirectorySync } from './directory-sync.js';
import { assertKey, assertPrefix } from './object-key.js';
import type { ObjectBody, ObjectInfo, ObjectStore, OpenedObject } from './object-store.js';
import { asStoreError, errorCode } from './store-error.js';

/** Where bodies are written before they get their name; on the same file system, because rename and link need that. */
const temporaryName = '.tmp';
/** Temporary files older than this are left over from a crash; younger ones may belong to another process that writes now. */
const strayAfterMs = 3_600_000;

/** Settings of a folder store. */
export interface FolderStoreOptions {
  readonly folder: string;
  /**
   * true (default): a put or create that resolved survives a power cut: the file and the directory that names it are fsynced.
   * false is for tests: an object then survives only the crash of a process.
   */
  readonly durable?: boolean;
}

/** Opens (and makes) a folder as an object store, mode 0700. Throws SigningError STORE_UNAVAILABLE, STORE_FULL. */
export async function openFolderStore(options: FolderStoreOptions): Promise<ObjectStore> {
  const store = new FolderStore(options.folder, options.durable ?? true);
  await store.open();
  return store;
}

/**
 * Objects are files under the folder, named by their keys; the documents are read only by their owner (0600). Names that begin
 * with a dot are the store's own. A key can't be the folder of another (`a` and `a/b`).
 */
class FolderStore implements ObjectStore {
  readonly #sync = new DirectorySync();
  /** Directories that were seen or made; they are never removed. */
  readonly #known = new Set<string>();

  constructor(
    private readonly folder: string,
    private readonly durable: boolean,
  ) {}

  async open(): Promise<void> {
    const temporary = join(this.folder, temporaryName);
    await onDisk(disk.mkdir(temporary, { recursive: true, mode: 0o700 }), `make ${temporary}`);
    for (const name of await onDisk(disk.readdir(temporary), `read ${temporary}`)) {
      const path = join(temporary, name);
      const stats = await disk.stat(path).catch(() => undefined);
      if (stats !== undefined && Date.now() - stats.mtimeMs > strayAfterMs)
        await disk.unlink(path).catch(() => undefined);
    }
  }

  async put(key: string, body: ObjectBody): Promise<void> {
    const path = this.#path(key);
    const temporary = await this.#writeTemporary(body);
    await this.#orRemove(temporary, async () => {
      await this.#makeDirectory(dirname(path));
      await onDisk(disk.rename(temporary, path), `put ${key}`);
    });
    await this.#makeNameDurable(path);
  }

  async create(key: string, body: ObjectBody): Promise<boolean> {
    const path = this.#path(key);
    const temporary = await this.#writeTemporary(body);
    const created = await this.#orRemove(temporary, async () => {
      await this.#makeDirectory(dirname(path));
      return onDisk(linkIfAbsent(temporary, path), `create ${key}`);
    });
    await disk.unlink(temporary).catch(() => undefined);
    // Also when it was taken: the answer "it is there" must not be undone by a power cut, whoever wrote it.
    await this.#makeNameDurable(path);
    return created;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return orAbsent(disk.readFile(this.#path(key)), `read ${key}`);
  }

  async openRead(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable | undefined> {
    const path = this.#path(key);
    const fd = await orAbsent(disk.open(path, 'r'), `read ${key}`);
    if (fd === undefined) return undefined;
    const size = await this.#sizeOrClose(fd, key);
    if (size === undefined) return undefined;
    const start = Math.min(range?.start ?? 0, size);
    const end = Math.min(range?.end ?? size, size);
    if (end > start) return createReadStream(path, { fd, start, end: end - 1, highWaterMark: 262_144 });
    // An empty range can't be said with createReadStream's inclusive end.
    await disk.close(fd);
    return Readable.from([]);
  }

  async openObject(key: string, wholeBelowBytes: number): Promise<OpenedObject | undefined> {
    const fd = await orAbsent(disk.open(this.#path(key), 'r'), `read ${key}`);
    if (fd === undefined) return undefined;
    const size = await this.#sizeOrClose(fd, key);
    if (size === undefined) return undefined;
    const read = (start: number, end: number): Promise<Uint8Array> =>
      onDisk(readExactly(fd, start, end), `read ${key}`);
    if (size > wholeBelowBytes) return { sizeBytes: size, read, close: () => disk.close(fd) };
    try {
      const whole = await read(0, size);
      return {
        sizeBytes: size,
        whole,
        read: (start, end) => Promise.resolve(whole.subarray(start, end)),
        close: () => Promise.resolve(),
      };
    } finally {
      await disk.close(fd);
    }
  }

  /** Size of the open file; closes it where it is no object, or can't be asked. */
  async #sizeOrClose(fd: number, key: string): Promise<number | undefined> {
    try {
      const stats = await disk.fstat(fd);
      if (stats.isFile()) return stats.size;
    } catch (error) {
      await disk.close(fd);
      throw asStoreError(error, `read ${key}`);
    }
    await disk.close(fd);
    return undefined;
  }

  async stat(key: string): Promise<ObjectInfo | undefined> {
    const stats = await orAbsent(disk.stat(this.#path(key)), `stat ${key}`);
    return stats?.isFile() === true ? { key, sizeBytes: stats.size } : undefined;
  }

  async delete(key: string): Promise<void> {
    // Not made durable: a deleted object that is back after a power cut is found again by whoever deletes it.
    await orAbsent(disk.unlink(this.#path(key)), `delete ${key}`);
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    assertPrefix(prefix);
    const slash = prefix.lastIndexOf('/');
    yield* this.#walk(prefix.slice(0, slash + 1), prefix.slice(slash + 1));
  }

  async ping(): Promise<void> {
    const temporary = await this.#writeTemporary(new Uint8Array([0x2e]));
    await onDisk(disk.unlink(temporary), 'write and delete a file');
  }

  #path(key: string): string {
    assertKey(key);
    return join(this.folder, key);
  }

  async *#walk(folderKey: string, namePrefix: string): AsyncIterable<ObjectInfo> {
    const directory = await orAbsent(opendir(join(this.folder, folderKey)), `list ${folderKey}`);
    if (directory === undefined) return;
    for await (const entry of directory) {
      if (entry.name.startsWith('.') || !entry.name.startsWith(namePrefix)) continue;
      const key = folderKey + entry.name;
      if (entry.isDirectory()) yield* this.#walk(`${key}/`, '');
      else {
        const info = await this.stat(key);
        if (info !== undefined) yield info;
      }
    }
  }

  /** Writes the body under a name of its own and makes its bytes durable; removes it again when that fails. */
  async #writeTemporary(body: ObjectBody): Promise<string> {
    const path = join(this.folder, temporaryName, randomBytes(15).toString('base64url'));
    const fd = await onDisk(disk.open(path, 'wx', 0o600), 'write an object');
    await this.#orRemove(path, async () => {
      try {
        await writeBody(fd, body);
        if (this.durable) await onDisk(disk.fdatasync(fd), 'write an object');
      } finally {
        await disk.close(fd);
      }
    });
    return path;
  }

  async #orRemove<T>(temporary: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await disk.unlink(temporary).catch(() => undefined);
      throw error;
    }
  }

  /** Makes the directory and its parents; each new name is made durable in the directory above it. */
  async #makeDirectory(directory: string): Promise<void> {
    if (directory === this.folder || this.#known.has(directory)) return;
    await this.#makeDirectory(dirname(directory));
    // Not recursive, since each new name has to be made durable; a file in the way shows when the object is put there.
    await disk.mkdir(directory, { mode: 0o700 }).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw asStoreError(error, `make ${directory}`);
    });
    // Also where another process made it: it may not have come to its fsync yet.
    await this.#makeNameDurable(directory);
    if (this.#known.size > 100_000) this.#known.clear();
    this.#known.add(directory);
  }

  async #makeNameDurable(path: string): Promise<void> {
    if (this.durable) await onDisk(this.#sync.sync(dirname(path)), 'write an object');
  }
}

/** Errors of the body itself pass as they are. Leaving the loop tells the producer to stop; a stream is destroyed by it. */
async function writeBody(fd: number, body: ObjectBody): Promise<void> {
  if (body instanceof Uint8Array) await onDisk(writeAll(fd, body), 'write an object');
  else for await (const chunk of body) await onDisk(writeAll(fd, chunk), 'write an object');
}

async function linkIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await disk.link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function orAbsent<T>(work: Promise<T>, doing: string): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    const code = errorCode(error);
    // ENOTDIR: a part of the key is an object; EISDIR: the key is a folder. Neither is an object under this key.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw asStoreError(error, doing);
  });
}
