import { Inject, Module, type DynamicModule, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Certificate } from '@kyso/cms';
import type { ActivationKeys, ScreeningOverrides, SigningPolicyRecord, StoredWebhook } from '@kyso/contracts';
import { createGuardedFetch, METRICS, Readiness, STOP_SIGNAL } from '@kyso/service';
import { StoredImages } from '@kyso/preparation';
import type { ObjectStore } from '@kyso/storage';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { ActivationDesk } from './activations/activation-desk.js';
import { ClientRegistry } from './auth/client-registry.js';
import { DoorKeeper } from './auth/door-keeper.js';
import { MinuteCounter, RequestBudget } from './auth/rate-limits.js';
import { BatchArchive } from './batches/batch-archive.js';
import { BatchDesk } from './batches/batch-desk.js';
import { BatchEvents } from './batches/batch-events.js';
import { BatchFeeder } from './batches/batch-feeder.js';
import { BatchMetrics } from './batches/batch-metrics.js';
import { BatchResults } from './batches/batch-results.js';
import { BatchTallies } from './batches/batch-tallies.js';
import { ChunkQueues } from './batches/chunk-queues.js';
import { ItemAcceptance } from './batches/item-acceptance.js';
import { Manifests } from './batches/manifests.js';
import type { Config } from './config.js';
import { controllers } from './controllers.js';
import { watchCertificates } from './credentials/certificate-metrics.js';
import { CredentialBook } from './credentials/credential-book.js';
import { CredentialDesk } from './credentials/credential-desk.js';
import { CredentialImport } from './credentials/credential-import.js';
import { CredentialOffice } from './credentials/credential-office.js';
import { CredentialRegistry } from './credentials/credential-registry.js';
import { TokenDesk } from './tokens/token-desk.js';
import { TokenStates } from './tokens/token-states.js';
import { DocumentShelf } from './documents/document-shelf.js';
import { FreeSpace } from './documents/free-space.js';
import { FieldCheck } from './documents/field-check.js';
import { PageGeometry } from './documents/page-geometry.js';
import { Inbox } from './documents/inbox.js';
import { Scans } from './documents/scans.js';
import { Uploads } from './documents/upload.js';
import { Housekeeping } from './housekeeping/housekeeping.js';
import { VersionTurns } from './jobs/version-turns.js';
import { JobAcceptance } from './jobs/acceptance.js';
import { JobEvents } from './jobs/event-stream.js';
import { ImageShelf } from './images/image-shelf.js';
import { JobArchive } from './jobs/job-archive.js';
import { JobDesk } from './jobs/job-desk.js';
import { JobQueues } from './jobs/job-queues.js';
import { JobMetrics } from './jobs/job-metrics.js';
import { ProgressHub } from './jobs/progress-hub.js';
import { StepLooks } from './jobs/step-looks.js';
import { StepValidation } from './jobs/step-validation.js';
import { Placements } from './placement/placements.js';
import { TextSearch } from './placement/text-search.js';
import { Policies } from './policies/policies.js';
import { NumberRegister } from './registers/number-register.js';
import { Erasures } from './retention/erasures.js';
import { OpenWork } from './retention/open-work.js';
import { RetentionMetrics } from './retention/retention-metrics.js';
import { countingRooms, erasingRooms } from './retention/retention-rooms.js';
import { UsageDesk } from './retention/usage-desk.js';
import { Rehearsal } from './rehearsal/rehearsal.js';
import { RehearsalDrawing } from './rehearsal/rehearsal-drawing.js';
import { TemplateImages } from './images/template-images.js';
import { TemplateImport } from './templates/template-import.js';
import { TemplateOffice } from './templates/template-office.js';
import { TemplatePreview } from './templates/template-preview.js';
import { TemplateRegistry } from './templates/template-registry.js';
import { STORE } from './tokens.js';
import type { EvidenceSource } from './verification/evidence-source.js';
import { Verifications } from './verification/verifications.js';
import { DeadLetters } from './webhooks/dead-letters.js';
import { Deliverer } from './webhooks/deliverer.js';
import { FanOut } from './webhooks/fan-out.js';
import { sendEvent, type Sent } from './webhooks/send-event.js';
import { WebhookBook } from './webhooks/webhook-book.js';
import { WebhookDesk } from './webhooks/webhook-desk.js';
import { WebhookHosts } from './webhooks/webhook-hosts.js';
import type { WebhookSigner } from './webhooks/webhook-keys.js';
import { WebhookMetrics } from './webhooks/webhook-metrics.js';

