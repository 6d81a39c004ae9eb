import type { Readable } from 'node:stream';

/** A body: whole, or in parts that are written as they come. */
export type ObjectBody = Uint8Array | AsyncIterable<Uint8Array>;

export interface ObjectInfo {
  readonly key: string;
  readonly sizeBytes: number;
}

/** An object opened for reading at any place. */
export interface OpenedObject {
  readonly sizeBytes: number;
  /** The whole object, where it was small enough to be read at once. */
  readonly whole?: Uint8Array;
  /** Changes when the object is replaced or changed: an S3 ETag, a file's number and time. For BasedBody. */
  readonly tag?: string;
  /** Bytes [start, end), which must lie within the object. */
  read(start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A body that begins with all of another object. */
export interface BasedBody {
  /** The key of that object, the size and the tag that it had when it was opened. */
  readonly base: string;
  readonly baseBytes: number;
  readonly baseTag: string;
  /** What comes after it. */
  readonly tail: readonly Uint8Array[];
}

/**
 * The system of record. A key that is read is either absent or whole: half-written bodies are never visible, and a put that
 * throws (also because the body's iterable throws) leaves nothing behind.
 * Throws SigningError STORE_UNAVAILABLE, STORE_FULL.
 */
export interface ObjectStore {
  /** Replaces what is there. */
  put(key: string, body: ObjectBody): Promise<void>;
  /** Creates the object only if the key is free; false when it was taken. Atomic against other processes. */
  create(key: string, body: ObjectBody): Promise<boolean>;
  /** For small objects (JSON, images); undefined when absent. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Bytes [start, end) as a stream; the whole object by default. undefined when absent. */
  openRead(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable | undefined>;
  stat(key: string): Promise<ObjectInfo | undefined>;
  /** No error when the key is absent. */
  delete(key: string): Promise<void>;
  /** Keys that start with `prefix`, in no certain order. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /** Resolves when the store can be read and written; throws STORE_UNAVAILABLE. */
  ping(): Promise<void>;
  /**
   * Opens the object for random access, in one step with reading it whole where it has at most `wholeBelowBytes`; undefined when
   * absent. Optional: without it, openObjectSource makes do with stat, get and openRead.
   */
  openObject?(key: string, wholeBelowBytes: number): Promise<OpenedObject | undefined>;
  /**
   * As create, with the base copied on the store's side: its bytes don't come through this process. That they are those that were
   * read and hashed here is not checked again: objects are written once, and a base whose tag or size has changed is refused with
   * STORE_UNAVAILABLE. undefined: this store can't do that, or not for a base of this size; the body has to be sent.
   */
  createFrom?(key: string, body: BasedBody): Promise<boolean | undefined>;
}
