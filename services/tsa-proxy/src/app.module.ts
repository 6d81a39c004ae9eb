import { Module, type DynamicModule } from '@nestjs/common';
import { createGuardedFetch, readFetchRules, LOGGER, METRICS, Readiness } from '@kyso/service';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { readCertificates, readUpstreams, type Config } from './config.js';
import { createTsaMetrics } from './metrics.js';
import type { TimestampPorts } from './obtain-timestamp.js';
import { TIMESTAMP_PORTS, TimestampController } from './timestamp.controller.js';
import { createUpstream } from './upstream.js';

/** The service's only module. */
@Module({})
export class AppModule {
  /** `now`: the clock that genTime is compared with; tests replace it. */
  static of(config: Config, now: () => Date = () => new Date()): DynamicModule {
    return {
      module: AppModule,
      controllers: [TimestampController],
      providers: [
        {
          provide: TIMESTAMP_PORTS,
          inject: [METRICS, LOGGER, Readiness],
          useFactory: (metrics: Registry, logger: Logger, readiness: Readiness) =>
            createPorts(config, { metrics, logger, readiness, now }),
        },
      ],
    };
  }
}

async function createPorts(
  config: Config,
  parts: { metrics: Registry; logger: Logger; readiness: Readiness; now: () => Date },
): Promise<TimestampPorts> {
  const fetch = createGuardedFetch(readFetchRules(config));
  const upstreams = await readUpstreams(config.tsaUpstreamsFile);
  const sources = upstreams.map((settings) => createUpstream(settings, { fetch, config }));
  const count = createTsaMetrics(parts.metrics, sources);
  parts.readiness.add('tsa', async () => {
    if (sources.every((source) => source.breaker.state === 'open'))
      throw new Error(`expected one of ${sources.length} TSAs to answer, all are being skipped after failures`);
  });
  return {
    sources,
    trustAnchors: await readCertificates(config.tsaTrustAnchorsFile),
    intermediates: config.tsaIntermediatesFile === undefined ? [] : await readCertificates(config.tsaIntermediatesFile),
    maxSkewMs: config.tsaMaxSkewMs,
    now: parts.now,
    observe: (attempt) => {
      count(attempt);
      if (attempt.outcome !== 'granted') parts.logger.warn({ event: 'tsa-failed', ...attempt }, 'no valid time-stamp');
    },
  };
}
