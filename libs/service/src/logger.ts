import { pino, type DestinationStream, type Logger } from 'pino';

/**
 * Field names whose values never reach the log, however deep they lie, in any case. A second net: nothing secret should be
 * given to the logger at all. The name of an HSM token is therefore logged as `tokenName`, not `token`.
 */
const secretFields = [
  'authorization',
  'cookie',
  'set-cookie',
  'pin',
  'apiKey',
  'x-api-key',
  'token',
  'serviceToken',
  'password',
  'secret',
  'secretKey',
];
const secretNames = new Set(secretFields.map((field) => field.toLowerCase()));
const redacted = '[redacted]';

/** Objects nested deeper are left out: the net must hold, and a log line is no place for a tree. */
const maxDepth = 6;

/**
 * The object itself where it holds no secret name (the usual case, nothing is copied), else a copy without their values.
 * pino's own `redact` needs a path for every depth, and costs 20 µs a line with wildcards where this costs 1.
 */
function hideSecrets(value: Record<string, unknown>, depth = 0): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(value)) {
    const found = value[name];
    let shown = found;
    if (secretNames.has(name.toLowerCase())) shown = redacted;
    else if (ArrayBuffer.isView(found)) shown = `[${found.byteLength} bytes]`;
    else if (typeof found === 'object' && found !== null && !(found instanceof Error)) {
      shown = depth < maxDepth ? hideSecrets(found as Record<string, unknown>, depth + 1) : '[too deep]';
    }
    if (shown !== found) {
      copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
      copy[name] = shown;
    }
  }
  return copy ?? value;
}

interface LoggedError {
  type: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: LoggedError;
}

/**
 * Name, message, code and stack of an error and of its causes, nothing else: clients hang arguments on their errors (ioredis
 * puts the arguments of AUTH there), and those must not be logged.
 */
export function describeError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined || depth >= 4 ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
}

/**
 * The log of a process: JSON lines on standard output with `time` (ISO 8601, UTC), `level` (word), `service`, `msg`, and the
 * caller's `requestId` and `jobId`. `destination` is for tests.
 */
export function createLogger(
  options: { service: string; level: string },
  destination: DestinationStream = pino.destination({ fd: 1, sync: true }),
): Logger {
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (facts) => hideSecrets(facts),
      },
      serializers: {
        err: describeError,
        error: describeError,
        // What a child logger is bound to passes through here only.
        ...Object.fromEntries(secretFields.map((field) => [field, () => redacted])),
      },
    },
    destination,
  );
}
