import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { createFastify, DrainingAdapter } from './http-server.js';
import { createMetrics, createRequestHistogram } from './metrics.js';
import { nestLogger } from './nest-logger.js';
import { ProblemFilter } from './problem-filter.js';
import { Readiness } from './readiness.js';
import { addRequestHooks, methodNotAllowed } from './request-hooks.js';
import { RootModule, RuntimeModule } from './runtime.module.js';
import { readSecretFile } from './secret-file.js';
import { ServiceTokenCheck } from './service-token.js';
import { stopOnSignals } from './stop.js';
import { detachedBody } from './upload-body.js';
import { createValidationPipe } from './validation-pipe.js';

/** What a service says of itself to be run. */
export interface ServiceOptions {
  readonly name: string;
  readonly module: Type | DynamicModule;
  readonly config: {
    readonly listenHost: string;
    readonly listenPort: number;
    readonly shutdownTimeoutMs: number;
    readonly serviceTokenFile?: string | undefined;
  };
  readonly logger: Logger;
  /** The service token itself, where it was read already; else it is read from config.serviceTokenFile. */
  readonly serviceToken?: string;
  /** Bytes of a body that is read whole; default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** Milliseconds in which a request must have arrived, headers and body; default 60,000. Uploads need more. */
  readonly requestTimeoutMs?: number;
  /**
   * Media types besides JSON. `buffer`: `@Body()` is a Buffer of at most bodyLimitBytes. `stream`: `@Body()` is the unread
   * stream, and the handler keeps the size limit; it may leave off anywhere.
   */
  readonly rawBodies?: Readonly<Record<string, 'buffer' | 'stream'>>;
  /** Paths that start with it serve HTML (Swagger UI) and get a policy that lets its scripts run, such as `/docs`. */
  readonly pagesPrefix?: string;
  /** Called before the application is initialised: Swagger and the like. */
  readonly configure?: (app: INestApplication) => Promise<void> | void;
  /** Ends the process after a signal; tests replace it. Default: process.exit. */
  readonly exit?: (code: number) => void;
}

/**
 * Starts a Nest application on Fastify from one module: logger, problem+json, request ids, body and time limits, liveness
 * `GET /livez` (open), readiness `GET /readyz` and metrics `GET /metrics` (behind the service token), graceful stop on SIGTERM
 * and SIGINT. Resolves when it listens; throws when the token, the module or the port is not usable.
 */
export async function runService(options: ServiceOptions): Promise<INestApplication> {
  const { logger } = options;
  const limits = {
    bodyLimitBytes: options.bodyLimitBytes ?? 1_048_576,
    requestTimeoutMs: options.requestTimeoutMs ?? 60_000,
  };
  const serviceToken = new ServiceTokenCheck(await serviceTokenOf(options));
  const metrics = createMetrics(options.name);
  const readiness = new Readiness();

  const server = createFastify(logger, limits);
  const adapter = new DrainingAdapter(server);
  const otherMethods = methodNotAllowed(server);
  addRequestHooks(server, {
    adapter,
    observe: createRequestHistogram(metrics),
    pagesPrefix: options.pagesPrefix,
  });
  addRawBodies(server, options.rawBodies ?? {});

  const runtime = RuntimeModule.of({ logger, metrics, readiness, serviceToken, stopSignal: adapter.stopSignal });
  const app = await NestFactory.create({ module: RootModule, imports: [runtime, options.module] }, adapter, {
    logger: nestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalPipes(createValidationPipe());
  app.useGlobalFilters(new ProblemFilter(limits));
  addProbes(server, { metrics, readiness, serviceToken });
  await options.configure?.(app);
  await app.init();
  otherMethods.install();
  await app.listen(options.config.listenPort, options.config.listenHost);
  stopOnSignals({
    app,
    stopSignal: adapter.stopSignal,
    logger,
    timeoutMs: options.config.shutdownTimeoutMs,
    exit: options.exit ?? ((code) => process.exit(code)),
  });
  // Said last: who reads it may send a signal at once.
  logger.info({ url: await app.getUrl() }, 'listening');
  return app;
}

async function serviceTokenOf(options: ServiceOptions): Promise<string> {
  if (options.serviceToken !== undefined) return options.serviceToken;
  if (options.config.serviceTokenFile !== undefined) return readSecretFile(options.config.serviceTokenFile);
  throw new Error('Service token: expected config.serviceTokenFile or serviceToken, found neither');
}

function addRawBodies(server: FastifyInstance, rawBodies: Readonly<Record<string, 'buffer' | 'stream'>>): void {
  for (const [mediaType, kind] of Object.entries(rawBodies)) {
    if (kind === 'stream') {
      server.addContentTypeParser(mediaType, (request, _payload, done) => done(null, detachedBody(request.raw)));
    } else {
      server.addContentTypeParser(mediaType, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    }
  }
}

/** Outside Nest's routes, so that a service's own global guards and its API description don't reach them. */
function addProbes(
  server: FastifyInstance,
  parts: { metrics: Registry; readiness: Readiness; serviceToken: ServiceTokenCheck },
): void {
  server.get('/livez', (_request, reply) => reply.send({ status: 'alive' }));
  server.get('/readyz', async (request, reply) => {
    parts.serviceToken.assert(request.headers.authorization);
    const { ready, checks } = await parts.readiness.run();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'unready', checks });
  });
  server.get('/metrics', async (request, reply) => {
    parts.serviceToken.assert(request.headers.authorization);
    return reply.header('content-type', parts.metrics.contentType).send(await parts.metrics.metrics());
  });
}
