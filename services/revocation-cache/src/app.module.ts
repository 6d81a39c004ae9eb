import { Inject, Module, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { createGuardedFetch, readFetchRules, LOGGER, METRICS } from '@kyso/service';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { EvidenceCollector } from './collect-evidence.js';
import { type Config } from './config.js';
import { EvidenceController } from './evidence.controller.js';
import { createRevocationMetrics } from './metrics.js';
import { ProofCache } from './proof-cache.js';
import { RevocationSources } from './sources.js';

/** How often the cache looks for evidence that is due, in milliseconds. */
const sweepMs = 5_000;

const PARTS = Symbol('parts');
interface Parts {
  readonly collector: EvidenceCollector;
  readonly sweep: NodeJS.Timeout;
}

/** The service's only module. */
@Module({})
export class AppModule implements OnModuleDestroy {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  /** `now`: the clock against which dates are checked; tests replace it. */
  static of(config: Config, now: () => Date = () => new Date()): DynamicModule {
    return {
      module: AppModule,
      controllers: [EvidenceController],
      providers: [
        {
          provide: PARTS,
          inject: [METRICS, LOGGER],
          useFactory: (registry: Registry, logger: Logger) => createParts(config, { registry, logger, now }),
        },
        { provide: EvidenceCollector, inject: [PARTS], useFactory: ({ collector }: Parts) => collector },
      ],
    };
  }

  onModuleDestroy(): void {
    clearInterval(this.parts.sweep);
  }
}

function createParts(config: Config, from: { registry: Registry; logger: Logger; now: () => Date }): Parts {
  const { now, logger } = from;
  const metrics = createRevocationMetrics(from.registry);
  const fetch = createGuardedFetch(readFetchRules(config));
  const sources = new RevocationSources(
    { fetch, now, lifetimes: config, limits: config, observe: metrics.fetched },
    { ocspUrls: config.extraOcspUrls, crlUrls: config.extraCrlUrls },
  );
  const proofs = new ProofCache({
    sourcesFor: (certificate, crlOnly) => sources.for(certificate, crlOnly),
    now,
    lifetimes: config,
    limits: config,
    onStale: ({ certificate }, problems) =>
      logger.warn(
        { event: 'refresh-failed', certificateSha256: certificate.sha256, subject: certificate.subject, problems },
        'the kept evidence goes on being used until its nextUpdate',
      ),
  });
  metrics.watch('proofs', () => proofs.usage);
  metrics.watch('crls', () => sources.crlCache);
  const sweep = setInterval(() => void proofs.refreshDue(), sweepMs);
  sweep.unref();
  return { collector: new EvidenceCollector({ proofs, now, limits: config, observe: metrics.answered }), sweep };
}
