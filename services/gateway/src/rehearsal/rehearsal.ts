import { parseCertificatesPem, type Certificate } from '@kyso/cms';
import {
  objectKeys,
  SigningError,
  toFailure,
  type ApiClientRecord,
  type DryRun,
  type DryRunCheck,
  type ScreeningOverrides,
  type SigningJobRequest,
  type StoredStep,
} from '@kyso/contracts';
import { PdfDocument } from '@kyso/pdf';
import { chainToAnchor, screenDocument, type Holder, type ImageSource, type ScreeningPorts } from '@kyso/preparation';
import { openObjectSource, type ObjectStore } from '@kyso/storage';
import type { CredentialRegistry, KnownCredential } from '../credentials/credential-registry.js';
import { refusing } from '../documents/pdf-refusal.js';
import type { ActivationDesk } from '../activations/activation-desk.js';
import type { CheckedRequest, JobAcceptance } from '../jobs/acceptance.js';
import type { TokenStates } from '../tokens/token-states.js';
import type { EvidenceSource } from '../verification/evidence-source.js';
import type { RehearsalDrawing, RehearsedStep } from './rehearsal-drawing.js';

export interface RehearsalParts {
  readonly store: ObjectStore;
  readonly acceptance: Pick<JobAcceptance, 'check'>;
  readonly activations: Pick<ActivationDesk, 'assertActivations'>;
  readonly credentials: CredentialRegistry;
  readonly states: Pick<TokenStates, 'ofServed'>;
  readonly revocation: EvidenceSource | undefined;
  readonly holders: () => Promise<ReadonlyMap<string, Holder>>;
  readonly trustAnchors: readonly Certificate[];
  readonly tsaTrustAnchors: readonly Certificate[];
  readonly screening: ScreeningOverrides;
  readonly drawing: RehearsalDrawing;
  /** Images of the store. */
  readonly images: ImageSource;
  readonly now: () => Date;
}

interface Rehearsed extends RehearsedStep {
  readonly known: KnownCredential;
}

/** What would become of a signing request: every check that acceptance and signer make, and the pages, without a key. */
export class Rehearsal {
  constructor(private readonly parts: RehearsalParts) {}

  /** Throws what may pass later (STORE_UNAVAILABLE, RATE_LIMITED …); every other refusal is a check that failed. */
  async of(client: ApiClientRecord, request: SigningJobRequest, requestId: string): Promise<DryRun> {
    const checks: DryRunCheck[] = [];
    let checked: CheckedRequest | undefined;
    await attempt(checks, { check: 'request' }, async () => {
      checked = await this.parts.acceptance.check(client, request);
    });
    if (checked === undefined) return answer(checks, [], []);
    const { steps, images, warnings, terms, version, sha256 } = checked;
    const { documentId } = request;
    await this.activation(checks, { client, steps: request.steps, sha256 });
    const rehearsed = await Promise.all(steps.map((step) => this.step(step)));
    for (const [index, one] of rehearsed.entries()) {
      const about = { step: index, credentialId: one.step.credentialId };
      await this.token(checks, about, one);
      await this.revocation(checks, about, one);
      const work = { documentId, version, requestId, terms, index, earlier: steps.slice(0, index) };
      await attempt(checks, { check: 'order', ...about }, () => this.order(work, one));
    }
    let pages: DryRun['pages'] = [];
    await attempt(checks, { check: 'drawing' }, async () => {
      pages = await this.parts.drawing.pages({ documentId, version }, rehearsed, this.imagesWith(images));
    });
    return answer(checks, warnings, pages);
  }

  /** A PIN is given after the official has seen the page: that it is missing now is worth knowing, and no fault. */
  private async activation(
    checks: DryRunCheck[],
    of: { readonly client: ApiClientRecord; readonly steps: SigningJobRequest['steps']; readonly sha256: string },
  ): Promise<void> {
    const check = 'activation';
    try {
      await this.parts.activations.assertActivations(of.client, of.steps, of.sha256);
      if (of.steps.some(({ activationId }) => activationId !== undefined)) checks.push({ check, outcome: 'passed' });
    } catch (error) {
      if (!(error instanceof SigningError) || error.retryable) throw error;
      const failure = toFailure(error);
      checks.push({ check, outcome: error.code === 'ACTIVATION_REQUIRED' ? 'warning' : 'failed', failure });
    }
  }

  private async step(step: StoredStep): Promise<Rehearsed> {
    const known = await this.parts.credentials.find(step.credentialId);
    if (known === undefined) throw new SigningError('CREDENTIAL_UNKNOWN', { found: step.credentialId });
    const certificates = parseCertificatesPem(known.record.certificatesPem);
    let chain: readonly Certificate[] = certificates;
    try {
      chain = chainToAnchor(certificates, this.parts.trustAnchors, this.parts.now());
    } catch (error) {
      // Said by the check of revocation; drawing does without.
      if (!(error instanceof SigningError)) throw error;
    }
    return { step, known, certificate: known.certificate, chain };
  }

