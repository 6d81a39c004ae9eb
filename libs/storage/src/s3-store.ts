import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { SigningError } from '@kyso/contracts';
import { assertKey, assertPrefix } from './object-key.js';
import type { BasedBody, ObjectBody, ObjectInfo, ObjectStore, OpenedObject } from './object-store.js';
import type { S3Config } from './s3-config.js';
import { drain, isAbsent, isPassing, pause, retryDelayMs, s3, S3Connection, type S3Answer } from './s3-connection.js';
import { inParts, maxCopyBytes, minPartBytes, MultipartUpload, partBytes } from './s3-upload.js';
import { asStoreError, errorCode } from './store-error.js';

/** Metadata that tells whether an object that is there was written by this very call (see #settle). */
const writeIdHeader = 'x-amz-meta-kyso-write';
const onlyIfAbsent = { 'if-none-match': '*' };

/**
 * Opens a bucket. Throws SigningError STORE_UNAVAILABLE, also when the server doesn't honour `If-None-Match: *` (RFC 9110,
 * 13.1.2) and the configuration doesn't allow that.
 */
export async function openS3Store(config: S3Config): Promise<ObjectStore> {
  const store = new S3Store(new S3Connection(config), config.allowUnconditionalCreate ?? false);
  if (config.allowUnconditionalCreate !== true) await store.probe();
  return store;
}

/** See ObjectStore; made by openS3Store, and directly only where the probe is not wanted. */
export class S3Store implements ObjectStore {
  constructor(
    private readonly connection: S3Connection,
    private readonly unconditional: boolean,
  ) {}

  /** Creates an object twice, in one piece and in parts: the second time must be refused, or two signers could both win. */
  async probe(): Promise<void> {
    const key = `probe/${randomBytes(12).toString('hex')}`;
    try {
      if (!(await this.create(key, Buffer.from('1')))) throw new Error('expected a new key to be free');
      if (await this.create(key, Buffer.from('2'))) throw ignoresCondition('with PUT');
      if (await s3(this.#createInParts(key, { head: Buffer.from('3') }), 'try out creation'))
        throw ignoresCondition('with a multipart upload');
    } finally {
      await this.delete(key).catch(() => undefined);
    }
  }

  async put(key: string, body: ObjectBody): Promise<void> {
    assertKey(key);
    const parts = await split(body);
    if (parts.rest === undefined) {
      await s3(
        this.connection.send({ method: 'PUT', key, body: parts.head, statuses: [200] }).then(drain),
        `put ${key}`,
      );
      return;
    }
    await this.#upload(key, parts, {}, async (upload) => {
      await upload.complete({}).catch(async (error: unknown) => {
        // A lost answer: the upload may have been completed, and then it is unknown now. Trying again tells.
        if (!isPassing(error)) throw error;
        await upload.complete({});
      });
    });
  }

