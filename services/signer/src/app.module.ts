import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { LOGGER, METRICS, Readiness } from '@kyso/service';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from './config.js';
import { startSigner, type Signer } from './signer.js';

/** Injects the running Signer. */
export const SIGNER = Symbol('signer');

/** The service's only module: it starts the signer, and stops it in good order. Its HTTP side is health and metrics. */
@Module({})
export class AppModule implements OnApplicationShutdown {
  constructor(@Inject(SIGNER) private readonly signer: Signer) {}

  /** `now`: the clock of everything that is signed; tests replace it. */
  static of(
    config: Config,
    parts: { readonly moduleEnvironment: NodeJS.ProcessEnv; readonly now?: () => Date },
  ): DynamicModule {
    return {
      module: AppModule,
      providers: [
        {
          provide: SIGNER,
          inject: [METRICS, LOGGER, Readiness],
          useFactory: async (metrics: Registry, logger: Logger, readiness: Readiness): Promise<Signer> => {
            const { moduleEnvironment, now = () => new Date() } = parts;
            const signer = await startSigner(config, { metrics, logger, moduleEnvironment, now });
            readiness.add('store', () => signer.store.ping());
            readiness.add('redis', () => signer.redis.ping());
            return signer;
          },
        },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.signer.stop();
  }
}
