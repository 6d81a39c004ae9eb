import { z } from 'zod';
import { documentIdSchema, instantSchema } from './identifiers.js';
import { levelSchema } from './level.js';

export const verdictSchema = z
  .enum(['valid', 'invalid', 'indeterminate'])
  .describe('hợp lệ / không hợp lệ / không đủ thông tin xác thực')
  .meta({ id: 'Verdict' });
export type Verdict = z.infer<typeof verdictSchema>;

export const checkResultSchema = z.enum(['passed', 'failed', 'indeterminate']).meta({ id: 'CheckResult' });

export const signatureKindSchema = z.enum(['signature', 'document-timestamp']).meta({ id: 'SignatureKind' });

export const indicationSchema = z
  .enum(['TOTAL-PASSED', 'TOTAL-FAILED', 'INDETERMINATE'])
  .describe('ETSI EN 319 102-1')
  .meta({ id: 'Indication' });

export const signatureLevelSchema = levelSchema
  .or(z.literal('none'))
  .describe('The baseline level that the signature has; none below B-B, and for document time-stamps')
  .meta({ id: 'SignatureLevel' });

export const coverageSchema = z
  .enum(['whole-file', 'whole-revision', 'modified', 'partial'])
  .describe(
    'whole-revision: later increments hold only permitted changes; modified: they hold others; partial: the ByteRange is not that of a whole revision',
  )
  .meta({ id: 'Coverage' });

export const certificateSummarySchema = z
  .object({
    subject: z.string(),
    subjectName: z.string(),
    organisation: z.string().optional(),
    issuer: z.string(),
    issuerName: z.string(),
    serialNumber: z.string(),
    notBefore: instantSchema,
    notAfter: instantSchema,
    sha256: z.string(),
  })
  .meta({ id: 'CertificateSummary' });
export type CertificateSummary = z.infer<typeof certificateSummarySchema>;

export const timestampSummarySchema = z
  .object({
    genTime: instantSchema,
    tsa: z.string().describe('Common name of the time-stamping unit'),
    policy: z.string(),
    trusted: z.boolean(),
  })
  .meta({ id: 'TimestampSummary' });
export type TimestampSummary = z.infer<typeof timestampSummarySchema>;

export const signatureReportSchema = z
  .object({
    field: z.string(),
    kind: signatureKindSchema,
    verdict: verdictSchema,
    indication: indicationSchema,
    subIndication: z.string().optional().describe('ETSI EN 319 102-1, table 5, such as HASH_FAILURE'),
    reasons: z.array(z.object({ code: z.string(), vi: z.string(), en: z.string() })),
    signer: certificateSummarySchema.optional(),
    level: signatureLevelSchema,
    algorithm: z.string().describe('Such as RSA-2048 PKCS#1 v1.5 SHA-256'),
    integrity: checkResultSchema.describe(
      'The bytes of the ByteRange hash to messageDigest and the signature value is right',
    ),
    coverage: coverageSchema,
    revision: z.int().describe('1-based number of the revision that the signature closes'),
    certificateChain: checkResultSchema,
    validAtSigningTime: checkResultSchema,
    signingTime: instantSchema.optional().describe('/M as the signer claims it'),
    bestSignatureTime: instantSchema.optional().describe('The time that is proven, or now'),
    timestamp: timestampSummarySchema.optional(),
    revocation: z.object({
      status: z.enum(['good', 'revoked', 'unknown']),
      source: z.enum(['dss', 'online', 'none']),
      thisUpdate: instantSchema.optional(),
      revokedAt: instantSchema.optional(),
    }),
    docMdp: z.int().optional().describe('P of a certification signature'),
  })
  .meta({ id: 'SignatureReport' });
export type SignatureReport = z.infer<typeof signatureReportSchema>;

/** What `POST /v1/verifications` and `./kyso verify` say of one file. */
export const validationReportSchema = z
  .object({
    verdict: verdictSchema.describe('valid only if there is a signature and each one is valid'),
    validatedAt: instantSchema,
    sizeBytes: z.int(),
    sha256: z.string().optional(),
    signatures: z.array(signatureReportSchema).describe('In the order of their revisions'),
    warnings: z.array(z.object({ code: z.string(), vi: z.string(), en: z.string() })),
  })
  .meta({ id: 'ValidationReport' });
export type ValidationReport = z.infer<typeof validationReportSchema>;

/** JSON body of `POST /v1/verifications` for a stored document; a PDF may be sent as `application/pdf` instead. */
export const verificationRequestSchema = z
  .strictObject({
    documentId: documentIdSchema,
    version: z.int().min(0).optional().describe('Default: the current one'),
  })
  .meta({ id: 'VerificationRequest' });
