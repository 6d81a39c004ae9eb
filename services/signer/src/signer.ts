import {
  openAudit,
  readRedisUrl,
  readScreeningPolicy,
  readSecretFile,
  readStoreSettings,
  connectRedis,
  type Audit,
} from '@kyso/service';
import { drainSchema, holdingCodes, objectKeys } from '@kyso/contracts';
import { getJson, openStore, putJson, type ObjectStore } from '@kyso/storage';
import type { Redis } from 'ioredis';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { BulkProcessor } from './bulk.processor.js';
import { BatchGate } from './chunks/batch-gate.js';
import { PlaceHolds } from './chunks/place-holds.js';
import { runChunk, type RunChunkPorts } from './chunks/run-chunk.js';
import { readTokens, readTrustAnchors, type Config } from './config.js';
import { StoredCredentials } from './credentials/stored-credentials.js';
import { addTimestamp } from './deferral/add-timestamp.js';
import { revocationCacheClient } from './evidence/revocation-cache-client.js';
import { createPinGuard } from './hsm/pin-guard.js';
import { TokenFleet } from './hsm/token-fleet.js';
import { servedName } from './hsm/token-settings.js';
import { toInventory } from './hsm/token-inventory.js';
import { JobTaking } from './job-taking.js';
import { createSignerMetrics } from './metrics.js';
import { StoredImages } from '@kyso/preparation';
import { progressPublisher } from './progress-channel.js';
import { SignatureMemory } from './release/signature-memory.js';
import { runJobStep, runStep } from './run-step.js';
import type { SigningPorts } from './signing-ports.js';
import { SigningProcessor } from './signing.processor.js';
import { StepQueues } from './step-queues.js';
import { listenForArrivals } from './lanes/arrivals.js';
import { LaneGate } from './lanes/lane-gate.js';
import { standingBack } from './lanes/standing-back.js';
import { TimestampsProcessor } from './timestamps.processor.js';
import { tsaProxyClient } from './timestamp/tsa-proxy-client.js';
import { TokenSizeMemory } from './timestamp/token-size-memory.js';
import { TokenReports } from './token-reports.js';

/** Renewed while a login runs; a signer that is killed in it keeps others from the token for this long. */
const loginLockMs = 10_000;

/** A running signer: its parts, put together once, and the order in which they stop. */
export interface Signer {
  readonly store: ObjectStore;
  readonly redis: Redis;
  readonly fleet: TokenFleet;
  stop(): Promise<void>;
}

