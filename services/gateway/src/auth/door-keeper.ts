import { SigningError, type ApiClientRecord } from '@kyso/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { basicPassword, bearerKey, parseApiKey } from './api-key.js';
import { callerOf, type RouteRule } from './caller.js';
import type { ClientRegistry } from './client-registry.js';
import type { MinuteCounter, RequestBudget } from './rate-limits.js';

/** Liveness is open to everybody; readiness and metrics ask for the service token themselves (libs/service). */
const guardedElsewhere = new Set(['/livez', '/readyz', '/metrics']);

/** Where the Swagger page lies; a browser shows it after its own prompt (HTTP Basic, the API key as the password). */
export const docsPath = '/docs';

export interface DoorKeeperParts {
  readonly clients: ClientRegistry;
  readonly failures: MinuteCounter;
  readonly maxFailuresPerMinute: number;
  readonly budget: RequestBudget;
}

/**
 * Authenticates every request before its body is read, then checks the scope and the media type that the route demands. It
 * denies by default: a route without a rule is closed, and an unknown address answers 401 to a caller without a key.
 */
export class DoorKeeper {
  constructor(private readonly parts: DoorKeeperParts) {}

  /** Takes the door: controllers, the Swagger page, static files and unknown addresses alike. Before routes are added. */
  install(fastify: FastifyInstance): void {
    fastify.decorateRequest('caller', null);
    fastify.addHook('onRequest', (request, reply) => this.admit(request, reply));
    // After the route's own onRequest, which answers METHOD_NOT_ALLOWED, and still before the body.
    fastify.addHook('preParsing', (request, _reply, payload, done) => {
      const error = isDocs(request) || isGuardedElsewhere(request) || request.is404 ? undefined : findFault(request);
      done(error ?? null, payload);
    });
    fastify.addHook('onSend', (request, reply, payload, done) => {
      // Basic is for the page alone: browsers send it again by themselves, also when a foreign page makes them (CSRF).
      if (reply.statusCode === 401 && isDocs(request)) {
        void reply.header('www-authenticate', 'Basic realm="Kyso: the API key is the password", charset="UTF-8"');
      }
      done(null, payload);
    });
  }

  private async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (isGuardedElsewhere(request)) return;
    const { authorization } = request.headers;
    const key = bearerKey(authorization) ?? (isDocs(request) ? basicPassword(authorization) : undefined);
    const caller = await this.identify(key, request, reply);
    request.caller = caller;
    if (!this.parts.budget.take(caller.clientId)) {
      void reply.header('retry-after', '1');
      throw new SigningError('RATE_LIMITED');
    }
  }

  private async identify(
    presented: string | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<ApiClientRecord> {
    const { clients, failures, maxFailuresPerMinute } = this.parts;
    const key = presented === undefined ? undefined : parseApiKey(presented);
    const limited = failures.count(request.ip) >= maxFailuresPerMinute;
    // Behind one address there may be many officials: a right key passes even then, as long as it needs no look-up.
    const caller =
      key === undefined || (limited && !clients.knows(key.clientId)) ? undefined : await clients.identify(key);
    if (caller !== undefined) return caller;
    failures.add(request.ip);
    if (limited) {
      void reply.header('retry-after', '60');
      throw new SigningError('RATE_LIMITED', { found: 'too many requests with a wrong API key from this address' });
    }
    throw new SigningError('UNAUTHENTICATED', {
      expected: 'Authorization: Bearer kyso_<client>_<secret>',
      found: presented === undefined ? 'no API key' : 'an API key that is not valid',
    });
  }
}

function isGuardedElsewhere(request: FastifyRequest): boolean {
  return guardedElsewhere.has(request.routeOptions.url ?? '');
}

function isDocs(request: FastifyRequest): boolean {
  const route = request.routeOptions.url ?? '';
  return route === docsPath || route.startsWith(`${docsPath}/`);
}

function findFault(request: FastifyRequest): SigningError | undefined {
  const rule: RouteRule | undefined = request.routeOptions.config.rule;
  if (rule === undefined) return new SigningError('FORBIDDEN', { expected: 'an address of the interface' });
  const { scopes } = callerOf(request);
  const wanted = typeof rule.scope === 'string' ? [rule.scope] : rule.scope;
  if (!wanted.some((scope) => scopes.includes(scope))) {
    return new SigningError('FORBIDDEN', {
      expected: `scope ${wanted.join(' or ')}`,
      found: scopes.length === 0 ? 'no scope' : `scopes ${scopes.join(', ')}`,
    });
  }
  if (rule.accepts === undefined) return undefined;
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== undefined && rule.accepts.includes(mediaType)) return undefined;
  return new SigningError('MEDIA_TYPE_UNSUPPORTED', {
    expected: rule.accepts.join(' or '),
    found: mediaType ?? 'no Content-Type',
  });
}
