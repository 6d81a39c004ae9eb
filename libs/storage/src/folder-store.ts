import { createReadStream, lstatSync, statSync, unlinkSync, type Dir } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { SigningError } from '@kyso/contracts';
import { disk, onDisk, readExactly } from './disk.js';
import { DiskWriters } from './disk-writers.js';
import { assertKey, assertPrefix } from './object-key.js';
import type { BasedBody, ObjectBody, ObjectInfo, ObjectStore, OpenedObject } from './object-store.js';
import { fileTag, openToRead, readRange, readWhole } from './read-file.js';
import { asStoreError, errorCode } from './store-error.js';
import { TemporaryFile } from './temporary-file.js';
import { openFolder } from './store-folder.js';
import { temporaryName, type WriteRequest } from './write-batch.js';

/** Bodies up to here go to a writing thread whole; larger ones are written as they come. */
const maxCollectedBytes = 1_048_576;
/** A range up to here is read at once: a stream costs more than the bytes. */
const maxAtOnceBytes = 1_048_576;
/** All folder stores of the process share the threads. */
const foregroundWriters = new DiskWriters({ maxThreads: 3, patienceMs: 10, maxBatchBytes: 4_194_304 });
/**
 * Those of the stores in the background: never more than one batch at a time, and a small one, so that no more than that is between
 * the disk and what others write.
 */
const backgroundWriters = new DiskWriters({ maxThreads: 1, patienceMs: 0, maxBatchBytes: 1_048_576 });
/** ENOTDIR: a part of the key is an object; EISDIR: the key is a folder. Neither is an object under this key. */
const absentCodes: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

/** What a write request doesn't say of itself. */
type Change = Pick<WriteRequest, 'action' | 'path'> & {
  readonly directories?: readonly string[];
  readonly temporary?: string;
  readonly body?: readonly Uint8Array[];
};

/** Settings of a folder store. */
export interface FolderStoreOptions {
  readonly folder: string;
  /**
   * true (default): a put or create that resolved survives a power cut: the file and the directory that names it are fsynced.
   * false is for tests: an object then survives only the crash of a process.
   */
  readonly durable?: boolean;
  /** true: what is written here may wait, and what others write goes first. Default false. */
  readonly background?: boolean;
}

/** Opens (and makes) a folder as an object store, mode 0700. Throws SigningError STORE_UNAVAILABLE, STORE_FULL. */
export async function openFolderStore(options: FolderStoreOptions): Promise<ObjectStore> {
  const store = new FolderStore(
    resolve(options.folder),
    options.durable ?? true,
    options.background === true ? backgroundWriters : foregroundWriters,
  );
  await store.open();
  return store;
}

/**
 * Objects are files under the folder, named by their keys; the documents are read only by their owner (0600). Names that begin
 * with a dot are the store's own. A key can't be the folder of another (`a` and `a/b`).
 */
class FolderStore implements ObjectStore {
  /** Directories that were made durable, or seen so; they are never removed. */
  readonly #known = new Set<string>();
  #syncDirectories = true;

  constructor(
    private readonly folder: string,
    private readonly durable: boolean,
    private readonly writers: DiskWriters,
  ) {}

  async open(): Promise<void> {
    const opened = await onDisk(openFolder(this.folder, this.durable), `open ${this.folder}`);
    for (const directory of opened.directories) this.#known.add(directory);
    this.#syncDirectories = !opened.namesKeepOrder;
  }

  async put(key: string, body: ObjectBody): Promise<void> {
    await this.#write('put', key, body);
  }

  async create(key: string, body: ObjectBody): Promise<boolean> {
    return this.#write('create', key, body);
  }

