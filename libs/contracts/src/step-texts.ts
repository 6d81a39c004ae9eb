import { z } from 'zod';
import { nameSchema } from './identifiers.js';
import { placementSchema } from './placement.js';

/** A template, and which of its versions: `so-di` or `so-di@3`. */
export const templateRefSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}(@[1-9][0-9]{0,5})?$/, 'expected a template’s id, or id@version')
  .describe('Id of a template; its newest version, or the one after @')
  .meta({ id: 'TemplateRef' });
export type TemplateRef = z.infer<typeof templateRefSchema>;

/** The version of a template that was used. */
export const templateUsedSchema = z
  .object({ templateId: nameSchema, version: z.int().min(1) })
  .meta({ id: 'TemplateUsed' });
export type TemplateUsed = z.infer<typeof templateUsedSchema>;

/** A text beside the seal, such as number and date. */
export const stepTextSchema = z
  .strictObject({
    template: templateRefSchema,
    placement: placementSchema.optional().describe('Absent: where the template puts it'),
  })
  .meta({ id: 'StepText' });
export type StepText = z.infer<typeof stepTextSchema>;

const text = z.string().trim().min(1).max(200);

/** What the lines of templates are filled with, besides what certificate and clock say. */
export const stepValuesShape = {
  number: text
    .optional()
    .describe(
      'Number and symbol of the document, such as 123/QĐ-UBND: {number}, or 123 alone: {serial}. Checked and written as the decree asks (05 for 5); ' +
        'with a register it is given once a year',
    ),
  date: z.iso
    .date()
    .optional()
    .describe('Date of the document, such as 2026-11-22: {date}, {day}, {month}, {year}. Not in the future in Vietnam'),
  note: text.optional().describe('A text of the caller: {note}'),
};
