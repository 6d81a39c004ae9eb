import { SigningError } from '@kyso/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { DrainingAdapter } from './http-server.js';
import type { ObserveRequest } from './metrics.js';
import { pagePolicy, securityHeaders } from './security-headers.js';

/** Routes that are asked every few seconds; their lines would drown the log. */
const quietRoutes = new Set(['/livez', '/readyz', '/metrics']);

/** What the hooks need. */
export interface HookParts {
  readonly adapter: DrainingAdapter;
  readonly observe: ObserveRequest;
  /** Paths that start with it serve HTML. */
  readonly pagesPrefix?: string | undefined;
}

/**
 * Request id, security headers, the count of running requests, the refusal while stopping, duration metric and one log line
 * per request. Kept to two hooks: they run on every internal call too.
 */
export function addRequestHooks(server: FastifyInstance, parts: HookParts): void {
  const { adapter, observe, pagesPrefix } = parts;

  server.addHook('onRequest', (request, reply, done) => {
    adapter.enter();
    // 'close' comes once for each answer, also when the caller went away before it was out.
    reply.raw.once('close', () => adapter.leave());
    void reply.header('x-request-id', request.id).headers(securityHeaders);
    if (pagesPrefix !== undefined && request.url.startsWith(pagesPrefix)) {
      void reply.header('content-security-policy', pagePolicy);
    }
    if (adapter.stopSignal.aborted) {
      void reply.header('connection', 'close');
      // Liveness still answers: whoever watches must not shoot a process that is finishing its work.
      if (request.routeOptions.url !== '/livez') return done(new SigningError('SERVICE_STOPPING'));
    }
    done();
  });

  server.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done) => {
    const route = request.routeOptions.url ?? 'unmatched';
    const durationMs = reply.elapsedTime;
    observe(`${request.method} ${route}`, reply.statusCode, durationMs / 1_000);
    const line = {
      method: request.method,
      route,
      status: reply.statusCode,
      durationMs: Math.round(durationMs * 10) / 10,
    };
    if (quietRoutes.has(route)) request.log.debug(line, 'request');
    else request.log.info(line, 'request');
    done();
  });
}

/**
 * For each address that has routes, answers every other method with 405 and an Allow header (RFC 9110, 15.5.6); Fastify alone
 * says 404. Call it before routes are added, and `install` after the last one.
 */
export function methodNotAllowed(server: FastifyInstance): { install: () => void } {
  const methodsByUrl = new Map<string, Set<string>>();
  let collecting = true;
  server.addHook('onRoute', (route) => {
    if (!collecting || route.url.includes('*')) return;
    const methods = methodsByUrl.get(route.url) ?? new Set<string>();
    for (const method of [route.method].flat()) methods.add(method.toUpperCase());
    methodsByUrl.set(route.url, methods);
  });
  return {
    install: () => {
      collecting = false;
      for (const [url, methods] of methodsByUrl) {
        const allow = [...methods].sort().join(', ');
        server.route({
          method: server.supportedMethods.filter((method) => !methods.has(method)),
          url,
          // In onRequest, before the body is read: what isn't allowed needn't be parsed.
          onRequest: (request, reply, done) => {
            void reply.header('allow', allow);
            done(new SigningError('METHOD_NOT_ALLOWED', { expected: allow, found: request.method }));
          },
          handler: () => undefined,
        });
      }
    },
  };
}
