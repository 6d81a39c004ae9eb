import {
  SigningError,
  type ApiClientRecord,
  type DocumentRecord,
  type Level,
  type FixedPlacement,
  type SigningStep,
  type StoredStep,
} from '@kyso/contracts';
import type { CredentialRegistry, KnownCredential } from '../credentials/credential-registry.js';
import { assertUsable } from '../credentials/usable.js';
import type { Placements } from '../placement/placements.js';
import { assertLinesDrawable } from './appearance-text.js';
import type { CheckedImage, ImageShelf } from './image-shelf.js';

export interface StepValidationParts {
  readonly credentials: CredentialRegistry;
  readonly placements: Placements;
  readonly images: ImageShelf;
  /** Levels that this cluster can reach. */
  readonly levels: readonly Level[];
  readonly now: () => Date;
}

/** Steps as they are stored, and the images that have to be stored with them. */
export interface ValidatedSteps {
  readonly steps: StoredStep[];
  readonly images: readonly CheckedImage[];
}

/** Everything about steps that can be known before a job is accepted, so that an official learns of it at once. */
export class StepValidation {
  constructor(private readonly parts: StepValidationParts) {}

  /**
   * Throws the first refusal: CREDENTIAL_UNKNOWN, those of `assertUsable`, LEVEL_UNREACHABLE, IMAGE_INVALID,
   * TEXT_NOT_DRAWABLE, and those of `Placements`. The step is named in `found`, counted from 0.
   */
  async validate(
    client: ApiClientRecord,
    { document, version }: { readonly document: DocumentRecord; readonly version: number },
    steps: readonly SigningStep[],
  ): Promise<ValidatedSteps> {
    const stored: StoredStep[] = [];
    const earlier: (FixedPlacement | undefined)[] = [];
    const images: CheckedImage[] = [];
    for (const [index, step] of steps.entries()) {
      try {
        const { record, certificate } = await this.credentialFor(client, step);
        this.assertLevel(step.level);
        const { appearance, placement, ...rest } = step;
        const lines = appearance?.lines ?? [];
        await assertLinesDrawable(lines, certificate);
        let imageSha256: string | undefined;
        if (appearance?.imagePngBase64 !== undefined) {
          const image = await this.parts.images.check(appearance.imagePngBase64);
          imageSha256 = image.sha256;
          images.push(image);
        }
        const context = { document, version, certificate, earlier };
        const placed = placement && (await this.parts.placements.resolve(placement, context));
        earlier.push(placed);
        stored.push({
          ...rest,
          ...(placed === undefined ? {} : { placement: placed }),
          token: record.token,
          ...(appearance === undefined
            ? {}
            : {
                appearance: {
                  ...(imageSha256 === undefined ? {} : { imageSha256 }),
                  lines,
                  fontSizePt: appearance.fontSizePt,
                },
              }),
        });
      } catch (error) {
        throw steps.length === 1 ? error : inStep(error, index);
      }
    }
    return { steps: stored, images };
  }

  private async credentialFor(client: ApiClientRecord, step: SigningStep): Promise<KnownCredential> {
    const credential = await this.parts.credentials.find(step.credentialId);
    if (credential === undefined) throw new SigningError('CREDENTIAL_UNKNOWN', { found: step.credentialId });
    assertUsable(credential, { client, role: step.role, now: this.parts.now() });
    return credential;
  }

  private assertLevel(level: Level): void {
    const { levels } = this.parts;
    if (!levels.includes(level)) {
      throw new SigningError('LEVEL_UNREACHABLE', { expected: levels.join(', '), found: level });
    }
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