  private async token(checks: DryRunCheck[], about: About, { known }: Rehearsed): Promise<void> {
    const state = await this.parts.states.ofServed(known.record.token);
    const found = `token ${known.record.token} is ${state}`;
    if (state === 'quarantined') {
      checks.push({
        check: 'token',
        ...about,
        outcome: 'failed',
        failure: toFailure(new SigningError('TOKEN_QUARANTINED', { found })),
      });
      return;
    }
    // A job would wait for it.
    checks.push({ check: 'token', ...about, outcome: state === 'ready' ? 'passed' : 'warning', found });
  }

  private async revocation(checks: DryRunCheck[], about: About, { known }: Rehearsed): Promise<void> {
    const { revocation, trustAnchors, now } = this.parts;
    await attempt(checks, { check: 'revocation', ...about }, async () => {
      const chain = chainToAnchor(parseCertificatesPem(known.record.certificatesPem), trustAnchors, now());
      if (revocation === undefined) return { outcome: 'not-made', found: 'no revocation cache is configured here' };
      const statuses = await revocation.statusesOf(chain);
      const revoked = statuses.find(({ status }) => status === 'revoked');
      if (revoked !== undefined) {
        throw new SigningError('CERTIFICATE_REVOKED', {
          found: `revoked at ${revoked.revokedAt ?? 'an unknown time'}`,
        });
      }
      if (statuses.length === chain.length - 1 && statuses.every(({ status }) => status === 'good')) return undefined;
      return { outcome: 'warning', found: 'neither OCSP nor CRL says anything of the certificate now' };
    });
  }

  /** What the signer checks of the document before it uses the key; behind an earlier step only what that one cannot change. */
  private async order(
    work: {
      readonly documentId: string;
      readonly version: number;
      readonly requestId: string;
      readonly terms: CheckedRequest['terms'];
      readonly index: number;
      readonly earlier: readonly StoredStep[];
    },
    one: Rehearsed,
  ): Promise<Partial<DryRunCheck> | undefined> {
    const { documentId, version: baseVersion, requestId, terms, earlier } = work;
    // An earlier step of this job approves: what follows is then judged by the signer.
    if (earlier.some(({ role }) => role === 'leader'))
      return { outcome: 'not-made', found: 'an earlier step signs first' };
    const key = objectKeys.version(documentId, baseVersion);
    const source = await openObjectSource(this.parts.store, key);
    if (source === undefined) throw new SigningError('VERSION_UNKNOWN', { expected: key, found: 'nothing' });
    try {
      const { findings } = await refusing(async () =>
        screenDocument(
          this.ports(terms),
          {
            job: { documentId, requestId, screening: terms.screening },
            step: one.step,
            baseVersion,
            signer: { record: one.known.record, certificate: one.certificate, chain: one.chain },
          },
          { source, document: await PdfDocument.open(source) },
        ),
      );
      if (findings.length === 0) return undefined;
      return { outcome: 'warning', found: findings.map(({ kind, detail }) => `${kind}: ${detail}`).join('; ') };
    } finally {
      await source.close();
    }
  }

  private ports(terms: CheckedRequest['terms']): ScreeningPorts {
    const { store, revocation, holders, trustAnchors, tsaTrustAnchors, screening, now } = this.parts;
    const nothing = { ocspResponses: [], crls: [] };
    return {
      store,
      revocation: { evidenceFor: async (chain) => (await revocation?.answerFor(chain)) ?? nothing },
      credentials: { holders },
      clock: { now },
      policy: { trustAnchors, tsaTrustAnchors, revocationCheck: terms.policy?.revocation ?? 'warn', screening },
    };
  }

  /** Those of the request are not stored: nothing of a dry run is. */
  private imagesWith(own: CheckedRequest['images']): ImageSource {
    return {
      get: async (sha256) => own.find((image) => image.sha256 === sha256)?.png ?? this.parts.images.get(sha256),
    };
  }
}

type About = Pick<DryRunCheck, 'step' | 'credentialId'>;

/** Runs one check; what it throws is what the official would be told, unless it may pass when it is asked again. */
async function attempt(
  checks: DryRunCheck[],
  about: Pick<DryRunCheck, 'check'> & About,
  run: () => Promise<Partial<DryRunCheck> | undefined | void>,
): Promise<void> {
  try {
    checks.push({ ...about, outcome: 'passed', ...(await run()) });
  } catch (error) {
    if (!(error instanceof SigningError) || error.retryable) throw error;
    checks.push({ ...about, outcome: 'failed', failure: toFailure(error) });
  }
}

function answer(checks: DryRunCheck[], warnings: CheckedRequest['warnings'], pages: DryRun['pages']): DryRun {
  const wouldBeSigned = checks.every(({ outcome }) => outcome !== 'failed');
  return { dryRun: true, wouldBeSigned, checks, warnings: [...warnings], pages };
}