  async createFrom(key: string, body: BasedBody): Promise<boolean | undefined> {
    const path = this.#path(key);
    const base = this.#path(body.base);
    // Up to here a writing thread is cheaper.
    if (body.baseBytes <= maxCollectedBytes) return undefined;
    // Before the copy, so that what is there already costs nothing; the link decides.
    if (orAbsent(() => lstatSync(path, { throwIfNoEntry: false }), `create ${key}`) !== undefined) return false;
    const file = await TemporaryFile.copyOf(base, join(this.folder, temporaryName));
    try {
      const copied = await file.sizeBytes();
      const tag = orAbsent(() => fileTag(statSync(base)), `copy ${body.base}`);
      if (copied !== body.baseBytes || tag !== body.baseTag) throw changedBase(body, `${copied} bytes, ${tag}`);
      for (const part of body.tail) await file.write(part);
      await this.#finish(file);
    } catch (error) {
      await file.abandon();
      throw error;
    }
    return this.#name('create', key, { temporary: file.path });
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const path = this.#path(key);
    const opened = orAbsent(() => openToRead(path), `read ${key}`);
    return opened === undefined ? undefined : onDisk(readWhole(opened), `read ${key}`);
  }

  async openRead(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable | undefined> {
    const path = this.#path(key);
    const opened = orAbsent(() => openToRead(path), `read ${key}`);
    if (opened === undefined) return undefined;
    const { fd, sizeBytes } = opened;
    const start = Math.min(range?.start ?? 0, sizeBytes);
    const end = Math.min(range?.end ?? sizeBytes, sizeBytes);
    if (end - start > maxAtOnceBytes) {
      return createReadStream(path, { fd, start, end: end - 1, highWaterMark: 262_144 });
    }
    return readableOf(await onDisk(readRange(fd, start, end), `read ${key}`));
  }

  async openObject(key: string, wholeBelowBytes: number): Promise<OpenedObject | undefined> {
    const path = this.#path(key);
    const opened = orAbsent(() => openToRead(path), `read ${key}`);
    if (opened === undefined) return undefined;
    const { fd, sizeBytes, tag } = opened;
    if (sizeBytes > wholeBelowBytes) {
      return {
        sizeBytes,
        tag,
        read: (start, end) => onDisk(readExactly(fd, start, end), `read ${key}`),
        close: () => disk.close(fd),
      };
    }
    const whole = await onDisk(readWhole(opened), `read ${key}`);
    return {
      sizeBytes,
      tag,
      whole,
      read: (start, end) => Promise.resolve(whole.subarray(start, end)),
      close: () => Promise.resolve(),
    };
  }

  async stat(key: string): Promise<ObjectInfo | undefined> {
    const path = this.#path(key);
    const stats = orAbsent(() => statSync(path, { throwIfNoEntry: false }), `stat ${key}`);
    return stats?.isFile() === true ? { key, sizeBytes: stats.size } : undefined;
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key);
    // Not made durable: a deleted object that is back after a power cut is found again by whoever deletes it.
    const work = (): Promise<void> => {
      // A file that keeps another name has nothing to be freed. What has waits for the disk (discard), so not on this thread; and
      // not through a writing thread, which would cost half as much again for this one call.
      if ((lstatSync(path, { throwIfNoEntry: false })?.nlink ?? 0) < 2) return disk.unlink(path);
      unlinkSync(path);
      return Promise.resolve();
    };
    try {
      await work();
    } catch (error) {
      if (!absentCodes.has(errorCode(error))) throw asStoreError(error, `delete ${key}`);
    }
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    assertPrefix(prefix);
    const slash = prefix.lastIndexOf('/');
    yield* this.#walk(prefix.slice(0, slash + 1), prefix.slice(slash + 1));
  }

  async ping(): Promise<void> {
    await this.#request({ action: 'try', path: '', body: [new Uint8Array([0x2e])] }, 'write and delete a file');
  }

