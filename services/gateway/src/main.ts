import {
  connectRedis,
  createLogger,
  createServiceClient,
  loadConfig,
  readRedisUrl,
  readScreeningPolicy,
  readSecretFile,
  readStoreSettings,
  runService,
} from '@kyso/service';
import { openStore } from '@kyso/storage';
import { readActivationKeys } from './activations/activation-keys.js';
import { AppModule } from './app.module.js';
import { DoorKeeper } from './auth/door-keeper.js';
import { configSchema } from './config.js';
import { serveDocsPage } from './openapi/docs-page.js';
import { readPolicies } from './policies/policies.js';
import { createEvidenceSource } from './verification/evidence-source.js';
import { openWebhookSigner } from './webhooks/webhook-keys.js';
import { readTrustAnchors } from './verification/trust-anchors.js';

const config = loadConfig(configSchema, process.env);
const logger = createLogger({ service: 'gateway', level: config.logLevel });
try {
  const serviceToken = await readSecretFile(config.serviceTokenFile);
  const redisUrl = await readRedisUrl(config);
  const { revocationCacheUrl: baseUrl, revocationTimeoutMs } = config;
  const module = AppModule.of({
    config,
    logger,
    store: await openStore(await readStoreSettings(config)),
    redis: connectRedis(redisUrl, logger, { failFast: true }),
    subscriber: connectRedis(redisUrl, logger),
    trustAnchors: await readTrustAnchors(config.trustAnchorsFile),
    tsaTrustAnchors: await readTrustAnchors(config.tsaTrustAnchorsFile),
    policies: await readPolicies(config.policiesFile),
    activationKeys:
      config.activationKeysFile === undefined ? undefined : await readActivationKeys(config.activationKeysFile),
    webhookSigner: await openWebhookSigner(config),
    screening: await readScreeningPolicy(config.screeningPolicyFile),
    revocation:
      baseUrl === undefined
        ? undefined
        : createEvidenceSource(
            createServiceClient({ baseUrl, serviceToken, unavailable: 'REVOCATION_UNAVAILABLE' }),
            logger,
            revocationTimeoutMs,
          ),
  });
  await runService({
    name: 'gateway',
    module,
    config,
    logger,
    serviceToken,
    bodyLimitBytes: config.maxJsonBytes,
    requestTimeoutMs: config.uploadTimeoutMs,
    rawBodies: {
      'application/pdf': 'stream',
      'image/jpeg': 'stream',
      'image/png': 'stream',
      'image/tiff': 'stream',
      'text/csv': 'buffer',
      'application/x-ndjson': 'stream',
    },
    pagesPrefix: '/docs',
    configure: (app) => {
      app.get(DoorKeeper).install(app.getHttpAdapter().getInstance());
      serveDocsPage(app);
    },
  });
} catch (error) {
  logger.fatal({ err: error }, 'the gateway cannot start');
  process.exit(1);
}
