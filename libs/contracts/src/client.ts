import { z } from 'zod';
import { roleSchema } from './credential.js';
import { nameSchema, sha256Schema } from './identifiers.js';
import { clientRetentionSchema, quotasSchema } from './retention.js';
import { screeningOverridesSchema } from './screening.js';

export const scopeSchema = z
  .enum(['documents', 'sign', 'verify', 'operate', 'manage', 'erase'])
  .describe(
    'documents: upload and read one’s own; sign: make and read jobs; verify: validate PDFs; operate: tokens and quarantine; ' +
      'manage: templates, credentials and registers; erase: delete one’s own documents for ever',
  );
export type Scope = z.infer<typeof scopeSchema>;

/**
 * `clients/<id>.json`: one API client. The key itself is `kyso_<clientId>_<43 characters base64url>`, shown once; only
 * its SHA-256 is kept (it has 256 random bits, so a slow hash adds nothing).
 */
export const apiClientRecordSchema = z.object({
  clientId: nameSchema,
  name: z.string().min(1).max(200),
  keySha256: sha256Schema.describe('SHA-256 of the whole key string, hexadecimal'),
  scopes: z.array(scopeSchema),
  credentials: z
    .record(nameSchema, z.array(roleSchema).min(1))
    .describe('Credential id to the roles in which this client may use it'),
  policies: z
    .array(nameSchema)
    .min(1)
    .optional()
    .describe(
      'Signing policies that this client may name; the first one holds where it names none. Absent: all of them',
    ),
  screening: screeningOverridesSchema
    .optional()
    .describe('What is done about findings in this client’s documents, where it differs from the cluster’s policy'),
  retention: clientRetentionSchema.optional(),
  quotas: quotasSchema.optional(),
  enabled: z.boolean(),
});
export type ApiClientRecord = z.infer<typeof apiClientRecordSchema>;