/** What the process has opened before the module is made. */
export interface GatewayParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly store: ObjectStore;
  /** Fails at once while Redis is away: for commands within a request. */
  readonly redis: Redis;
  /** Waits for Redis and subscribes again by itself. */
  readonly subscriber: Redis;
  readonly trustAnchors: readonly Certificate[];
  readonly tsaTrustAnchors: readonly Certificate[];
  readonly revocation: EvidenceSource | undefined;
  readonly screening: ScreeningOverrides;
  readonly policies: readonly SigningPolicyRecord[];
  readonly activationKeys: ActivationKeys | undefined;
  readonly webhookSigner: WebhookSigner;
}

const PARTS = Symbol('gateway parts');
const now = (): Date => new Date();

/** The gateway’s only module: every room is built here, by hand and in order. */
@Module({})
export class AppModule implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  constructor(
    @Inject(PARTS) private readonly parts: GatewayParts,
    @Inject(JobQueues) private readonly queues: JobQueues,
    @Inject(Housekeeping) private readonly housekeeping: Housekeeping,
    @Inject(Readiness) readiness: Readiness,
  ) {
    readiness.add('redis', () => parts.redis.ping());
    readiness.add('store', () => parts.store.ping());
  }

  static of(parts: GatewayParts): DynamicModule {
    return { module: AppModule, controllers, providers: [{ provide: PARTS, useValue: parts }, ...rooms(parts)] };
  }

  onApplicationBootstrap(): void {
    this.housekeeping.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.housekeeping.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.queues.close();
    this.parts.subscriber.disconnect();
    this.parts.redis.disconnect();
  }
}

