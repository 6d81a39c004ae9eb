import { z } from 'zod';

/** A fault of a spreadsheet. */
export const importFaultSchema = z
  .object({
    line: z.int().min(1).describe('Of the file, the heading is line 1'),
    column: z.string().optional().describe('Its heading'),
    messageVi: z.string(),
    messageEn: z.string(),
    found: z.string().optional().describe('The cell, shortened'),
  })
  .meta({ id: 'ImportFault' });
export type ImportFault = z.infer<typeof importFaultSchema>;

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
          code: z.string(),
          messageVi: z.string(),
          messageEn: z.string(),
          found: z.string().optional(),
        }),
      )
      .describe('What is worth knowing and stops nothing'),
  })
  .meta({ id: 'ImportReport' });
export type ImportReport = z.infer<typeof importReportSchema>;