  #path(key: string): string {
    assertKey(key);
    return join(this.folder, key);
  }

  async *#walk(folderKey: string, namePrefix: string): AsyncIterable<ObjectInfo> {
    const directory = await this.#openFolder(folderKey);
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

  /** undefined when there is no such folder. */
  async #openFolder(folderKey: string): Promise<Dir | undefined> {
    try {
      return await opendir(join(this.folder, folderKey));
    } catch (error) {
      if (absentCodes.has(errorCode(error))) return undefined;
      throw asStoreError(error, `list ${folderKey}`);
    }
  }

  async #write(action: 'put' | 'create', key: string, body: ObjectBody): Promise<boolean> {
    assertKey(key);
    return this.#name(action, key, await this.#collectOrWrite(body));
  }

  /** Gives a body its name. */
  async #name(
    action: 'put' | 'create',
    key: string,
    written: Required<Pick<Change, 'body'>> | Required<Pick<Change, 'temporary'>>,
  ): Promise<boolean> {
    const path = this.#path(key);
    const directories = this.#directoriesAbove(path);
    const done = await this.#request({ action, path, directories, ...written }, `${action} ${key}`);
    if (this.#known.size > 100_000) this.#known.clear();
    for (const directory of directories) this.#known.add(directory);
    return done;
  }

  #request(change: Change, doing: string): Promise<boolean> {
    const { body = [], directories = [], ...rest } = change;
    const { folder, durable } = this;
    const bodyBytes = body.reduce((sum, part) => sum + part.byteLength, 0);
    const fixed = { folder, durable, syncDirectories: this.#syncDirectories };
    return this.writers.write({ ...fixed, directories, bodyBytes, ...rest }, body, doing);
  }

  async #finish(file: TemporaryFile): Promise<void> {
    if (this.durable) await file.makeDurable();
    await file.close();
  }

  /** Those that this process has not seen durable, outermost first. */
  #directoriesAbove(path: string): string[] {
    const found: string[] = [];
    for (let directory = dirname(path); directory !== this.folder; directory = dirname(directory)) {
      if (this.#known.has(directory)) break;
      found.unshift(directory);
    }
    return found;
  }

  /**
   * The parts of a small body; of a larger one the file that it was written to, durable. Errors of the body itself pass as they are.
   * Leaving the loop tells the producer to stop; a stream is destroyed by it.
   */
  async #collectOrWrite(body: ObjectBody): Promise<{ body: readonly Uint8Array[] } | { temporary: string }> {
    if (body instanceof Uint8Array && body.byteLength <= maxCollectedBytes) return { body: [body] };
    let file: TemporaryFile | undefined;
    const collected: Uint8Array[] = [];
    let collectedBytes = 0;
    try {
      for await (const chunk of body instanceof Uint8Array ? [body] : body) {
        if (file === undefined && collectedBytes + chunk.byteLength <= maxCollectedBytes) {
          // A copy: whoever sends the parts may use the memory again for the next one.
          collected.push(new Uint8Array(chunk));
          collectedBytes += chunk.byteLength;
          continue;
        }
        if (file === undefined) {
          file = await TemporaryFile.create(join(this.folder, temporaryName));
          for (const part of collected.splice(0)) await file.write(part);
        }
        await file.write(chunk);
      }
      if (file === undefined) return { body: collected };
      await this.#finish(file);
      return { temporary: file.path };
    } catch (error) {
      await file?.abandon();
      throw error;
    }
  }
}

function changedBase({ base, baseBytes, baseTag }: BasedBody, found: string): SigningError {
  return new SigningError('STORE_UNAVAILABLE', {
    expected: `${base} unchanged (${baseBytes} bytes, ${baseTag})`,
    found,
  });
}

/** A stream of one chunk, or none. Not Readable.from, whose streams count objects instead of bytes. */
function readableOf(bytes: Uint8Array): Readable {
  return new Readable({
    read(): void {
      if (bytes.byteLength > 0) this.push(bytes);
      this.push(null);
    },
  });
}

/** undefined when there is no such object; other errors as STORE_FULL or STORE_UNAVAILABLE. */
function orAbsent<T>(work: () => T, doing: string): T | undefined {
  try {
    return work();
  } catch (error) {
    if (absentCodes.has(errorCode(error))) return undefined;
    throw asStoreError(error, doing);
  }
}
