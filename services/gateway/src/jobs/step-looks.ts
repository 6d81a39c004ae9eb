import {
  SigningError,
  type ApiClientRecord,
  type FixedPlacement,
  type Placement,
  type Role,
  type SigningStep,
  type StepText,
  type StoredAppearance,
  type StoredPreparation,
  type StoredStep,
  type StoredText,
  type TemplateRef,
  type TemplateType,
  type TemplateUsed,
} from '@kyso/contracts';
import type { LineFacts } from '@kyso/preparation';
import type { TextQuery } from '@kyso/pdf/text';
import { textsOf, type PlacementContext, type Placements } from '../placement/placements.js';
import type { SoughtTexts } from '../placement/text-search.js';
import { resolveTemplate, type ResolvedTemplate } from '../templates/resolve-template.js';
import type { TemplateRegistry } from '../templates/template-registry.js';
import { assertLinesDrawable } from './appearance-text.js';
import type { CheckedImage, ImageShelf } from '../images/image-shelf.js';

/** The types of templates that a signature of each role may have. */
const signatureType: Readonly<Record<Role, TemplateType>> = {
  leader: 'personal',
  clerk: 'organisation',
  copy: 'copy',
  attachment: 'attachment',
  incoming: 'incoming-stamp',
  digitised: 'digitised-paper',
};
const textTypes: readonly TemplateType[] = ['outgoing-number', 'outgoing-date'];

/** What a step's look depends on. */
export interface LookContext extends PlacementContext {
  readonly client: ApiClientRecord;
  readonly facts: Omit<LineFacts, 'signingTime'>;
}

/** What is stored of a step's look; images that have to be stored with it. */
export interface StepLook {
  readonly stored: Pick<
    StoredStep,
    'template' | 'field' | 'preparedField' | 'placement' | 'appearance' | 'texts' | 'prepare'
  >;
  readonly images: readonly CheckedImage[];
}

interface UsedTemplate {
  readonly used: TemplateUsed;
  readonly resolved: ResolvedTemplate;
}

/** What a step draws and where: templates, texts of pages and earlier signatures are looked up before a job is accepted. */
export class StepLooks {
  constructor(
    private readonly parts: {
      readonly templates: TemplateRegistry;
      readonly placements: Placements;
      readonly images: ImageShelf;
    },
  ) {}

  /** The texts of one request; `gather` puts together what `textsOf` gives for each of its steps. */
  soughtTexts(documentId: string, gather: () => Promise<readonly TextQuery[]>): SoughtTexts {
    return this.parts.placements.soughtTexts(documentId, gather);
  }

  /** The texts that a step may have to find in the document. Throws as `resolve` does for what it finds wrong on the way. */
  async textsOf(
    step: SigningStep,
    context: Pick<LookContext, 'client' | 'document' | 'certificate'>,
  ): Promise<TextQuery[]> {
    const { template, placement, field, texts = [], prepare } = step;
    const drawn = [
      ...(field === undefined ? [{ template, placement }] : []),
      ...texts,
      ...(prepare?.texts ?? []),
      { template: prepare?.seal, placement: undefined },
    ];
    const sought = drawn.map(async (one) => {
      const own =
        one.template === undefined ? undefined : await this.parts.templates.find(context.client, one.template);
      const place = one.placement ?? (own && resolveTemplate(own).placement);
      return place === undefined ? [] : textsOf(place, context);
    });
    return (await Promise.all(sought)).flat();
  }

  /** Throws TEMPLATE_UNKNOWN, TEMPLATE_UNFIT, IMAGE_INVALID, TEXT_NOT_DRAWABLE, REQUEST_INVALID, and those of `Placements`. */
  async resolve(step: SigningStep, context: LookContext): Promise<StepLook> {
    const signature = await this.signatureLook(step, context);
    const { placement } = signature.stored;
    const texts = step.texts && (await this.texts(step.texts, context));
    const after = { ...context, earlier: [...context.earlier, placement] };
    const prepare = step.prepare && (await this.preparation(step.prepare, after));
    return {
      stored: {
        ...signature.stored,
        ...(texts === undefined ? {} : { texts }),
        ...(prepare === undefined ? {} : { prepare }),
      },
      images: signature.images,
    };
  }

  private async signatureLook(step: SigningStep, context: LookContext): Promise<StepLook> {
    const { template, field } = step;
    if (template === undefined) return this.ownLook(step, context);
    const { used, resolved } = await this.template(template, [signatureType[step.role]], context);
    await assertLinesDrawable(resolved.appearance.lines, context.facts);
    const look = { template: used, appearance: resolved.appearance };
    // The caller's own field or place goes before the template's.
    const wantedField = field ?? (step.placement === undefined ? resolved.field : undefined);
    if (wantedField !== undefined) return { stored: { ...look, field: wantedField }, images: [] };
    const placement = await this.place(step.placement ?? resolved.placement, template, context);
    const prepared = step.placement === undefined ? { preparedField: fieldNames([used])[0] ?? '' } : {};
    return { stored: { ...look, ...prepared, placement }, images: [] };
  }