  async create(key: string, body: ObjectBody): Promise<boolean> {
    assertKey(key);
    if (this.unconditional && (await this.stat(key)) !== undefined) return false;
    const parts = await split(body);
    if (parts.rest !== undefined) return this.#createInParts(key, parts);
    const writeId = randomBytes(16).toString('hex');
    const headers = { [writeIdHeader]: writeId, ...(this.unconditional ? {} : onlyIfAbsent) };
    return s3(
      this.#settle(key, writeId, async () => {
        await drain(await this.connection.once({ method: 'PUT', key, headers, body: parts.head, statuses: [200] }));
      }),
      `create ${key}`,
    );
  }

  async #createInParts(key: string, parts: SplitBody): Promise<boolean> {
    const writeId = randomBytes(16).toString('hex');
    return this.#upload(key, parts, { [writeIdHeader]: writeId }, (upload) =>
      this.#settle(key, writeId, () => upload.complete(this.unconditional ? {} : onlyIfAbsent)),
    );
  }

  async createFrom(key: string, body: BasedBody): Promise<boolean | undefined> {
    assertKey(key);
    assertKey(body.base);
    if (body.baseBytes < minPartBytes) return undefined;
    if (this.unconditional && (await this.stat(key)) !== undefined) return false;
    const writeId = randomBytes(16).toString('hex');
    const upload = await s3(MultipartUpload.begin(this.connection, key, { [writeIdHeader]: writeId }), `begin ${key}`);
    try {
      await s3(this.#copyBase(upload, body), `copy ${body.base}`);
      for await (const part of inParts(Buffer.concat(body.tail))) {
        if (part.length > 0) await s3(upload.add(part), `write ${key}`);
      }
      const condition = this.unconditional ? {} : onlyIfAbsent;
      const created = await s3(
        this.#settle(key, writeId, () => upload.complete(condition)),
        `complete ${key}`,
      );
      if (!created) await upload.abort();
      else await this.#expectSize(key, body);
      return created;
    } catch (error) {
      await upload.abort();
      if (error instanceof SigningError && errorCode(error.cause) === 'NotImplemented') return undefined;
      throw error;
    }
  }

  async #copyBase(upload: MultipartUpload, { base, baseBytes, baseTag }: BasedBody): Promise<void> {
    // Equal parts, so that none is too small.
    const count = Math.ceil(baseBytes / maxCopyBytes);
    const source = { path: this.connection.copySource(base), etag: baseTag };
    for (let part = 0; part < count; part++) {
      const [start, end] = [part, part + 1].map((edge) => Math.floor((baseBytes * edge) / count));
      await upload.addCopy(source, start ?? 0, end ?? baseBytes);
    }
  }

  /** The bytes were the server's to put together: one that ignores ranges is found out here. */
  async #expectSize(key: string, { baseBytes, tail }: BasedBody): Promise<void> {
    const expected = tail.reduce((sum, part) => sum + part.byteLength, baseBytes);
    const found = await this.stat(key);
    if (found?.sizeBytes === expected) return;
    await this.delete(key);
    throw new SigningError('STORE_UNAVAILABLE', {
      expected: `${expected} bytes at ${key}`,
      found: `${found?.sizeBytes ?? 'no'} bytes that the S3 server put together`,
    });
  }

  /**
   * Runs a conditional request until it is known whether it created the object. When an answer is lost, the object may be there
   * because of this very request: its metadata then has our id, and a plain repetition would wrongly say "taken".
   */
  async #settle(key: string, writeId: string, attempt: () => Promise<void>): Promise<boolean> {
    let ambiguous = false;
    for (let tried = 0; ; tried++) {
      try {
        await attempt();
        return true;
      } catch (error) {
        const taken = isTaken(error);
        if (taken && !ambiguous) return false;
        const delayMs = retryDelayMs(tried);
        if (!taken && (!isPassing(error) || delayMs === undefined) && !ambiguous) throw error;
        const found = await this.#head(key);
        if (found !== undefined) return found.headers[writeIdHeader] === writeId;
        if (taken) return false;
        if (delayMs === undefined || !isPassing(error)) throw error;
        ambiguous = true;
        await pause(delayMs);
      }
    }
  }

  /** Sends the parts and finishes; whatever fails, also the body itself, leaves no parts behind. */
  async #upload<T>(
    key: string,
    parts: SplitBody,
    headers: Readonly<Record<string, string>>,
    finish: (upload: MultipartUpload) => Promise<T>,
  ): Promise<T> {
    let upload: MultipartUpload | undefined;
    try {
      upload = await s3(MultipartUpload.begin(this.connection, key, headers), `begin ${key}`);
      // What the body throws passes as it is; what the server says becomes STORE_….
      await s3(upload.add(parts.head), `write ${key}`);
      for await (const part of parts.rest ?? []) await s3(upload.add(part), `write ${key}`);
      const result = await s3(finish(upload), `complete ${key}`);
      if (result === false) await upload.abort();
      return result;
    } catch (error) {
      await upload?.abort();
      // The body isn't read on; a stream is destroyed by this.
      await parts.rest?.return(undefined);
      throw error;
    }
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const answer = await this.#open(key, {}, [200]);
    return answer === undefined ? undefined : s3(buffer(answer), `read ${key}`);
  }

  async openRead(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable | undefined> {
    if (range === undefined) return this.#open(key, {}, [200]);
    if (range.end > range.start) {
      try {
        return await this.#open(key, { range: `bytes=${range.start}-${range.end - 1}` }, [206]);
      } catch (error) {
        if (!(error instanceof SigningError) || errorCode(error.cause) !== 'InvalidRange') throw error;
      }
    }
    // Nothing of the object lies in the range.
    return (await this.stat(key)) === undefined ? undefined : Readable.from([]);
  }

  async openObject(key: string, wholeBelowBytes: number): Promise<OpenedObject | undefined> {
    // One request tells the size and brings a small object at once.
    const answer = await this.#open(key, {}, [200]);
    if (answer === undefined) return undefined;
    const sizeBytes = Number(answer.headers['content-length'] ?? Number.NaN);
    if (!Number.isSafeInteger(sizeBytes)) {
      answer.destroy();
      throw new SigningError('STORE_UNAVAILABLE', { expected: `Content-Length of ${key}`, found: 'none' });
    }
    const { etag } = answer.headers;
    const tag = etag === undefined ? {} : { tag: etag };
    const read = async (start: number, end: number): Promise<Uint8Array> => {
      const part = await this.openRead(key, { start, end });
      const bytes = part === undefined ? Buffer.alloc(0) : await s3(buffer(part), `read ${key}`);
      if (bytes.length === end - start) return bytes;
      throw new SigningError('STORE_UNAVAILABLE', {
        expected: `${end - start} bytes of ${key}`,
        found: String(bytes.length),
      });
    };
    if (sizeBytes > wholeBelowBytes) {
      // Not read on: the connection is given up, which costs less than reading what isn't wanted.
      answer.on('error', () => undefined).destroy();
      return { sizeBytes, read, close, ...tag };
    }
    const whole = await s3(buffer(answer), `read ${key}`);
    return { sizeBytes: whole.length, whole, read, close, ...tag };
  }

  async stat(key: string): Promise<ObjectInfo | undefined> {
    assertKey(key);
    const answer = await s3(this.#head(key), `stat ${key}`);
    return answer === undefined ? undefined : { key, sizeBytes: Number(answer.headers['content-length'] ?? 0) };
  }

  async delete(key: string): Promise<void> {
    assertKey(key);
    const deleted = this.connection.send({ method: 'DELETE', key, statuses: [200, 204, 404] });
    await s3(deleted.then(drain), `delete ${key}`);
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    assertPrefix(prefix);
    for (let after = '', more = true; more;) {
      const page = await s3(this.connection.list(prefix, after), `list ${prefix}`);
      yield* page.objects;
      after = page.objects.at(-1)?.key ?? '';
      more = page.more;
    }
  }

  async ping(): Promise<void> {
    const key = `probe/${randomBytes(12).toString('hex')}`;
    await this.put(key, Buffer.from('.'));
    await this.delete(key);
  }

  async #head(key: string): Promise<S3Answer | undefined> {
    try {
      const answer = await this.connection.send({ method: 'HEAD', key, statuses: [200] });
      await drain(answer);
      return answer;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async #open(key: string, headers: Record<string, string>, statuses: number[]): Promise<S3Answer | undefined> {
    assertKey(key);
    try {
      return await this.connection.send({ method: 'GET', key, headers, statuses });
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw asStoreError(error, `read ${key}`);
    }
  }
}

/** Objects are not held open on the server. */
const close = (): Promise<void> => Promise.resolve();

function ignoresCondition(how: string): SigningError {
  return new SigningError('STORE_UNAVAILABLE', {
    expected: 'an S3 server that honours If-None-Match: * (or s3AllowUnconditionalCreate, for development)',
    found: `one that created an existing object again, ${how}`,
  });
}

/** 412 of a conditional request (RFC 9110, 15.5.13). */
function isTaken(error: unknown): boolean {
  return errorCode(error) === 'PreconditionFailed';
}

/** A body that was begun: its first part, and the rest unless that was all. */
interface SplitBody {
  readonly head: Buffer;
  readonly rest?: AsyncGenerator<Buffer>;
}

/** Reads the first part. A body that fits into it is sent with one PUT. */
async function split(body: ObjectBody): Promise<SplitBody> {
  const parts = inParts(body);
  const first = await parts.next();
  const head: Buffer = first.done === true ? Buffer.alloc(0) : first.value;
  const whole = body instanceof Uint8Array ? body.byteLength <= head.length : head.length < partBytes;
  if (!whole) return { head, rest: parts };
  await parts.return(undefined);
  return { head };
}
