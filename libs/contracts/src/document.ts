import { z } from 'zod';
import { repairedSchema } from './repaired.js';
import { screeningFindingSchema } from './screening.js';
import { levelSchema } from './level.js';
import { documentIdSchema, instantSchema, jobIdSchema, nameSchema, sha256Schema } from './identifiers.js';

/** One version of a document; version 0 is the upload, version n is a byte prefix of version n + 1. */
export const documentVersionSchema = z
  .object({
    version: z.int().min(0),
    sizeBytes: z.int().min(1),
    sha256: sha256Schema.describe('SHA-256 of the whole file, hexadecimal'),
    createdAt: instantSchema,
    jobId: jobIdSchema
      .optional()
      .describe('The signing job that made it; absent for version 0 and for a later time-stamp'),
    step: z.int().min(0).optional().describe('Index of the step of that job'),
    deferredLevel: levelSchema
      .optional()
      .describe('The level that its signature was asked for and has not: no time-stamp authority answered'),
    timestamp: instantSchema
      .optional()
      .describe('genTime, of a version that adds nothing but the document time-stamp that earlier ones waited for'),
  })
  .meta({ id: 'DocumentVersion' });
export type DocumentVersion = z.infer<typeof documentVersionSchema>;

/** `GET /v1/documents/{id}` and the answer to an upload. */
/** The images of which a PDF is made. */
export const scanMediaTypeSchema = z.enum(['image/jpeg', 'image/png', 'image/tiff']);
export type ScanMediaType = z.infer<typeof scanMediaTypeSchema>;

export const documentSchema = z
  .object({
    documentId: documentIdSchema,
    clientId: nameSchema,
    name: z.string().max(255).optional(),
    pageCount: z.int().min(1),
    createdAt: instantSchema,
    findings: z
      .array(screeningFindingSchema)
      .optional()
      .describe('What the screening found in version 0, whatever the policy says of it; absent for older uploads'),
    repaired: repairedSchema.optional(),
    source: z
      .object({ mediaType: scanMediaTypeSchema, sizeBytes: z.int().min(1), sha256: sha256Schema })
      .optional()
      .describe('The image that was uploaded and of which version 0 was made; it is kept as it was'),
    versions: z.array(documentVersionSchema).describe('Ascending; the last one is current'),
  })
  .meta({ id: 'Document' });
export type Document = z.infer<typeof documentSchema>;
