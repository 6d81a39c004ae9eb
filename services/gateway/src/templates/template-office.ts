import {
  SigningError,
  warning,
  type ApiClientRecord,
  type Template,
  type TemplateChange,
  type TemplateCreation,
  type Warning,
} from '@kyso/contracts';
import type { Certificate } from '@kyso/cms';
import type { CredentialRegistry } from '../credentials/credential-registry.js';
import type { ReadTemplateImage, TemplateImages } from '../images/template-images.js';
import { assertLinesDrawable } from '../jobs/appearance-text.js';
import { resolveTemplate } from './resolve-template.js';
import type { Policies } from '../policies/policies.js';
import type { TemplateRegistry } from './template-registry.js';

/** A page is drawn with fewer dots than this, and it looks blurred in print. */
const leastDpi = 150;
/** What nobody sees any more, and the bytes that it costs each document. */
const [mostDpi, largeBytes] = [600, 500_000];
/** An image of which less lets the page shine through has a background. */
const leastTransparentShare = 0.05;
/** Of its coloured pixels. */
const leastColourShare = 0.6;

/** Names that stand for a certificate's where a template has no owner. */
const sampleCertificate: Pick<Certificate, 'commonName' | 'organisation' | 'email'> = {
  commonName: 'Nguyễn Văn A',
  organisation: 'Uỷ ban nhân dân tỉnh',
  email: 'nguyenvana@example.vn',
};
/** Values that stand for a step's. */
export const sampleValues = { number: '123/QĐ-UBND', date: '2026-11-22', note: 'Chuyển: Văn phòng' } as const;

/** Makes templates and their versions; nothing of a template is ever changed. */
export class TemplateOffice {
  constructor(
    private readonly parts: {
      readonly registry: TemplateRegistry;
      readonly images: TemplateImages;
      readonly credentials: CredentialRegistry;
      readonly policies: Pick<Policies, 'assertKnown'>;
      readonly now: () => Date;
    },
  ) {}

  /** Throws TEMPLATE_STALE when the id is taken, and what `check` throws. */
  async create(client: ApiClientRecord, creation: TemplateCreation): Promise<Template> {
    const { templateId } = creation;
    const template = await this.check(client, creation);
    if ((await this.parts.registry.latestVersion(templateId)) > 0 || !(await this.parts.registry.add(template))) {
      throw new SigningError('TEMPLATE_STALE', { expected: 'an id that no template has', found: templateId });
    }
    return template;
  }

  /** Throws TEMPLATE_UNKNOWN, TEMPLATE_STALE, and what `check` throws. */
  async change(client: ApiClientRecord, templateId: string, change: TemplateChange): Promise<Template> {
    const { expectedVersion, disabled, ...content } = change;
    const latest = await this.parts.registry.latestVersion(templateId);
    if (latest === 0) throw new SigningError('TEMPLATE_UNKNOWN', { found: templateId });
    const stale = (found: number): SigningError =>
      new SigningError('TEMPLATE_STALE', { expected: `version ${expectedVersion}`, found: `version ${found}` });
    if (latest !== expectedVersion) throw stale(latest);
    const checked = await this.check(client, { ...content, templateId });
    const template = { ...checked, version: latest + 1, disabled };
    if (!(await this.parts.registry.add(template))) throw stale(latest + 1);
    return template;
  }

  /**
   * The template that a creation would make, its image stored. Throws CREDENTIAL_UNKNOWN, POLICY_UNKNOWN, IMAGE_INVALID,
   * TEXT_NOT_DRAWABLE, REQUEST_INVALID.
   */
  async check(client: ApiClientRecord, creation: TemplateCreation): Promise<Template> {
    const { imageBase64, imageSha256 } = creation;
    return this.checkWith(client, creation, await this.parts.images.take({ imageBase64, imageSha256 }));
  }

  /** The same for many, in their order, with a refusal where one can't be made; their images are read together. */
  async checkAll(
    client: ApiClientRecord,
    creations: readonly TemplateCreation[],
  ): Promise<(Template | SigningError)[]> {
    const given = creations.map(({ imageBase64, imageSha256 }) => ({ imageBase64, imageSha256 }));
    const images = await this.parts.images.takeAll(given);
    return Promise.all(
      creations.map(async (creation, index) => {
        const image = images[index];
        if (image instanceof SigningError) return image;
        return this.checkWith(client, creation, image).catch((error: unknown) => {
          if (error instanceof SigningError && !error.retryable) return error;
          throw error;
        });
      }),
    );
  }