function rooms(parts: GatewayParts): NonNullable<DynamicModule['providers']> {
  const { config, logger, store, redis } = parts;
  const clients = new ClientRegistry(store, config.registryMaxAgeMs);
  const door = new DoorKeeper({
    clients,
    failures: new MinuteCounter(),
    maxFailuresPerMinute: config.maxAuthFailuresPerMinute,
    budget: new RequestBudget(config.requestsPerSecond),
  });
  const credentials = new CredentialRegistry(store, config.registryMaxAgeMs);

  const batches = new BatchArchive(store);
  const base = { config, store, redis, logger, now };
  const { usage, quotas, desk: usageDesk } = countingRooms(base, batches);
  const shelf = new DocumentShelf(store);
  const geometry = new PageGeometry(store);
  const freeSpace = new FreeSpace(config.storeFolder, config.minFreeBytes);
  const uploadLimits = {
    maxDocumentBytes: config.maxDocumentBytes,
    idleMs: config.uploadIdleMs,
    maxConcurrent: config.maxConcurrentUploads,
    maxScreenedObjects: config.screeningMaxObjects,
  };
  const uploads = new Uploads({
    store,
    shelf,
    geometry,
    freeSpace,
    scans: new Scans(store, config),
    quotas,
    limits: uploadLimits,
  });

  const tokenStates = new TokenStates(redis);
  const tokenDesk = new TokenDesk({ store, states: tokenStates, now });
  const book = new CredentialBook(store, now);
  const credentialDesk = new CredentialDesk({
    credentials,
    states: tokenStates,
    revocation: parts.revocation,
    trustAnchors: parts.trustAnchors,
    warnDays: config.certificateWarningDays,
    now,
  });
  const inventory = (name: string): ReturnType<TokenDesk['servedInventory']> => tokenDesk.servedInventory(name);
  const office = new CredentialOffice({
    book,
    registry: credentials,
    inventory,
    trustAnchors: parts.trustAnchors,
    now,
  });
  const activations = new ActivationDesk({
    store,
    credentials,
    tokens: tokenDesk,
    keys: parts.activationKeys,
    maxSeconds: config.maxActivationSeconds,
    registryMaxAgeMs: config.registryMaxAgeMs,
    now,
  });
  const archive = new JobArchive(store);
  const queues = new JobQueues(redis, logger);
  const images = new ImageShelf(store);
  const placements = new Placements({ store, geometry, search: new TextSearch(store, config) });
  const policies = new Policies(parts.policies);
  const templates = new TemplateRegistry(store, credentials, config.registryMaxAgeMs);
  const numbers = new NumberRegister({ store, credentials, now });
  const validation = new StepValidation({
    credentials,
    looks: new StepLooks({ templates, placements, images }),
    levels: config.levels,
    warnDaysBeforeExpiry: config.certificateWarningDays,
    now,
  });
  const hosts = new WebhookHosts(config.webhookHosts);
  const webhooks = new WebhookBook({ store, hosts, maxAgeMs: config.registryMaxAgeMs, now });
  const deadLetters = new DeadLetters({ store, logger, now });
  const signer = parts.webhookSigner;
  const sender = {
    fetch: createGuardedFetch(hosts.fetchRules),
    hosts,
    signer,
    timeoutMs: config.webhookTimeoutMs,
    now,
  };
  const send = (endpoint: StoredWebhook, event: Parameters<typeof sendEvent>[2]): Promise<Sent> =>
    sendEvent(sender, endpoint, event);
  const acceptance = new JobAcceptance({
    webhooks,
    archive,
    queues,
    shelf,
    images,
    policies,
    templates,
    validation,
    turns: new VersionTurns({ shelf, store }),
    activations,
    numbers,
    fields: new FieldCheck(store),
    screening: parts.screening,
    quotas,
    logger,
  });
  const work = new OpenWork({ store, jobs: archive, batches });
  const { erasures, sweep } = erasingRooms(base, { shelf, archive, work, usage });
  const tallies = new BatchTallies(store);
  const manifests = new Manifests({ store, archive: batches, maxItems: config.maxBatchItems, quotas, now });
  const results = new BatchResults({ store, archive: batches });
  const chunkQueues = new ChunkQueues(queues);
  const batchDesk = new BatchDesk({ archive: batches, tallies, manifests, results, queues: chunkQueues, quotas, now });
  const items = new ItemAcceptance({
    acceptance,
    archive,
    inbox: new Inbox({ store, shelf, geometry, freeSpace, quotas, limits: uploadLimits }),
    logger,
  });
  const feeder = new BatchFeeder({
    store,
    archive: batches,
    tallies,
    manifests,
    items,
    queues: chunkQueues,
    clients,
    webhooks,
    logger,
    chunksAhead: config.batchChunksAhead,
    now,
  });
  const drawing = new RehearsalDrawing(store, config);
  const storedImages = new StoredImages(store);
  const rehearsal = new Rehearsal({
    store,
    acceptance,
    activations,
    credentials,
    states: tokenStates,
    revocation: parts.revocation,
    holders: () => credentials.holders(),
    trustAnchors: parts.trustAnchors,
    tsaTrustAnchors: parts.tsaTrustAnchors,
    screening: parts.screening,
    drawing,
    images: storedImages,
    now,
  });
  const templateOffice = new TemplateOffice({
    registry: templates,
    images: new TemplateImages(store, images, config),
    credentials,
    policies,
    now,
  });
  const preview = new TemplatePreview({ office: templateOffice, images: storedImages, drawing, now });
  const hub = new ProgressHub(parts.subscriber, logger);
  const pollMs = config.outcomePollMs;

  const { trustAnchors, tsaTrustAnchors, revocation } = parts;
  const verifications = new Verifications({
    store,
    shelf,
    trustAnchors,
    tsaTrustAnchors,
    revocation,
    limits: {
      maxDocumentBytes: config.maxDocumentBytes,
      idleMs: config.uploadIdleMs,
      maxConcurrent: config.maxConcurrentVerifications,
      tempFolder: config.tempFolder,
    },
  });

  return [
    { provide: STORE, useValue: store },
    { provide: DoorKeeper, useValue: door },
    { provide: ActivationDesk, useValue: activations },
    { provide: CredentialBook, useValue: book },
    { provide: CredentialDesk, useValue: credentialDesk },
    { provide: CredentialOffice, useValue: office },
    { provide: CredentialImport, useValue: new CredentialImport({ office, book, registry: credentials }) },
    { provide: TokenDesk, useValue: tokenDesk },
    { provide: Policies, useValue: policies },
    { provide: TemplateOffice, useValue: templateOffice },
    { provide: TemplatePreview, useValue: preview },
    { provide: TemplateImport, useValue: new TemplateImport({ office: templateOffice, registry: templates }) },
    { provide: Rehearsal, useValue: rehearsal },
    { provide: RehearsalDrawing, useValue: drawing },
    { provide: TemplateRegistry, useValue: templates },
    { provide: NumberRegister, useValue: numbers },
    { provide: DocumentShelf, useValue: shelf },
    { provide: Uploads, useValue: uploads },
    { provide: Erasures, useValue: erasures },
    { provide: JobArchive, useValue: archive },
    { provide: JobQueues, useValue: queues },
    { provide: JobAcceptance, useValue: acceptance },
    { provide: Verifications, useValue: verifications },
    { provide: WebhookDesk, useValue: new WebhookDesk({ book: webhooks, deadLetters, signer, send, now }) },
    { provide: BatchDesk, useValue: batchDesk },
    { provide: UsageDesk, useValue: usageDesk },
    {
      provide: BatchEvents,
      inject: [STOP_SIGNAL],
      useFactory: (stopSignal: AbortSignal) =>
        new BatchEvents({ desk: batchDesk, stopSignal, maxStreams: config.maxEventStreams }),
    },
    {
      provide: JobDesk,
      inject: [STOP_SIGNAL],
      useFactory: (stopSignal: AbortSignal) => new JobDesk({ archive, queues, hub, stopSignal, pollMs }),
    },
    {
      provide: JobEvents,
      inject: [STOP_SIGNAL],
      useFactory: (stopSignal: AbortSignal) =>
        new JobEvents({
          archive,
          queues,
          hub,
          stopSignal,
          pollMs,
          heartbeatMs: config.eventHeartbeatMs,
          maxStreams: config.maxEventStreams,
        }),
    },
    {
      provide: Housekeeping,
      inject: [METRICS],
      useFactory: (registry: Registry) => {
        watchCertificates(registry, credentials);
        const metrics = new JobMetrics(registry);
        const retention = new RetentionMetrics(registry, { erasures, quotas });
        const deliverer = new Deliverer({
          store,
          book: webhooks,
          fanOut: new FanOut({ store, book: webhooks, logger, now }),
          deadLetters,
          send,
          backOff: {
            firstMs: config.webhookFirstRetryMs,
            longestMs: config.webhookLongestRetryMs,
            giveUpMs: config.webhookGiveUpMs,
          },
          metrics: new WebhookMetrics(registry),
          logger,
          now,
        });
        return new Housekeeping({
          config,
          logger,
          store,
          redis,
          archive,
          queues,
          metrics,
          deliverer,
          erasures,
          retention: async () => retention.sweptWith(await sweep.run()),
          batches: { feeder, metrics: new BatchMetrics(registry) },
        });
      },
    },
  ];
}
