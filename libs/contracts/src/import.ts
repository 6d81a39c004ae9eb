import { z } from 'zod';
import { failureCodeSchema } from './problem.js';
import { importFaultTexts } from './texts/import-fault-texts.js';
import { warningCodeSchema } from './warnings.js';

export type ImportFaultCode = keyof typeof importFaultTexts;
const importFaultCodeSchema = z
  .enum(Object.keys(importFaultTexts) as [ImportFaultCode, ...ImportFaultCode[]])
  .meta({ id: 'ImportFaultCode' });

/** A fault of a spreadsheet. */
export const importFaultSchema = z
  .object({
    line: z.int().min(1).describe('Of the file, the heading is line 1'),
    column: z.string().optional().describe('Its heading'),
    code: z
      .union([importFaultCodeSchema, failureCodeSchema])
      .describe('What is wrong: with the row, or with what it asks for'),
    messageVi: z.string(),
    messageEn: z.string(),
    found: z.string().optional().describe('The cell, shortened'),
  })
  .meta({ id: 'ImportFault' });
export type ImportFault = z.infer<typeof importFaultSchema>;

/** Where a fault is, and what is there. */
export interface ImportFaultFacts extends Pick<ImportFault, 'line' | 'column' | 'found'> {
  /** Takes the place of `{detail}`, in both languages. */
  readonly detail?: string;
  /** Says it more exactly than the catalogue does. */
  readonly messageEn?: string;
}

/** The fault with its texts. */
export function importFault(code: ImportFaultCode, facts: ImportFaultFacts): ImportFault {
  const { detail = '', messageEn, ...where } = facts;
  const fill = (text: string): string => text.replace('{detail}', () => detail);
  const { vi, en } = importFaultTexts[code];
  return { ...where, code, messageVi: fill(vi), messageEn: messageEn ?? fill(en) };
}

/** The answer to an import: with one fault nothing is imported. */
export const importReportSchema = z
  .object({
    dryRun: z.boolean(),
    imported: z.boolean().describe('False with dryRun, and with any fault'),
    rows: z.int().min(0),
    created: z.array(z.string()).describe('Ids that are new, or would be'),
    changed: z.array(z.string()).describe('Ids that got a new version, or would'),
    unchanged: z.array(z.string()).describe('Ids that were as the row says already'),
    faults: z.array(importFaultSchema).describe('Every one, by line; at most 1,000'),
    warnings: z
      .array(
        z.object({
          line: z.int(),
          code: warningCodeSchema,
          messageVi: z.string(),
          messageEn: z.string(),
          found: z.string().optional(),
        }),
      )
      .describe('What is worth knowing and stops nothing'),
  })
  .meta({ id: 'ImportReport' });
export type ImportReport = z.infer<typeof importReportSchema>;
