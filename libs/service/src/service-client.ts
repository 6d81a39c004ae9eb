import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { failureCodes, isFailureCode, SigningError, type FailureCode } from '@kyso/contracts';
import { exchange, type ExchangeAnswer } from './http-exchange.js';

/** One call to one of our own services. */
export interface ServiceCall {
  readonly contentType: string;
  /** The media type that the answer must have. */
  readonly accept: string;
  /** Milliseconds for the whole call. */
  readonly timeoutMs: number;
  /** Handed on as X-Request-Id, so that the logs of both sides can be joined. */
  readonly requestId?: string;
}

/** HTTP client for calls between our own services: keep-alive, service token, deadline. */
export interface ServiceClient {
  /**
   * Posts `body` to the path and gives the body of the 200 answer. Throws SigningError: the code of the problem document that
   * the service answered; `unavailable` when it can't be reached, is stopping or is too slow; INTERNAL when it didn't
   * understand us (a wrong token, path or body is our own mistake and not that of whoever called us).
   */
  post(path: string, body: Uint8Array, call: ServiceCall): Promise<Uint8Array>;
}

/** Where a service is and how it is addressed. */
export interface ServiceClientOptions {
  /** Such as `http://tsa-proxy:3002`; a path in it is kept as a prefix. */
  readonly baseUrl: string;
  readonly serviceToken: string;
  /** Code for a service that gives no answer; choose a retryable one. Default INTERNAL. */
  readonly unavailable?: FailureCode;
  /** Bytes of an answer; default 16 MiB. */
  readonly maxBytes?: number;
}

/** What these say is true between the two services, not of the request that is being served. */
const ourOwnMistakes: ReadonlySet<FailureCode> = new Set([
  'REQUEST_INVALID',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'ROUTE_UNKNOWN',
  'METHOD_NOT_ALLOWED',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
]);
const notNow: ReadonlySet<FailureCode> = new Set(['SERVICE_STOPPING', 'REQUEST_TIMEOUT']);

/** Makes a client with its own connections. Throws TypeError when baseUrl is not an http or https URL. */
export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  const base = new URL(options.baseUrl.endsWith('/') ? options.baseUrl : `${options.baseUrl}/`);
  if (base.protocol !== 'http:' && base.protocol !== 'https:') {
    throw new TypeError(`Service URL: expected http or https, found ${base.protocol}`);
  }
  const unavailable = options.unavailable ?? 'INTERNAL';
  // 'lifo' keeps few connections warm instead of many lukewarm ones.
  const pool = { keepAlive: true, maxSockets: 64, maxFreeSockets: 32, scheduling: 'lifo' as const };
  const agent =
    base.protocol === 'https:' ? new HttpsAgent({ ...pool, rejectUnauthorized: true }) : new HttpAgent(pool);
  const authorization = `Bearer ${options.serviceToken}`;

  return {
    post: async (path, body, call) => {
      const url = new URL(path.replace(/^\//, ''), base);
      let answer: ExchangeAnswer;
      try {
        answer = await exchange({
          url,
          method: 'POST',
          body,
          headers: {
            authorization,
            'content-type': call.contentType,
            accept: `${call.accept}, application/problem+json`,
            ...(call.requestId === undefined ? {} : { 'x-request-id': call.requestId }),
          },
          agent,
          maxBytes: options.maxBytes ?? 16_777_216,
          timeoutMs: call.timeoutMs,
        });
      } catch (error) {
        throw new SigningError(unavailable, {
          expected: `an answer from ${url.origin}`,
          found: (error as NodeJS.ErrnoException).code ?? 'an error',
          cause: error,
        });
      }
      const mediaType = (answer.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
      if (answer.status === 200 && mediaType === call.accept.toLowerCase()) return answer.body;
      throw mediaType === 'application/problem+json'
        ? fromProblem(answer, url, unavailable)
        : new SigningError(answer.status >= 500 ? unavailable : 'INTERNAL', {
            expected: `${call.accept} from ${url.origin}`,
            found: `status ${answer.status}, ${mediaType === '' ? 'no media type' : String(mediaType).slice(0, 60)}`,
          });
    },
  };
}

/** The SigningError that the other side's problem document stands for. */
function fromProblem(answer: ExchangeAnswer, url: URL, unavailable: FailureCode): SigningError {
  let problem: { code?: unknown; expected?: unknown; found?: unknown };
  try {
    problem = JSON.parse(Buffer.from(answer.body).toString('utf8')) as typeof problem;
  } catch {
    problem = {};
  }
  const code = typeof problem.code === 'string' && isFailureCode(problem.code) ? problem.code : undefined;
  if (code === undefined || ourOwnMistakes.has(code)) {
    return new SigningError('INTERNAL', {
      expected: `an answer from ${url.origin}`,
      found: `status ${answer.status}${code === undefined ? '' : `, ${code}: ${failureCodes[code].en}`}`,
    });
  }
  return new SigningError(notNow.has(code) ? unavailable : code, {
    ...(typeof problem.expected === 'string' ? { expected: problem.expected } : {}),
    ...(typeof problem.found === 'string' ? { found: problem.found } : {}),
  });
}
