import { z } from 'zod';

export const namedPlaceSchema = z
  .enum([
    'top-left',
    'top-center',
    'top-right',
    'middle-left',
    'center',
    'middle-right',
    'bottom-left',
    'bottom-center',
    'bottom-right',
  ])
  .meta({ id: 'NamedPlace' });

export const lengthPt = z.number().min(1).max(14_400);
export const coordinatePt = z.number().min(-14_400).max(14_400);
export const pageSchema = z
  .union([z.int().min(1), z.literal('last')])
  .describe('1 is the first page')
  .meta({ id: 'Page' });

const onRectangle = z.strictObject({
  page: pageSchema,
  rectangle: z.strictObject({ xPt: coordinatePt, yPt: coordinatePt, widthPt: lengthPt, heightPt: lengthPt }),
});
/** Added to where something would stand. */
export const offsetSchema = z.strictObject({ xPt: coordinatePt.default(0), yPt: coordinatePt.default(0) });
const onNamedPlace = z.strictObject({
  page: pageSchema,
  place: namedPlaceSchema,
  offset: offsetSchema.optional().describe('To the right, and upwards: into the margin, where the places end'),
  widthPt: lengthPt,
  heightPt: lengthPt,
});

/** A place that is known without looking at the document's text or at its earlier signatures. */
export const fixedPlacementSchema = z.union([onRectangle, onNamedPlace]).meta({ id: 'FixedPlacement' });
export type FixedPlacement = z.infer<typeof fixedPlacementSchema>;

const anchorText = z.string().trim().min(2).max(200);

export const anchorOccurrenceSchema = z.enum(['first', 'last']).meta({ id: 'AnchorOccurrence' });
export const anchorSideSchema = z.enum(['above', 'below', 'over', 'left', 'right']).meta({ id: 'AnchorSide' });

/** Beside a text of the document: the signer's full name, as the desktop tools do it. */
export const anchorPlaceShape = {
  anchor: z.strictObject({
    text: anchorText
      .default('{signerName}')
      .describe(
        'Searched in the text of the pages, whatever its case, line breaks and spaced-out letters; {signerName}, ' +
          '{organisationName} and {email} of the certificate are filled in',
      ),
    below: anchorText
      .optional()
      .describe(
        'A text that stands above the first, as the title stands above the full name: the signature goes between both. ' +
          'Filled in likewise',
      ),
    page: pageSchema.optional().describe('Absent: all pages. 1 is the first page'),
    occurrence: anchorOccurrenceSchema.default('last').describe('Which one where the text stands more than once'),
  }),
  side: anchorSideSchema.default('above').describe('Of the text; centred on it. Without effect where `below` is given'),
  offset: offsetSchema.optional().describe('Added to where it would stand: to the right, and upwards'),
};
const atAnchor = z
  .strictObject({
    ...anchorPlaceShape,
    widthPt: lengthPt,
    heightPt: lengthPt,
    otherwise: fixedPlacementSchema
      .optional()
      .describe('Where the text is not found, as in a scan. Absent: the job is refused with ANCHOR_NOT_FOUND'),
  })
  .meta({ id: 'AnchorPlacement' });

/** An earlier signature over which something is to stand. */
export const coveringSchema = z
  .union([
    z.literal('latest').describe('The visible signature that was made last'),
    z.strictObject({ field: z.string().min(1).max(200) }).describe('The signature in that field of the document'),
    z.strictObject({ step: z.int().min(0).max(7) }).describe('The signature of an earlier step of this job, from 0'),
  ])
  .describe('A third of its width is covered, on its left; both are centred on one height')
  .meta({ id: 'Covering' });

/** As the seal stands over the left third of the leader's signature (Nghị định 30/2020/NĐ-CP, annex I). */
const overSignature = z
  .strictObject({
    covering: coveringSchema,
    widthPt: lengthPt,
    heightPt: lengthPt,
  })
  .meta({ id: 'CoveringPlacement' });

/** Where the signature stands. Points (1/72 inch), origin at the lower left of the page as it is displayed. */
export const placementSchema = z.union([onRectangle, onNamedPlace, atAnchor, overSignature]).meta({ id: 'Placement' });
export type Placement = z.infer<typeof placementSchema>;
export type AnchorPlacement = z.infer<typeof atAnchor>;
export type CoveringPlacement = z.infer<typeof overSignature>;
