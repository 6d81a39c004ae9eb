import { z } from 'zod';
import { documentIdSchema, instantSchema, jobIdSchema, nameSchema, sha256Schema } from './identifiers.js';

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
    erasedBy: nameSchema.describe('The client that asked for it'),
    reason: z.string(),
    pageCount: z.int().min(1),
    versions: z.array(erasedVersionSchema).describe('Ascending'),
  })
  .meta({ id: 'Erasure' });
export type Erasure = z.infer<typeof erasureSchema>;
