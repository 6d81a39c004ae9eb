import {
  SigningError,
  type ApiClientRecord,
  type DocumentRecord,
  type Level,
  type FixedPlacement,
  type SigningStep,
  type StoredStep,
} from '@kyso/contracts';
import { mayUse } from '../auth/caller.js';
import type { CredentialRegistry, KnownCredential } from '../credentials/credential-registry.js';
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
   * Throws the first refusal: CREDENTIAL_UNKNOWN, CREDENTIAL_FORBIDDEN, CERTIFICATE_…, LEVEL_UNREACHABLE, IMAGE_INVALID,
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
    if (!mayUse(client, step.credentialId, step.role)) {
      throw new SigningError('CREDENTIAL_FORBIDDEN', {
        expected: describeRights(client, step.credentialId),
        found: `${step.credentialId} as ${step.role}`,
      });
    }
    if (!credential.record.enabled) {
      throw new SigningError('CREDENTIAL_FORBIDDEN', { found: `${step.credentialId}, which is switched off` });
    }
    assertCertificate(credential, this.parts.now());
    return credential;
  }

  private assertLevel(level: Level): void {
    const { levels } = this.parts;
    if (!levels.includes(level)) {
      throw new SigningError('LEVEL_UNREACHABLE', { expected: levels.join(', '), found: level });
    }
  }
}

/** Dates and key usage (RFC 5280, 4.1.2.5 and 4.2.1.3); revocation and the chain are the signer’s to check. */
function assertCertificate({ certificate }: KnownCredential, now: Date): void {
  if (now < certificate.notBefore) {
    throw new SigningError('CERTIFICATE_NOT_YET_VALID', {
      expected: `a time from ${certificate.notBefore.toISOString()}`,
      found: now.toISOString(),
    });
  }
  if (now > certificate.notAfter) {
    throw new SigningError('CERTIFICATE_EXPIRED', {
      expected: `a time until ${certificate.notAfter.toISOString()}`,
      found: now.toISOString(),
    });
  }
  const usage = certificate.keyUsage;
  if (usage !== undefined && !usage.has('digitalSignature') && !usage.has('nonRepudiation')) {
    throw new SigningError('CERTIFICATE_UNFIT', {
      expected: 'key usage digitalSignature or nonRepudiation',
      found: [...usage].join(', '),
    });
  }
}

function describeRights(client: ApiClientRecord, credentialId: string): string {
  const roles = Object.hasOwn(client.credentials, credentialId) ? client.credentials[credentialId] : undefined;
  return roles === undefined ? 'a credential of this client' : `role ${roles.join(' or ')}`;
}

function inStep(error: unknown, index: number): unknown {
  if (!(error instanceof SigningError)) return error;
  return new SigningError(error.code, {
    ...(error.expected === undefined ? {} : { expected: error.expected }),
    found: `step ${index}${error.found === undefined ? '' : `: ${error.found}`}`,
    cause: error,
  });
}
