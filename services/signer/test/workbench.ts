import { parseCertificatesPem } from '@kyso/cms';
import {
  SigningError,
  newId,
  objectKeys,
  type CredentialRecord,
  type QueueJob,
  type Stage,
  type JobOutcome,
  type StoredJob,
  type StoredStep,
} from '@kyso/contracts';
import {
  createSandbox,
  startSandboxServer,
  type CredentialPlan,
  type Sandbox,
  type SandboxCredential,
  type SandboxServer,
} from '@kyso/sandbox';
import { StoredImages } from '@kyso/preparation';
import { putJson, readOutcome, type ObjectStore } from '@kyso/storage';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TokenFleet, tokenSettingsSchema, type PinGuard } from '../src/hsm/index.js';
import type { RunStepPorts, StepEnd } from '../src/run-step.js';
import { runStep } from '../src/run-step.js';
import { SignatureMemory, StoredCredentials, TokenSizeMemory } from '../src/sign-document.js';
import { MemoryStore } from './memory-store.js';
import { freePort } from './redis-server.js';
import { fetchBytes, revocationOverHttp } from './revocation-over-http.js';
import { samplePdf, samplePng } from './sample-pdf.js';

const openGuard: PinGuard = {
  quarantineOf: () => Promise.resolve(undefined),
  login: (_token, attempt) => attempt(),
};

const organisation = 'Uỷ ban nhân dân tỉnh Hưng Yên (thử nghiệm)';
const person = (
  credentialId: string,
  keyKind: CredentialPlan['keyKind'],
  more: Partial<CredentialPlan> = {},
): CredentialPlan => ({
  credentialId,
  kind: 'person',
  keyKind,
  token: 'desk',
  subject: { commonName: `Nguyễn Văn ${credentialId}`, organisation, email: `${credentialId}@hungyen.example` },
  ...more,
});

/** The credentials of a workbench, all on one token. */
export const benchPlans: readonly CredentialPlan[] = [
  person('leader', 'rsa-2048'),
  person('pss', 'rsa-3072', { scheme: 'rsa-pss' }),
  person('p256', 'p-256'),
  person('p384', 'p-384'),
  person('former', 'p-256', { notBefore: new Date('2022-01-01'), notAfter: new Date('2025-01-01') }),
  {
    credentialId: 'seal',
    kind: 'organisation',
    keyKind: 'rsa-2048',
    token: 'desk',
    subject: { commonName: organisation, organisation },
  },
];

/** A signer's world without queue and HTTP service: SoftHSM keys, a sandbox's TSA and OCSP, a store in memory. */
export class Workbench {
  store = new MemoryStore();
  readonly stages: { jobId: string; stage: Stage }[] = [];
  readonly audited: { event: string; jobId: string }[] = [];
  readonly queued: QueueJob[] = [];
  tsa: 'up' | 'down' = 'up';
  nowOffsetMs = 0;
  ports: RunStepPorts;

  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly server: SandboxServer;
  readonly fleet: TokenFleet;
  readonly anchors: { readonly trust: string; readonly tsa: string };

  private constructor(parts: Pick<Workbench, 'folder' | 'sandbox' | 'server' | 'fleet' | 'anchors'>) {
    this.folder = parts.folder;
    this.sandbox = parts.sandbox;
    this.server = parts.server;
    this.fleet = parts.fleet;
    this.anchors = parts.anchors;
    this.ports = this.makePorts(this.store);
  }

