import {
  request as httpRequest,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';

/** One request over node:http or node:https, with everything that bounds its answer. */
export interface Exchange {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly agent: Agent;
  readonly lookup?: RequestOptions['lookup'];
  /** Bytes of the answer's body. */
  readonly maxBytes: number;
  /** Milliseconds for all of it: name, connection, request, answer. */
  readonly timeoutMs: number;
}

/** The whole answer; header names in lower case, repeated ones joined by `, `. */
export interface ExchangeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A fault between here and the other side. `code` is Node's (ECONNREFUSED …) or one of those below. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Sends the request and reads the whole answer. Throws ExchangeError with ETIMEDOUT, RESPONSE_TOO_LARGE, CONTENT_ENCODED,
 * RESPONSE_TRUNCATED, or Node's own error.
 * A connection that was kept alive may have been closed by the other side at the very moment it is used again; the request is
 * then sent once more on a new one, which is safe where no byte of an answer came (RFC 9112, 9.3.1), and all of ours may be
 * repeated.
 */
export async function exchange(request: Exchange): Promise<ExchangeAnswer> {
  const deadlineMs = performance.now() + request.timeoutMs;
  try {
    return await attempt(request, deadlineMs);
  } catch (error) {
    if (error instanceof StaleConnection) return attempt(request, deadlineMs);
    throw error;
  }
}

class StaleConnection extends Error {}

function attempt(exchanged: Exchange, deadlineMs: number): Promise<ExchangeAnswer> {
  const { url, body, timeoutMs } = exchanged;
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, {
      method: exchanged.method,
      headers: { ...exchanged.headers, ...(body === undefined ? {} : { 'content-length': String(body.byteLength) }) },
      agent: exchanged.agent,
      // 16 KiB of header fields; endless ones are an attack on memory.
      maxHeaderSize: 16_384,
      ...(exchanged.lookup === undefined ? {} : { lookup: exchanged.lookup }),
    });
    let answered = false;
    const timer = setTimeout(
      () => request.destroy(new ExchangeError('ETIMEDOUT', `expected an answer in ${timeoutMs} ms`)),
      Math.max(0, deadlineMs - performance.now()),
    );
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(!answered && isReset(error) && request.reusedSocket ? new StaleConnection() : error);
    };
    request.on('error', fail);
    request.on('response', (response) => {
      answered = true;
      readAnswer(request, response, exchanged.maxBytes)
        .finally(() => clearTimeout(timer))
        .then(resolve, fail);
    });
    request.end(body);
  });
}

function isReset(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

function readAnswer(request: ClientRequest, response: IncomingMessage, maxBytes: number): Promise<ExchangeAnswer> {
  return new Promise((resolve, reject) => {
    const refuse = (error: ExchangeError): void => {
      reject(error);
      request.destroy();
    };
    response.on('error', reject);
    const encoding = response.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      // We ask for identity. Whoever compresses nevertheless may be sending a bomb, and nothing here would unpack it.
      return refuse(
        new ExchangeError('CONTENT_ENCODED', `expected no content-encoding, found ${encoding.slice(0, 40)}`),
      );
    }
    const tooLarge = (found: string): void =>
      refuse(new ExchangeError('RESPONSE_TOO_LARGE', `expected at most ${maxBytes} bytes, found ${found}`));
    const stated = Number(response.headers['content-length']);
    if (stated > maxBytes) return tooLarge(String(stated));

    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) tooLarge('more');
      else chunks.push(chunk);
    });
    response.on('end', () => {
      resolve({
        status: response.statusCode ?? 0,
        headers: plainHeaders(response),
        body: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length),
      });
    });
    response.on('close', () => {
      if (!response.complete) reject(new ExchangeError('RESPONSE_TRUNCATED', 'the connection ended within the answer'));
    });
  });
}

function plainHeaders(response: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
