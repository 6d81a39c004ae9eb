import { setMaxListeners } from 'node:events';
import { Server as NetServer, type Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import { fastify, LogController, type FastifyInstance } from 'fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { newId, SigningError, type FailureCode } from '@kyso/contracts';
import type { Logger } from 'pino';
import { problemMediaType, toProblem } from './problem.js';
import { sendProblem } from './problem-filter.js';
import { securityHeaders } from './security-headers.js';

/** Times and sizes of the HTTP side. */
export interface HttpLimits {
  /** Bytes of a body that is read whole; more is BODY_TOO_LARGE. */
  readonly bodyLimitBytes: number;
  /** Milliseconds in which a request, headers and body, must have arrived; more is REQUEST_TIMEOUT. */
  readonly requestTimeoutMs: number;
}

/** Milliseconds for the headers alone. */
const headersTimeoutMs = 10_000;
/** Milliseconds without a byte in either direction before a connection is cut. */
const idleTimeoutMs = 180_000;

/**
 * The Fastify instance under Nest, with the limits that keep one caller from holding the process:
 * - headers in 10 s and the whole request in `requestTimeoutMs`, checked every second (Slowloris, R-U-Dead-Yet);
 * - connections without traffic are cut after 180 s (callers that never read the answer);
 * - header block 16 KiB (Node), URL parameters 128 characters, bodies `bodyLimitBytes`.
 * Answers that Fastify and Node give before any handler runs are problem+json too.
 */
export function createFastify(logger: Logger, limits: HttpLimits): FastifyInstance {
  const server = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: limits.bodyLimitBytes,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: idleTimeoutMs,
    keepAliveTimeout: 65_000,
    http: { headersTimeout: Math.min(headersTimeoutMs, limits.requestTimeoutMs), connectionsCheckingInterval: 1_000 },
    routerOptions: { maxParamLength: 128 },
    requestIdHeader: false,
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    // Before any hook: malformed URLs and over-long parameters.
    frameworkErrors: (error, request, reply) => {
      void reply.header('x-request-id', request.id).headers(securityHeaders);
      sendProblem(error, request, reply, limits);
    },
  }) as unknown as FastifyInstance;
  // JSON is the only body that is parsed by default: text/plain could be sent by any web page's form.
  server.removeContentTypeParser('text/plain');
  return server;
}

/** The caller's X-Request-Id where it is 8 to 64 of `A-Za-z0-9._-` (so that it can't forge log lines), else a new one. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(header) ? header : newId('req');
}

/** What Node's HTTP parser refuses never becomes a request; the answer is written by hand. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy(error);
    return;
  }
  const code: FailureCode = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'REQUEST_TIMEOUT' : 'REQUEST_INVALID';
  const found = error.code === 'HPE_HEADER_OVERFLOW' ? 'headers of more than 16 KiB' : 'bytes that are not HTTP/1.1';
  const problem = toProblem(
    new SigningError(code, code === 'REQUEST_TIMEOUT' ? {} : { expected: 'an HTTP/1.1 request', found }),
    { requestId: newId('req') },
  );
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\nContent-Type: ${problemMediaType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/**
 * Nest's adapter with a graceful beginning of the end: `app.close()` first stops accepting connections, answers
 * SERVICE_STOPPING on those that are open, and waits until the running requests are answered; only then does Nest run the
 * services' shutdown hooks, so that no request loses its Redis or its store halfway.
 */
export class DrainingAdapter extends FastifyAdapter {
  readonly #stopping = new AbortController();
  #running = 0;
  #drained: (() => void) | undefined;

  constructor(private readonly server: FastifyInstance) {
    super(server as never);
    // Every event stream and every wait listens to it.
    setMaxListeners(0, this.#stopping.signal);
  }

  get stopSignal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Called for each request that is let in, and when its answer is out or its connection gone. */
  enter(): void {
    this.#running++;
  }
  leave(): void {
    if (--this.#running === 0) this.#drained?.();
  }

  override async beforeClose(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    // The net.Server's close only stops accepting. The http.Server's own would also cut idle keep-alive connections, and a
    // request that is just on its way there would die with ECONNRESET instead of getting its 503.
    if (this.server.server.listening) NetServer.prototype.close.call(this.server.server);
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    // What is open now carries no request; a connection that never carried one (a browser's pre-connect) would stay for ever.
    this.server.server.closeAllConnections();
  }
}
