import { z } from 'zod';
import { actorSchema } from './credential.js';
import { instantSchema, nameSchema, newNameSchema, sha256Schema } from './identifiers.js';
import {
  anchorPlaceShape,
  coordinatePt,
  coveringSchema,
  lengthPt,
  namedPlaceSchema,
  offsetSchema,
  pageSchema,
} from './placement.js';
import { textStyleShape } from './text-style.js';
import { warningSchema } from './warnings.js';

/** What a template draws. The first two and the last four are looks of signatures, the others texts beside the seal. */
export const templateTypeSchema = z
  .enum([
    'personal',
    'organisation',
    'outgoing-number',
    'outgoing-date',
    'incoming-stamp',
    'copy',
    'attachment',
    'digitised-paper',
  ])
  .describe(
    'personal: role leader; organisation: role clerk; incoming-stamp: role incoming; copy, attachment: the roles of that name; ' +
      'digitised-paper: role digitised; outgoing-number, outgoing-date: texts of the clerk’s step',
  )
  .meta({ id: 'TemplateType' });
export type TemplateType = z.infer<typeof templateTypeSchema>;

export const templateLineKindSchema = z
  .enum(['signer', 'organisation', 'email', 'time', 'number', 'date', 'note', 'text'])
  .describe(
    'signer: common name of the certificate; time: of signing; number, date, note: of the step; text: as it is written',
  )
  .meta({ id: 'TemplateLineKind' });

/** A line of a template; its label comes from the catalogue of texts. */
export const templateLineSchema = z
  .strictObject({
    kind: templateLineKindSchema,
    text: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe(
        'For kind text, and instead of the label and value of the others: may hold {signerName}, {organisationName}, {email}, ' +
          '{signingTime}, {number}, {serial}, {date}, {day}, {month}, {year}, {note}',
      ),
    shown: z.boolean().default(true).describe('False: left out, and kept for later'),
    labelled: z.boolean().default(true).describe('False: the value alone, without «Người ký: » and the like'),
  })
  .refine((line) => line.kind !== 'text' || line.text !== undefined, 'expected a text for a line of kind text')
  .meta({ id: 'TemplateLine' });
export type TemplateLine = z.infer<typeof templateLineSchema>;

const placeOnNamed = z.strictObject({
  page: pageSchema,
  place: namedPlaceSchema,
  offset: offsetSchema.optional().describe('To the right, and upwards: into the margin, where the places end'),
});
const placeOnPoint = z.strictObject({
  page: pageSchema,
  xPt: coordinatePt.describe('Of the lower left corner'),
  yPt: coordinatePt,
});

/** Where a template is drawn unless a step says otherwise; its size is the template's. */
export const templatePlaceSchema = z
  .union([
    placeOnNamed,
    placeOnPoint,
    z.strictObject({
      ...anchorPlaceShape,
      otherwise: z.union([placeOnNamed, placeOnPoint]).optional().describe('Where the text is not found, as in a scan'),
    }),
    z.strictObject({ covering: coveringSchema }),
    z.strictObject({
      field: z
        .string()
        .min(1)
        .max(200)
        .describe('A field of the document: of a signature, or of a text for number and date'),
    }),
  ])
  .meta({ id: 'TemplatePlace' });
export type TemplatePlace = z.infer<typeof templatePlaceSchema>;

export const templateOwnerSchema = z
  .union([
    z.strictObject({ kind: z.literal('all') }),
    z.strictObject({ kind: z.literal('credential'), credentialId: nameSchema }),
  ])
  .describe('all: every client that may sign; credential: who may use that credential of a person or an organisation')
  .meta({ id: 'TemplateOwner' });
export type TemplateOwner = z.infer<typeof templateOwnerSchema>;

export const templateDisplaySchema = z
  .enum(['image', 'text', 'both'])
  .describe('hình ảnh, thông tin, or kết hợp')
  .meta({ id: 'TemplateDisplay' });

