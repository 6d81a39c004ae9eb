import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Readiness } from './readiness.js';
import { ServiceTokenCheck, ServiceTokenGuard } from './service-token.js';

/** Injects the process's pino Logger: `@Inject(LOGGER) logger: Logger`. */
export const LOGGER = Symbol('logger');
/** Injects the prom-client Registry that `/metrics` prints; give it to new metrics as `registers: [registry]`. */
export const METRICS = Symbol('metrics');
/** Injects an AbortSignal that aborts when the process begins to stop: end event streams and waits then. */
export const STOP_SIGNAL = Symbol('stop signal');

/** What runService gives to every module without an import: LOGGER, METRICS, STOP_SIGNAL, Readiness, ServiceTokenGuard. */
@Module({})
export class RuntimeModule {
  static of(parts: {
    logger: Logger;
    metrics: Registry;
    stopSignal: AbortSignal;
    readiness: Readiness;
    serviceToken: ServiceTokenCheck;
  }): DynamicModule {
    return {
      module: RuntimeModule,
      global: true,
      providers: [
        { provide: LOGGER, useValue: parts.logger },
        { provide: METRICS, useValue: parts.metrics },
        { provide: STOP_SIGNAL, useValue: parts.stopSignal },
        { provide: Readiness, useValue: parts.readiness },
        { provide: ServiceTokenCheck, useValue: parts.serviceToken },
        ServiceTokenGuard,
      ],
      exports: [LOGGER, METRICS, STOP_SIGNAL, Readiness, ServiceTokenCheck, ServiceTokenGuard],
    };
  }
}

/** The root: the runtime and the service's own module. */
@Module({})
export class RootModule {}
