import { z } from 'zod';
import { instantSchema, sha256Schema } from './identifiers.js';

/** Body of `POST /v1/evidence` of the revocation cache: a chain, leaf first, trust anchor last, DER in base64. */
export const evidenceRequestSchema = z.strictObject({
  chain: z.array(z.base64().max(65_536)).min(2).max(10),
  /** Evidence must be no older than this instant where given (thisUpdate ≥ notOlderThan is wished for, nextUpdate decides). */
  notOlderThan: instantSchema.optional(),
});
export type EvidenceRequest = z.infer<typeof evidenceRequestSchema>;

/** What is known of the revocation of a certificate. Where fewer states are possible, a field has fewer. */
export const revocationStatusSchema = z
  .enum(['good', 'revoked', 'unknown', 'not-checked'])
  .describe('unknown: neither OCSP nor CRL says anything; not-checked: nobody was asked')
  .meta({ id: 'RevocationStatus' });

export const certificateStatusSchema = z.object({
  certificateSha256: sha256Schema,
  status: z.enum(['good', 'revoked', 'unknown']),
  source: z.enum(['ocsp', 'crl', 'none']),
  thisUpdate: instantSchema.optional(),
  nextUpdate: instantSchema.optional(),
  revokedAt: instantSchema.optional(),
  /** Why nothing could be had: one entry for each source that was tried. */
  problems: z.array(z.string()),
});
export type CertificateStatus = z.infer<typeof certificateStatusSchema>;

/** What proves the chain: everything here was checked (signature, responder’s right, dates). */
export const evidenceSchema = z.object({
  statuses: z.array(certificateStatusSchema).describe('One for each certificate of the chain but the anchor'),
  ocspResponses: z.array(z.base64()).describe('DER OCSPResponse (RFC 6960), base64'),
  crls: z.array(z.base64()).describe('DER CertificateList (RFC 5280), base64'),
  certificates: z.array(z.base64()).describe('DER of responders’ certificates that the chain does not hold'),
});
export type Evidence = z.infer<typeof evidenceSchema>;