/** What a template is, without what the service adds. */
export const templateContentShape = {
  name: z.string().trim().min(1).max(200).describe('For people'),
  type: templateTypeSchema,
  owner: templateOwnerSchema.default({ kind: 'all' }),
  display: templateDisplaySchema,
  lines: z.array(templateLineSchema).max(12).default([]),
  fontSizePt: z.number().min(4).max(72).default(10),
  ...textStyleShape,
  widthPt: lengthPt,
  heightPt: lengthPt,
  place: templatePlaceSchema.optional().describe('Absent: each step has to say where'),
  policy: nameSchema
    .optional()
    .describe('The signing policy of jobs in which a signature looks like this; no such job may name another one'),
};

/** `templates/<id>/<version>.json`, created once; `GET /v1/templates/{id}`. The newest version counts. */
export const templateSchema = z
  .object({
    templateId: nameSchema,
    version: z.int().min(1),
    ...templateContentShape,
    imageSha256: sha256Schema.optional().describe('Of the PNG as it is drawn'),
    disabled: z.boolean().describe('True: no new job may use it'),
    warnings: z.array(warningSchema),
    createdAt: instantSchema,
    createdBy: z.string().describe('Client, and the official it acted for'),
  })
  .meta({ id: 'Template' });
export type Template = z.infer<typeof templateSchema>;

/** The image in a request; other formats than PNG are converted. */
const imageShape = {
  imageBase64: z
    .string()
    .max(5_000_000)
    .optional()
    .describe('PNG, JPEG, WebP, GIF or BMP, at most 3.5 MB decoded; a transparent background is what it should have'),
  imageSha256: sha256Schema.optional().describe('Instead: an image that an earlier template brought along'),
};

const isDrawable = (one: {
  readonly display: z.infer<typeof templateDisplaySchema>;
  readonly lines: readonly TemplateLine[];
  readonly imageBase64?: string | undefined;
  readonly imageSha256?: string | undefined;
}): boolean => {
  const hasImage = one.imageBase64 !== undefined || one.imageSha256 !== undefined;
  const hasLines = one.lines.some(({ shown }) => shown);
  return (one.display === 'text' || hasImage) && (one.display === 'image' || hasLines);
};
const drawable = 'expected an image for display image or both, and a line that is shown for display text or both';

/** Body of `POST /v1/templates`. */
export const templateCreationSchema = z
  .strictObject({
    templateId: newNameSchema.describe('Such as con-dau-ubnd; it never changes'),
    ...templateContentShape,
    ...imageShape,
    actor: actorSchema.optional(),
  })
  .refine(isDrawable, drawable)
  .meta({ id: 'TemplateCreation' });
export type TemplateCreation = z.infer<typeof templateCreationSchema>;

/** Body of `PUT /v1/templates/{id}`: a new version, whole. */
export const templateChangeSchema = z
  .strictObject({
    expectedVersion: z.int().min(1).describe('The newest version that the caller has seen; another one gives 409'),
    ...templateContentShape,
    ...imageShape,
    disabled: z.boolean().default(false).describe('True: no new job may use it; jobs that were accepted go on'),
    actor: actorSchema.optional(),
  })
  .refine(isDrawable, drawable)
  .meta({ id: 'TemplateChange' });
export type TemplateChange = z.infer<typeof templateChangeSchema>;

export const templateListSchema = z.object({ templates: z.array(templateSchema) }).meta({ id: 'TemplateList' });

/** `GET /v1/templates/presets`: what the decree's annex asks of each type, ready to be sent back with an id and an image. */
export const templatePresetSchema = z
  .object({
    ...templateContentShape,
    needsImage: z.boolean().describe('True: send an image along'),
    rule: z.string().describe('What it follows, in Vietnamese'),
  })
  .meta({ id: 'TemplatePreset' });
export type TemplatePreset = z.infer<typeof templatePresetSchema>;
export const templatePresetListSchema = z
  .object({ presets: z.array(templatePresetSchema) })
  .meta({ id: 'TemplatePresetList' });