  private async checkWith(
    client: ApiClientRecord,
    creation: TemplateCreation,
    image: ReadTemplateImage | undefined,
  ): Promise<Template> {
    const { imageBase64: _base64, imageSha256: _sha256, actor, ...content } = creation;
    const { owner } = content;
    const owned = owner.kind === 'credential' ? await this.parts.credentials.find(owner.credentialId) : undefined;
    if (owner.kind === 'credential' && owned === undefined) {
      throw new SigningError('CREDENTIAL_UNKNOWN', { found: owner.credentialId });
    }
    if (content.policy !== undefined) this.parts.policies.assertKnown(content.policy);
    const template: Template = {
      ...content,
      version: 1,
      ...(image === undefined ? {} : { imageSha256: image.sha256 }),
      disabled: false,
      warnings: [...(image === undefined ? [] : imageWarnings(content, image)), ...ruleWarnings(content)],
      createdAt: this.parts.now().toISOString(),
      createdBy: actor === undefined ? client.clientId : `${client.clientId}, ${actor.id}`,
    };
    const { lines } = resolveTemplate(template).appearance;
    await assertLinesDrawable(lines, { certificate: owned?.certificate ?? sampleCertificate, ...sampleValues });
    return template;
  }

  /** What stands in a preview for the certificate of whoever signs. */
  async exemplaryCertificate({ owner }: Template): Promise<typeof sampleCertificate> {
    const known = owner.kind === 'credential' ? await this.parts.credentials.find(owner.credentialId) : undefined;
    return known?.certificate ?? sampleCertificate;
  }
}

type Look = Pick<Template, 'type' | 'display' | 'widthPt' | 'heightPt'>;

function imageWarnings({ type, widthPt, heightPt }: Look, image: ReadTemplateImage): Warning[] {
  const warnings: Warning[] = [];
  // An image is drawn as large as fits, its proportions kept.
  const dpi = 72 / Math.min(widthPt / image.widthPx, heightPt / image.heightPx);
  const size = `${image.widthPx} × ${image.heightPx} pixels on ${widthPt} × ${heightPt} pt, ${Math.round(dpi)} dpi`;
  if (image.format !== 'png') warnings.push(warning('IMAGE_CONVERTED', { expected: 'PNG', found: image.format }));
  if (dpi < leastDpi) warnings.push(warning('IMAGE_LOW_RESOLUTION', { expected: `${leastDpi} dpi`, found: size }));
  if (dpi > mostDpi && image.sizeBytes > largeBytes) {
    warnings.push(
      warning('IMAGE_LARGE', { expected: `at most ${mostDpi} dpi`, found: `${size}, ${image.sizeBytes} bytes` }),
    );
  }
  if (image.transparentShare < leastTransparentShare) {
    const found = `${Math.round(image.transparentShare * 100)} % transparent`;
    warnings.push(warning('IMAGE_NOT_TRANSPARENT', { expected: 'a transparent background', found }));
  }
  if (type === 'organisation' && image.redShare < leastColourShare) {
    warnings.push(warning('SEAL_NOT_RED', { found: `${Math.round(image.redShare * 100)} % red` }));
  }
  if (type === 'personal' && image.blueShare < leastColourShare) {
    warnings.push(warning('SIGNATURE_NOT_BLUE', { found: `${Math.round(image.blueShare * 100)} % blue` }));
  }
  return warnings;
}

/** Annex I of Nghị định 30/2020/NĐ-CP: who has an image, and who has none. */
function ruleWarnings({ type, display }: Look): Warning[] {
  const wantsImage = type === 'personal' || type === 'organisation';
  if (wantsImage === (display !== 'text')) return [];
  const expected = wantsImage ? 'an image' : 'no image';
  return [warning('TEMPLATE_NOT_AS_DECREED', { expected, found: `display ${display}` })];
}