  private async ownLook({ field, placement, appearance }: SigningStep, context: LookContext): Promise<StepLook> {
    const images: CheckedImage[] = [];
    let stored: StoredAppearance | undefined;
    if (appearance !== undefined) {
      const { imagePngBase64, lines = [], ...style } = appearance;
      await assertLinesDrawable(lines, context.facts);
      stored = { lines, ...style };
      if (imagePngBase64 !== undefined) {
        const image = await this.parts.images.check(imagePngBase64);
        images.push(image);
        stored = { ...stored, imageSha256: image.sha256 };
      }
    }
    const placed = placement && (await this.parts.placements.resolve(placement, context));
    return {
      stored: {
        ...(field === undefined ? {} : { field }),
        ...(placed === undefined ? {} : { placement: placed }),
        ...(stored === undefined ? {} : { appearance: stored }),
      },
      images,
    };
  }

  private async texts(texts: readonly StepText[], context: LookContext): Promise<StoredText[]> {
    const templates = await this.textTemplates(texts, context);
    const names = fieldNames(templates.map(({ used }) => used));
    // Each may have to look for a text in the document.
    return Promise.all(
      templates.map(async ({ used, resolved }, index): Promise<StoredText> => {
        const { appearance } = resolved;
        await assertLinesDrawable(appearance.lines, context.facts);
        const own = texts[index]?.placement;
        if (own === undefined && resolved.field !== undefined) {
          // A text field of the document's author: it is filled, or the step is refused.
          return { template: used, fieldName: resolved.field, mayFill: true, appearance };
        }
        const placement = await this.place(own ?? resolved.placement, used.templateId, context);
        return { template: used, fieldName: names[index] ?? '', mayFill: own === undefined, placement, appearance };
      }),
    );
  }

  private async preparation(
    { texts, seal }: NonNullable<SigningStep['prepare']>,
    context: LookContext,
  ): Promise<StoredPreparation> {
    const templates = await this.textTemplates(texts, context);
    const names = fieldNames(templates.map(({ used }) => used));
    const prepared = await Promise.all(
      templates.map(async ({ used, resolved }, index) => {
        const { imageSha256: _image, lines, ...style } = resolved.appearance;
        const placement = await this.place(texts[index]?.placement ?? resolved.placement, used.templateId, context);
        const multiline = lines.length > 1 ? { multiline: true } : {};
        return { fieldName: names[index] ?? '', placement, ...style, ...multiline };
      }),
    );
    if (seal === undefined) return { texts: prepared };
    const { used, resolved } = await this.template(seal, ['organisation'], context);
    const placement = await this.place(resolved.placement, seal, context);
    return { texts: prepared, seal: { fieldName: fieldNames([used])[0] ?? '', placement } };
  }

  private textTemplates(texts: readonly StepText[], context: LookContext): Promise<UsedTemplate[]> {
    return Promise.all(texts.map(({ template }) => this.template(template, textTypes, context)));
  }

  /** Throws TEMPLATE_UNKNOWN, TEMPLATE_UNFIT. */
  private async template(
    ref: TemplateRef,
    types: readonly TemplateType[],
    { client }: LookContext,
  ): Promise<UsedTemplate> {
    const template = await this.parts.templates.find(client, ref);
    if (!types.includes(template.type)) {
      throw new SigningError('TEMPLATE_UNFIT', {
        expected: `a template of type ${types.join(' or ')}`,
        found: `${ref}, of type ${template.type}`,
      });
    }
    const { templateId, version } = template;
    return { used: { templateId, version }, resolved: resolveTemplate(template) };
  }

  private async place(
    placement: Placement | undefined,
    template: string,
    context: PlacementContext,
  ): Promise<FixedPlacement> {
    if (placement === undefined) {
      throw new SigningError('REQUEST_INVALID', {
        expected: `a placement, since template ${template} has no default place`,
        found: 'none',
      });
    }
    return this.parts.placements.resolve(placement, context);
  }
}

/** Names of the fields that are prepared for templates and looked for again: the second use of one takes -2. */
function fieldNames(templates: readonly TemplateUsed[]): string[] {
  return templates.map(({ templateId }, index) => {
    const before = templates.slice(0, index).filter((other) => other.templateId === templateId).length;
    return before === 0 ? `kyso-${templateId}` : `kyso-${templateId}-${before + 1}`;
  });
}