/** Puts a signer together from its configuration and starts it. Tokens that can't be reached don't hold it up. */
export async function startSigner(
  config: Config,
  parts: {
    readonly logger: Logger;
    readonly metrics: Registry;
    readonly moduleEnvironment: NodeJS.ProcessEnv;
    readonly now: () => Date;
  },
): Promise<Signer> {
  const { logger, now } = parts;
  const tokens = await readTokens(config.tokensFile);
  const serviceToken = await readSecretFile(config.serviceTokenFile);
  const storeSettings = await readStoreSettings(config);
  const store = await openStore(storeSettings);
  const bulkStore =
    storeSettings.folder === undefined ? store : await openStore({ ...storeSettings, background: true });
  const audit = await openAudit(config.auditFile);
  const redisUrl = await readRedisUrl(config);
  const redis = connectRedis(redisUrl, logger);
  // The login lock must fail when Redis is away, not wait for it: nobody may try a PIN without it.
  const lockRedis = connectRedis(redisUrl, logger, { failFast: true });
  const progressRedis = connectRedis(redisUrl, logger, { failFast: true, batched: true });
  const arrivalRedis = connectRedis(redisUrl, logger);
  const signerId = config.signerId ?? `${hostname()}-${process.pid}`;

  const fleet: TokenFleet = new TokenFleet({
    tokens,
    guard: createPinGuard({ store, redis: lockRedis, signerId, now, lockForMs: loginLockMs }),
    drainOf: (token) => getJson(store, objectKeys.drain(token), drainSchema),
    environment: parts.moduleEnvironment,
    activationKeysFile: config.activationKeysFile,
    onEvent: ({ token, state, reason }) => {
      logger[state === 'ready' ? 'info' : 'warn']({ tokenName: token, state, reason }, 'token');
      metrics.tokenReplaced(token);
      reports.send();
      void taking.look();
    },
    onContent: (token, content) => {
      if ('unreadable' in content) {
        logger.warn({ tokenName: token, reason: content.unreadable }, 'what lies on a token could not be read');
        return;
      }
      const settings = tokens.find(({ name }) => name === token);
      const login = settings?.pinFile === undefined ? 'activation' : 'unattended';
      const serves = settings === undefined ? token : servedName(settings);
      const inventory = toInventory(content, { token, serves, signerId, readAt: now().toISOString(), login });
      putJson(store, objectKeys.inventory(token), inventory).catch((error: unknown) =>
        logger.warn({ err: error, tokenName: token }, 'the inventory of a token could not be stored'),
      );
    },
  });
  const metrics = createSignerMetrics(parts.metrics, () => fleet.states());
  const reports = new TokenReports({ redis, signerId, states: () => fleet.states(), now });
  const queue = new StepQueues(redis, (error) => logger.debug({ err: error }, 'queue connection'));
  const ports = await signingPorts(config, { store, audit, progressRedis, fleet, serviceToken, now });
  const waits = config;
  const lanes = new LaneGate();
  const names = [...new Set(tokens.map(servedName))];
  listenForArrivals(arrivalRedis, names, { arriving: () => lanes.arriving(), logger });
  const served = names.map((name) => ({ name, tokens: tokens.filter((one) => servedName(one) === name).length }));
  const processor = new SigningProcessor({
    tokens: served,
    concurrency: config.interactiveConcurrency,
    redis,
    run: (message) => lanes.interactive(() => runStep({ ...ports, queue, waits }, message)),
    logger,
    observe: metrics.observe,
  });

  const gate = new BatchGate(store, now);
  const holds = new PlaceHolds((place, error) => {
    if (error === undefined) logger.info({ place }, 'batches go on here');
    else logger.warn({ place, code: error.code, err: error }, 'batches are held here');
  });
  // Nobody follows the stages of an item.
  const bulkPorts = { ...standingBack({ ...ports, store: bulkStore }, () => lanes.bulk()), progress: () => undefined };
  const endlessPorts = { ...bulkPorts, waits: { ...waits, endlessly: holdingCodes } };
  const itemPorts = {
    store: bulkPorts.store,
    audit,
    clock: ports.clock,
    holds,
    modeOf: (batchId: string) => gate.mode(batchId),
    runStep: (...[job, at]: Parameters<RunChunkPorts['runStep']>) => runJobStep(endlessPorts, job, at),
  };
  const bulk = new BulkProcessor({
    tokens: served,
    concurrency: config.bulkConcurrency,
    redis,
    queues: queue,
    run: (message, own) => runChunk({ ...itemPorts, ...own }, message),
    logger,
    observe: metrics.observe,
  });

  const taking = new JobTaking({
    redis,
    signerId,
    names: () => names,
    isServing: (name) => fleet.isServing(name),
    setTaking: (name, isTaking) => {
      processor.setTaking(name, isTaking);
      bulk.setTaking(name, isTaking);
    },
    nowMs: () => now().getTime(),
  });

  const timestamps = new TimestampsProcessor({
    redis,
    add: (jobId) => addTimestamp(ports, jobId),
    logger,
    observe: metrics.timestampLooked,
  });

  fleet.start();
  reports.start();
  processor.start();
  bulk.start();
  taking.start();
  timestamps.start();
  return {
    store,
    redis,
    fleet,
    async stop() {
      taking.stop();
      // Work first, then what it needs, in the reverse order of starting.
      await Promise.all([processor.stop(), bulk.stop(), timestamps.stop()]);
      await queue.close();
      await reports.stop();
      await fleet.stop();
      await audit.close();
      redis.disconnect();
      lockRedis.disconnect();
      progressRedis.disconnect();
      arrivalRedis.disconnect();
    },
  };
}

async function signingPorts(
  config: Config,
  parts: {
    readonly store: ObjectStore;
    readonly audit: Audit;
    readonly progressRedis: Redis;
    readonly fleet: TokenFleet;
    readonly serviceToken: string;
    readonly now: () => Date;
  },
): Promise<SigningPorts> {
  const { store, now, serviceToken } = parts;
  const trustAnchors = await readTrustAnchors(config.trustAnchorsFile);
  return {
    store,
    signer: parts.fleet,
    audit: parts.audit,
    clock: { now },
    credentials: new StoredCredentials({ store, trustAnchors, now, rereadAfterMs: config.credentialRereadMs }),
    images: new StoredImages(store),
    timestamps: tsaProxyClient({ baseUrl: config.tsaProxyUrl, serviceToken, timeoutMs: config.tsaTimeoutMs }),
    revocation: revocationCacheClient({
      baseUrl: config.revocationCacheUrl,
      serviceToken,
      timeoutMs: config.revocationTimeoutMs,
      rememberForMs: config.revocationRememberMs,
      now,
    }),
    policy: {
      trustAnchors,
      tsaTrustAnchors: await readTrustAnchors(config.tsaTrustAnchorsFile),
      revocationCheck: config.revocationCheck,
      screening: await readScreeningPolicy(config.screeningPolicyFile),
      screeningMaxObjects: config.screeningMaxObjects,
      maxClockSkewMs: config.maxClockSkewMs,
      maxIntentAgeMs: config.maxIntentAgeMs,
      uncertainKeyUse: config.uncertainKeyUse,
    },
    tokenSizes: new TokenSizeMemory(),
    signatures: new SignatureMemory(),
    progress: progressPublisher(parts.progressRedis, now),
  };
}
