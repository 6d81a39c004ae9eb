// INTERFACE STUB: the owner of libs/service replaces it by the real modules with the same exported names.
import type { DynamicModule, Type, INestApplication } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Redis } from 'ioredis';
import type { z } from 'zod';
const todo = (): never => {
  throw new Error('stub');
};

/** Parses the environment once; prints every problem (names and expectations, never values of secrets) and exits 1. Field `listenPort` is read from `KYSO_LISTEN_PORT`. Frozen. */
export function loadConfig<S extends z.ZodObject>(_schema: S, _env: NodeJS.ProcessEnv): z.infer<S> {
  return todo();
}
/** A Markdown table of the schema's fields for the README: name, meaning, default. */
export function describeConfig(_schema: z.ZodObject): string {
  return todo();
}
/** Reads a secret file: trims one trailing newline, refuses files that others may read (mode & 0o077), empty ones and over 4 KiB. */
export function readSecretFile(_path: string): Promise<string> {
  return todo();
}
/** zod fields that every service has: listenHost, listenPort, logLevel, serviceTokenFile, shutdownTimeoutMs. */
export declare const serviceConfigShape: {
  listenHost: z.ZodType<string>;
  listenPort: z.ZodType<number>;
  logLevel: z.ZodType<string>;
  serviceTokenFile: z.ZodType<string>;
  shutdownTimeoutMs: z.ZodType<number>;
};
/** zod fields for the object store and Redis: storeFolder?, s3Endpoint?, s3Bucket?, s3Region?, s3AccessKeyFile?, s3SecretKeyFile?; redisUrl. */
export declare const storeConfigShape: {
  storeFolder: z.ZodType<string | undefined>;
  s3Endpoint: z.ZodType<string | undefined>;
  s3Bucket: z.ZodType<string | undefined>;
  s3Region: z.ZodType<string | undefined>;
  s3AccessKeyFile: z.ZodType<string | undefined>;
  s3SecretKeyFile: z.ZodType<string | undefined>;
};
export declare const redisConfigShape: { redisUrl: z.ZodType<string> };

export function createLogger(_options: { service: string; level: string }): Logger {
  return todo();
}
export function connectRedis(_url: string, _logger: Logger): Redis {
  return todo();
}

/** Starts a Nest application on Fastify from one module: logger, problem+json filter, request ids, body and time limits, liveness `/livez`, readiness `/readyz` and metrics `/metrics` (both behind the service token), graceful stop on SIGTERM and SIGINT. Resolves when it listens. */
export function runService(_options: {
  name: string;
  module: Type | DynamicModule;
  config: { listenHost: string; listenPort: number; shutdownTimeoutMs: number };
  logger: Logger;
  bodyLimitBytes?: number;
  requestTimeoutMs?: number;
  configure?: (app: INestApplication) => Promise<void> | void;
}): Promise<INestApplication> {
  return todo();
}

/** Append-only audit log, one JSON line each; `write` resolves when the line is durable (fdatasync, one for many writers). */
export interface Audit {
  write(_entry: { event: string; jobId: string; [fact: string]: unknown }): Promise<void>;
  close(): Promise<void>;
}
export function openAudit(_file: string): Promise<Audit> {
  return todo();
}

/** Allow rules for URLs that come from certificates, documents or callers (invariant 9). */
export interface FetchRules {
  /** `host:port` pairs that are allowed although their address is private or their port unusual. */ readonly allowHosts: readonly string[];
  /** host → host[:port] before anything else, such as ocsp.ca.ptc → ocsp.ca.gov.vn. */ readonly rewriteHosts: Readonly<
    Record<string, string>
  >;
}
export interface FetchRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}
/** HTTP(S) with keep-alive; scheme, port, address after DNS, redirects (none followed to elsewhere), size and time are guarded. Throws SigningError URL_REFUSED; network faults are plain Errors with a code. */
export interface GuardedFetch {
  (_request: FetchRequest): Promise<{ status: number; headers: Readonly<Record<string, string>>; body: Uint8Array }>;
}
export function createGuardedFetch(_rules: FetchRules): GuardedFetch {
  return todo();
}
/** HTTP client for calls between our own services: keep-alive, service token, deadline; problem+json becomes SigningError. */
export interface ServiceClient {
  post(
    _path: string,
    _body: Uint8Array,
    _options: { contentType: string; accept: string; timeoutMs: number; requestId?: string },
  ): Promise<Uint8Array>;
}
export function createServiceClient(_options: { baseUrl: string; serviceToken: string }): ServiceClient {
  return todo();
}
