import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { SigningError, type ApiClientRecord, type Scope } from '@kyso/contracts';
import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the door-keeper before the body is read; present in every handler of the gateway. */
    caller: ApiClientRecord | null;
  }
  interface FastifyContextConfig {
    rule?: RouteRule;
  }
}

/** What a route demands; a route without one is closed to everybody. */
export interface RouteRule {
  /** One scope, or several of which one is enough. */
  readonly scope: Scope | readonly Scope[];
  /** Media types that its body may have; absent: it takes none. */
  readonly accepts?: readonly string[];
}

/** States the scope and the body types of a route; the door-keeper enforces them before the body is read. */
export const Rule = (rule: RouteRule): MethodDecorator => RouteConfig({ rule });

/** The client that is asking. */
export function callerOf(request: FastifyRequest): ApiClientRecord {
  if (request.caller === null || request.caller === undefined) throw new SigningError('UNAUTHENTICATED');
  return request.caller;
}

/** Parameter of a handler: the client that is asking. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  callerOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
