import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Client } from 'minio';
import type { ObjectInfo } from './object-store.js';
import type { S3Config } from './s3-config.js';
import { asStoreError, errorCode } from './store-error.js';

/** Milliseconds without a byte in either direction before a request is given up. */
const idleTimeoutMs = 20_000;
/** Waits before the second and third attempt; each is stretched by up to a half, so that processes don't come back together. */
const retryDelaysMs = [100, 500];

/** Faults that are known to pass: the connection, and answers that say "later". */
const passing = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'SlowDown',
  'ServiceUnavailable',
  'InternalError',
  'RequestTimeout',
  'OperationAborted',
  'ConditionalRequestConflict',
]);

/** One S3 request, path style. */
export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly key?: string;
  /** Already encoded. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly statuses: readonly number[];
}

/** An answer whose body was not read yet. */
export type S3Answer = http.IncomingMessage;

/** Signed requests to one bucket, with keep-alive, a time limit and retries, over the minio client. */
export class S3Connection {
  readonly #client: Client;

  constructor(private readonly config: S3Config) {
    const url = new URL(config.endpoint);
    const secure = url.protocol === 'https:';
    const pool = { keepAlive: true, maxSockets: 64, maxFreeSockets: 32, scheduling: 'lifo' as const };
    this.#client = new Client({
      endPoint: url.hostname,
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      useSSL: secure,
      accessKey: config.accessKey,
      secretKey: config.secretKey,
      region: config.region,
      pathStyle: true,
      transport: withIdleTimeout(secure),
      transportAgent: secure ? new https.Agent({ ...pool, rejectUnauthorized: true }) : new http.Agent(pool),
      // The client's own repetition prints to the console and can't tell a create from a put.
      retryOptions: { disableRetry: true },
    });
  }

  /** An object as the source of a copy on the server. Keys need no encoding (assertKey). */
  copySource(key: string): string {
    return `/${this.config.bucket}/${key}`;
  }

  /** Sends once. Throws the S3 error (its `code` is the server's) or the network's. */
  async once(request: S3Request): Promise<S3Answer> {
    return this.#client.makeRequestAsync(
      {
        method: request.method,
        bucketName: this.config.bucket,
        ...(request.key === undefined ? {} : { objectName: request.key }),
        query: request.query ?? '',
        headers: { ...request.headers },
      },
      request.body ?? '',
      [...request.statuses],
      this.config.region,
    );
  }

  /** Sends, and sends again after faults that pass; only for requests that may be repeated. */
  send(request: S3Request): Promise<S3Answer> {
    return withRetries(() => this.once(request));
  }

  /**
   * At most 1,000 objects whose keys begin with `prefix` and come after the key `after`, and whether there are more. Pages go on
   * after the last key instead of with the server's token: every server can do that, and no parser can misread a key.
   */
  async list(prefix: string, after: string): Promise<{ objects: ObjectInfo[]; more: boolean }> {
    const page = await withRetries(() =>
      this.#client.listObjectsV2Query(this.config.bucket, prefix, '', '', 1_000, after),
    );
    const objects = page.objects.flatMap(({ name, size }) =>
      name === undefined ? [] : [{ key: name, sizeBytes: size }],
    );
    return { objects, more: page.isTruncated && objects.length > 0 };
  }
}

async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const delayMs = retryDelaysMs[attempt];
      if (delayMs === undefined || !isPassing(error)) throw error;
      await pause(delayMs);
    }
  }
}

/** True for faults that are known to pass; the request may or may not have been done. */
export function isPassing(error: unknown): boolean {
  return (
    passing.has(errorCode(error)) ||
    (error instanceof Error && /Retryable HTTP status|socket hang up/.test(error.message))
  );
}

/** Waits between attempts. */
export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs * (1 + Math.random() / 2)));
}

/** Waits before attempt n + 1; undefined when there is none. */
export function retryDelayMs(attempt: number): number | undefined {
  return retryDelaysMs[attempt];
}

/** Reads a small answer. `maxBytes` guards against a server that never ends. */
export async function readText(answer: Readable, maxBytes = 4_194_304): Promise<string> {
  let length = 0;
  answer.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes)
      answer.destroy(new Error(`expected at most ${maxBytes} bytes from the S3 server, found more`));
  });
  return text(answer);
}

/** Lets the connection go back to the pool. */
export async function drain(answer: Readable): Promise<void> {
  await readText(answer);
}

/** Errors of the S3 server and the network as STORE_UNAVAILABLE or STORE_FULL. */
export function s3<T>(work: Promise<T>, doing: string): Promise<T> {
  return work.catch((error: unknown) => {
    throw asStoreError(error, doing);
  });
}

/** True when the error says that there is no such object. */
export function isAbsent(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'NoSuchKey' || code === 'NotFound';
}

/** node:http with a limit on silence; the client has none, and a server that hangs would hold a job for ever. */
function withIdleTimeout(secure: boolean): Pick<typeof http, 'request'> {
  const send = secure ? https.request : http.request;
  return {
    request: ((options: http.RequestOptions, onResponse: (response: http.IncomingMessage) => void) => {
      const request = send(options, (response) => {
        // The client drops these unread (it wants to repeat them); unread, they would keep their connections.
        if ([408, 429, 499, 500, 502, 503, 504, 520].includes(response.statusCode ?? 0)) response.resume();
        onResponse(response);
      });
      request.setTimeout(idleTimeoutMs, () => {
        const error = new Error(`expected a byte from the S3 server in ${idleTimeoutMs} ms, found none`);
        request.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
      });
      return request;
    }) as typeof http.request,
  };
}