  static async start(): Promise<Workbench> {
    const folder = await mkdtemp(join(tmpdir(), 'kyso-signer-'));
    const port = await freePort();
    const publicBaseUrl = `http://127.0.0.1:${port}`;
    const sandbox = await createSandbox({ folder: join(folder, 'sandbox'), publicBaseUrl, credentials: benchPlans });
    const server = await startSandboxServer(sandbox, { port });
    const fleet = new TokenFleet({
      tokens: [
        tokenSettingsSchema.parse({
          name: 'desk',
          label: 'desk',
          modulePath: sandbox.softhsmModule,
          pinFile: sandbox.pinFiles['desk'],
          mode: 'usb',
        }),
      ],
      guard: openGuard,
      environment: { ...process.env, SOFTHSM2_CONF: sandbox.softhsmConf },
    });
    fleet.start();
    const anchors = {
      trust: await readFile(sandbox.trustAnchorsFile, 'utf8'),
      tsa: await readFile(sandbox.tsaTrustAnchorsFile, 'utf8'),
    };
    return new Workbench({ folder, sandbox, server, fleet, anchors });
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Empties the store and puts the credentials and the image into it. */
  async reset(): Promise<void> {
    this.store = new MemoryStore();
    this.stages.length = 0;
    this.audited.length = 0;
    this.queued.length = 0;
    this.tsa = 'up';
    this.nowOffsetMs = 0;
    for (const credential of this.sandbox.credentials) {
      const { credentialId } = credential;
      const digestAlgorithm = credentialId === 'p384' ? 'sha384' : credentialId === 'pss' ? 'sha512' : 'sha256';
      await putJson(this.store, objectKeys.credential(credentialId), credentialRecord(credential, digestAlgorithm));
    }
    await this.store.put(objectKeys.image(sha256(samplePng)), samplePng);
    this.ports = this.makePorts(this.store);
  }

  now = (): Date => new Date(Date.now() + this.nowOffsetMs);

  makePorts(store: ObjectStore): RunStepPorts {
    const trustAnchors = parseCertificatesPem(this.anchors.trust);
    return {
      store,
      signer: this.fleet,
      credentials: new StoredCredentials({ store, trustAnchors, now: this.now, rereadAfterMs: 0 }),
      images: new StoredImages(store),
      timestamps: {
        respond: async (requestDer) => {
          if (this.tsa === 'down') throw new SigningError('TSA_UNAVAILABLE', { found: 'down' });
          return fetchBytes(this.server.tsaUrl, requestDer, 'application/timestamp-query');
        },
      },
      revocation: revocationOverHttp,
      audit: {
        write: async (entry) => {
          this.audited.push(entry);
        },
      },
      clock: { now: this.now },
      policy: {
        trustAnchors,
        tsaTrustAnchors: parseCertificatesPem(this.anchors.tsa),
        revocationCheck: 'warn',
        screening: {},
        screeningMaxObjects: 5_000,
        maxClockSkewMs: 30_000,
        maxIntentAgeMs: 300_000,
        uncertainKeyUse: 'repeat',
      },
      tokenSizes: new TokenSizeMemory(),
      signatures: new SignatureMemory(),
      progress: (jobId, _step, stage) => {
        this.stages.push({ jobId, stage });
      },
      queue: {
        add: async (job, index) => {
          this.queued.push({ jobId: job.jobId, step: index });
        },
      },
      waits: { tokenWaitMs: 60_000, levelWaitMs: 60_000, unexpectedWaitMs: 60_000 },
    };
  }

  /** Stores version 0 of a new document. */
  async upload(pdf: Uint8Array = samplePdf()): Promise<string> {
    const documentId = newId('doc');
    await this.store.put(objectKeys.version(documentId, 0), pdf);
    return documentId;
  }

  async submit(
    documentId: string,
    steps: readonly StoredStep[],
    expectedVersion = 0,
    more: Partial<StoredJob> = {},
  ): Promise<StoredJob> {
    const job: StoredJob = {
      jobId: newId('job'),
      clientId: 'igate',
      documentId,
      expectedVersion,
      requestId: newId('req'),
      lane: 'interactive',
      createdAt: this.now().toISOString(),
      steps: [...steps],
      ...more,
    };
    await putJson(this.store, objectKeys.jobRequest(job.jobId), job);
    await putJson(this.store, objectKeys.openJob(job), {});
    return job;
  }

  /** Runs the job's steps as the queue would, until it ends, fails or waits; `waitedMs`: it did so long before. */
  async run(job: StoredJob, ports: RunStepPorts = this.ports, waitedMs = 0): Promise<StepEnd> {
    let end: StepEnd = { kind: 'dropped', reason: 'not run' };
    for (const index of job.steps.keys()) {
      end = await runStep(ports, { jobId: job.jobId, step: index, waitedMs });
      if (end.kind !== 'finished') break;
    }
    return end;
  }

  /** Runs one step as the queue would. */
  runStep(job: StoredJob, index: number): Promise<StepEnd> {
    return runStep(this.ports, { jobId: job.jobId, step: index });
  }

  outcome(job: StoredJob): Promise<JobOutcome | undefined> {
    return readOutcome(this.store, job);
  }

  version(documentId: string, version: number): Buffer | undefined {
    return this.store.objects.get(objectKeys.version(documentId, version));
  }
}

/** The record of a sandbox's credential as an operator would store it. */
export function credentialRecord(
  credential: SandboxCredential,
  digestAlgorithm: CredentialRecord['digestAlgorithm'],
): CredentialRecord {
  const { credentialId, kind, token, keyId, scheme, certificatesPem } = credential;
  return { credentialId, kind, token, keyId, scheme, certificatesPem, digestAlgorithm, enabled: true };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A step of the leader, visible in the lower right of page 1, unless something else is said. */
export function step(level: StoredStep['level'], more: Partial<StoredStep> = {}): StoredStep {
  return {
    credentialId: 'leader',
    token: 'desk',
    role: 'leader',
    level,
    placement: { page: 1, place: 'bottom-right', widthPt: 180, heightPt: 80 },
    appearance: {
      imageSha256: sha256(samplePng),
      lines: ['Người ký: {signerName}', 'Cơ quan: {organisationName}', 'Thời gian ký: {signingTime}'],
      fontSizePt: 10,
    },
    ...more,
  };
}

/** A step of the organisation's seal. */
export function sealStep(level: StoredStep['level'], more: Partial<StoredStep> = {}): StoredStep {
  return step(level, {
    credentialId: 'seal',
    role: 'clerk',
    placement: { page: 'last', rectangle: { xPt: 300, yPt: 200, widthPt: 120, heightPt: 120 } },
    ...more,
  });
}
