import { z } from 'zod';
import { documentIdSchema, instantSchema, jobIdSchema, nameSchema, sha256Schema } from './identifiers.js';

const daysSchema = z.int().min(1).max(36_500);

/** How long what a client handed in is kept. */
export const retentionSchema = z
  .strictObject({
    documentDays: daysSchema
      .optional()
      .describe('Days after its last version until a document is erased. Absent: kept for ever'),
    outcomeDays: daysSchema
      .optional()
      .describe('Days after the erasing until the results and requests of its jobs go as well. Absent: kept for ever'),
    failedJobDays: daysSchema
      .optional()
      .describe('Days until the requests of jobs that failed are deleted, with their failures. Absent: kept for ever'),
    batchDays: daysSchema
      .optional()
      .describe('Days after its end until the records and results of a batch are deleted. Absent: kept for ever'),
  })
  .meta({ id: 'Retention' });
export type Retention = z.infer<typeof retentionSchema>;

/** A client's own terms; `forever` where the cluster has a limit. */
export const clientRetentionSchema = z
  .partialRecord(retentionSchema.keyof(), z.union([daysSchema, z.literal('forever')]))
  .describe('What differs from the cluster’s retention, in days or forever');
export type ClientRetention = z.infer<typeof clientRetentionSchema>;

/** What a client may take up at most. */
export const quotasSchema = z
  .strictObject({
    storedBytes: z.int().min(0).optional().describe('Bytes of its documents, with all versions'),
    documentsPerDay: z.int().min(0).optional().describe('Uploads, and documents that batches take from the store'),
    jobsPerDay: z.int().min(0).optional().describe('Signing jobs, and documents of batches'),
    openBatches: z.int().min(0).optional().describe('Batches that have not ended'),
    batchItems: z.int().min(0).optional().describe('Documents of one batch'),
  })
  .describe('Absent: no bound of its own. Days are Vietnam’s')
  .meta({ id: 'Quotas' });
export type Quotas = z.infer<typeof quotasSchema>;
export type QuotaName = keyof Quotas;

/** Query of `DELETE /v1/documents/{documentId}`. */
export const eraseQuerySchema = z.object({
  reason: z
    .string()
    .trim()
    .min(3)
    .max(500)
    .refine((reason) => !/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u.test(reason), 'expected no control characters')
    .describe(
      'Why, such as the number of the decision by which it is erased. It is kept for ever and stands in logs, so it names no person',
    ),
});
export type EraseQuery = z.infer<typeof eraseQuerySchema>;

/** What is left of a version of a document that was erased. */
const erasedVersionSchema = z.object({
  version: z.int().min(0),
  sizeBytes: z.int().min(1),
  sha256: sha256Schema.describe(
    'SHA-256 of the whole file, hexadecimal: it still tells whether a copy is the one that was signed',
  ),
  createdAt: instantSchema,
  jobId: jobIdSchema.optional(),
  step: z.int().min(0).optional(),
  fieldName: z.string().optional().describe('Of the signature, or of the document time-stamp, that made the version'),
});

/**
 * `documents/<id>/erased.json`, and the answer to `DELETE /v1/documents/{id}`: created once. From then on nobody is given the
 * document, even where its files are not deleted yet.
 */
export const erasureSchema = z
  .object({
    documentId: documentIdSchema,
    clientId: nameSchema.describe('The client that it belonged to'),
    erasedAt: instantSchema,
    erasedBy: nameSchema.describe('The client that asked for it, or retention'),
    reason: z.string(),
    pageCount: z.int().min(1),
    versions: z.array(erasedVersionSchema).describe('Ascending'),
  })
  .meta({ id: 'Erasure' });
export type Erasure = z.infer<typeof erasureSchema>;

const dayUseSchema = z.object({
  date: z.iso.date().describe('In Vietnam'),
  documents: z.int().min(0),
  bytes: z.int().min(0).describe('Of uploads'),
  jobs: z.int().min(0),
});
export type DayUse = z.infer<typeof dayUseSchema>;

/** `GET /v1/usage`: what one client takes up. */
export const clientUsageSchema = z
  .object({
    clientId: nameSchema,
    stored: z
      .object({ documents: z.int().min(0), bytes: z.int().min(0), countedAt: instantSchema.optional() })
      .describe('Counted by the last sweep, with the uploads since'),
    days: z.array(dayUseSchema).describe('The last 31, newest first; days without anything are left out'),
    quotas: quotasSchema,
    retention: retentionSchema.describe('What holds for this client'),
    dueDocuments: z
      .int()
      .min(0)
      .optional()
      .describe('Documents whose time was over at the last sweep and that are still there: a dry run, or in use'),
  })
  .meta({ id: 'ClientUsage' });
export type ClientUsage = z.infer<typeof clientUsageSchema>;

const countsSchema = z.object({
  documents: z.int().min(0),
  bytes: z.int().min(0),
  due: z.int().min(0).describe('Whose time was over'),
  counted: z
    .object({ documents: z.int().min(0), bytes: z.int().min(0) })
    .describe('All uploads that had been counted when the sweep began: what comes on top was uploaded since'),
});

/** `sweeps/retention.json`: what the last sweep saw and did. */
export const retentionReportSchema = z
  .object({
    startedAt: instantSchema,
    endedAt: instantSchema,
    dryRun: z.boolean().describe('True when nothing was deleted'),
    looked: z.int().min(0).describe('Documents that were looked at'),
    due: z.int().min(0).describe('Documents whose time was over'),
    erased: z.int().min(0),
    inUse: z.int().min(0).describe('Due ones that were left, since they are being signed or wait for a time-stamp'),
    outcomes: z.int().min(0).describe('Erased documents of which the results went as well, or would have'),
    failedJobs: z.int().min(0),
    batches: z.int().min(0),
    unreadable: z.int().min(0).describe('Records that could not be read and were left'),
    clients: z.record(nameSchema, countsSchema),
  })
  .meta({ id: 'RetentionReport' });
export type RetentionReport = z.infer<typeof retentionReportSchema>;

/** `GET /v1/usage/clients`, for operators. */
export const usageReportSchema = z
  .object({ clients: z.array(clientUsageSchema), lastSweep: retentionReportSchema.optional() })
  .meta({ id: 'UsageReport' });
export type UsageReport = z.infer<typeof usageReportSchema>;

/** The cluster's terms with the client's own over them. */
export function retentionFor(cluster: Retention, client: ClientRetention | undefined): Retention {
  const terms: Record<string, number> = {};
  for (const [name, days] of Object.entries({ ...cluster, ...client }))
    if (typeof days === 'number') terms[name] = days;
  return retentionSchema.parse(terms);
}

const dayMs = 86_400_000;

/** Whether so many days have gone by; never, without a number of days. */
export function isOver(since: string, days: number | undefined, now: Date): boolean {
  return days !== undefined && now.getTime() - Date.parse(since) >= days * dayMs;
}
