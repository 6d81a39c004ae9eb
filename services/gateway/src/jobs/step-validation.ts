import {
  SigningError,
  type Actor,
  type ApiClientRecord,
  type DocumentRecord,
  type FixedPlacement,
  type Lane,
  type Level,
  type SigningPolicyRecord,
  type SigningStep,
  type StoredStep,
  type Warning,
} from '@kyso/contracts';
import type { TextQuery } from '@kyso/pdf/text';
import type { CredentialRegistry, KnownCredential } from '../credentials/credential-registry.js';
import { assertUsable, credentialWarnings } from '../credentials/usable.js';
import type { CheckedImage } from '../images/image-shelf.js';
import { assertAlgorithms, levelUnder } from '../policies/policies.js';
import type { SoughtTexts } from '../placement/text-search.js';
import { assertStepOrder } from './step-order.js';
import type { StepLooks } from './step-looks.js';
import { checkedValues } from './step-values.js';

export interface StepValidationParts {
  readonly credentials: CredentialRegistry;
  readonly looks: StepLooks;
  /** Levels that this cluster can reach. */
  readonly levels: readonly Level[];
  /** Days before its end from which a certificate is warned of. */
  readonly warnDaysBeforeExpiry: number;
  readonly now: () => Date;
}

/** Whose steps, on what. */
export interface StepsContext {
  readonly client: ApiClientRecord;
  readonly document: DocumentRecord;
  /** The version that the job begins with. */
  readonly version: number;
  readonly policy: SigningPolicyRecord | undefined;
  readonly actor: Actor | undefined;
  readonly lane: Lane;
}

/** Steps as they are stored, and what comes with them. */
export interface ValidatedSteps {
  readonly steps: StoredStep[];
  /** To be stored before the job. */
  readonly images: readonly CheckedImage[];
  readonly warnings: readonly Warning[];
}

/** Everything about steps that can be known before a job is accepted, so that an official learns of it at once. */
export class StepValidation {
  constructor(private readonly parts: StepValidationParts) {}

  /**
   * Throws the first refusal: CREDENTIAL_UNKNOWN, those of `assertUsable`, POLICY_VIOLATED, LEVEL_UNREACHABLE, NUMBER_INVALID,
   * DATE_INVALID, ALREADY_ISSUED, and those of `StepLooks`. The step is named in `found`, counted from 0.
   */
  async validate(context: StepsContext, steps: readonly SigningStep[]): Promise<ValidatedSteps> {
    const stored: StoredStep[] = [];
    const earlier: (FixedPlacement | undefined)[] = [];
    const images: CheckedImage[] = [];
    const warnings: Warning[] = [];
    const texts = this.parts.looks.soughtTexts(context.document.documentId, () => this.textsOf(context, steps));
    for (const [index, step] of steps.entries()) {
      try {
        assertStepOrder(steps, index);
        const validated = await this.validateStep({ ...context, earlier, texts }, step);
        earlier.push(validated.step.placement);
        stored.push(this.certifying(context, validated.step, index));
        images.push(...validated.images);
        warnings.push(...validated.warnings);
      } catch (error) {
        throw steps.length === 1 ? error : inStep(error, index);
      }
    }
    return { steps: stored, images, warnings };
  }

  private async validateStep(
    context: StepsContext & { readonly earlier: readonly (FixedPlacement | undefined)[]; readonly texts: SoughtTexts },
    step: SigningStep,
  ): Promise<{ readonly step: StoredStep; readonly images: readonly CheckedImage[]; readonly warnings: Warning[] }> {
    const { client, policy, actor, lane } = context;
    const now = this.parts.now();
    const credential = await this.credential(step.credentialId);
    const { role, credentialId, reason, location, attachmentOf, activationId } = step;
    const { delegation } = assertUsable(credential, { client, role, actor, now, mayWait: lane === 'bulk' });
    const level = levelUnder(policy, step.level);
    this.assertLevel(level);
    const { record, certificate } = credential;
    assertAlgorithms(policy, record);
    const values = checkedValues(step, now);
    const look = await this.parts.looks.resolve(step, { ...context, certificate, facts: { certificate, ...values } });
    const stored: StoredStep = {
      credentialId,
      token: record.token,
      role,
      level,
      ...(reason === undefined ? {} : { reason }),
      ...(location === undefined ? {} : { location }),
      ...(attachmentOf === undefined ? {} : { attachmentOf }),
      ...(activationId === undefined ? {} : { activationId }),
      ...(delegation === undefined ? {} : { delegationId: delegation.delegationId }),
      ...values,
      ...look.stored,
    };
    const warnings = credentialWarnings(credential, now, this.parts.warnDaysBeforeExpiry);
    return { step: stored, images: look.images, warnings };
  }

  /** What all steps look for in the document. One in which something is wrong has none: it is refused when its turn comes. */
  private async textsOf({ client, document }: StepsContext, steps: readonly SigningStep[]): Promise<TextQuery[]> {
    const sought = steps.map(async (step) => {
      const { certificate } = await this.credential(step.credentialId);
      return this.parts.looks.textsOf(step, { client, document, certificate });
    });
    const settled = await Promise.allSettled(sought);
    return settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  }

  private async credential(credentialId: string): Promise<KnownCredential> {
    const credential = await this.parts.credentials.find(credentialId);
    if (credential === undefined) throw new SigningError('CREDENTIAL_UNKNOWN', { found: credentialId });
    return credential;
  }

  private assertLevel(level: Level): void {
    const { levels } = this.parts;
    if (!levels.includes(level)) {
      throw new SigningError('LEVEL_UNREACHABLE', { expected: levels.join(', '), found: level });
    }
  }

  /** Only the first signature of a document can certify it; whether one is there, the signer sees. */
  private certifying({ policy, version }: StepsContext, step: StoredStep, index: number): StoredStep {
    const { certify } = policy ?? {};
    const mayBeFirst = index === 0 && version === 0 && step.role === 'leader';
    return certify === undefined || !mayBeFirst ? step : { ...step, certify };
  }
}

function inStep(error: unknown, index: number): unknown {
  if (!(error instanceof SigningError)) return error;
  return new SigningError(error.code, {
    ...(error.expected === undefined ? {} : { expected: error.expected }),
    found: `step ${index}${error.found === undefined ? '' : `: ${error.found}`}`,
    cause: error,
  });
}
