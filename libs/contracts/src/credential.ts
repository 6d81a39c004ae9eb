import { z } from 'zod';
import { instantSchema, nameSchema, sha256Schema } from './identifiers.js';

/**
 * What a signature is for. leader: the authorised person approves. clerk: the organisation's seal on what was approved, with
 * number and date. copy: the organisation certifies a copy (sao y, sao lục, trích sao). attachment: the organisation signs a
 * separate annex of a document that it issued. incoming: the organisation stamps what it received. digitised: a person or the
 * organisation signs a paper that was scanned.
 */
export const roleSchema = z
  .enum(['leader', 'clerk', 'copy', 'attachment', 'incoming', 'digitised'])
  .describe(
    'leader: the authorised person approves; clerk: the organisation’s seal, with number and date, only after a valid ' +
      'approval; copy: the organisation certifies a copy; attachment: the organisation signs an annex of what it issued; ' +
      'incoming: the organisation stamps what it received; digitised: a scanned paper is signed',
  )
  .meta({ id: 'Role' });
export type Role = z.infer<typeof roleSchema>;

export const signatureSchemeSchema = z.enum(['rsa-pkcs1', 'rsa-pss', 'ecdsa']).meta({ id: 'SignatureScheme' });
export const digestAlgorithmSchema = z.enum(['sha256', 'sha384', 'sha512']).meta({ id: 'DigestAlgorithm' });

/**
 * `credentials/<id>.json`: a key on a token and the certificate that goes with it. It holds no secret.
 */
export const credentialRecordSchema = z.object({
  credentialId: nameSchema,
  kind: z.enum(['person', 'organisation']),
  token: nameSchema.describe('Name of the token in the signer’s configuration; also names the queue'),
  keyId: z
    .string()
    .regex(/^([0-9a-f]{2}){1,64}$/)
    .describe('CKA_ID of the private key, hexadecimal'),
  scheme: signatureSchemeSchema,
  digestAlgorithm: digestAlgorithmSchema,
  certificatesPem: z.string().min(1).describe('The signer’s certificate first, then its issuers without the root'),
  enabled: z.boolean(),
});
export type CredentialRecord = z.infer<typeof credentialRecordSchema>;

export const tokenStateSchema = z
  .enum(['ready', 'absent', 'quarantined', 'unknown'])
  .describe('unknown: no signer has reported this token lately')
  .meta({ id: 'TokenState' });
export type TokenState = z.infer<typeof tokenStateSchema>;

/** What `GET /v1/credentials` shows, so that the official sees which certificate will be used. */
export const credentialSchema = z
  .object({
    credentialId: nameSchema,
    kind: z.enum(['person', 'organisation']),
    roles: z.array(roleSchema).describe('The roles in which this client may use it'),
    subject: z.string().describe('RFC 4514 distinguished name'),
    subjectName: z.string().describe('Common name of the subject'),
    issuer: z.string().describe('RFC 4514 distinguished name'),
    serialNumber: z.string().describe('Hexadecimal'),
    notBefore: instantSchema,
    notAfter: instantSchema,
    certificateSha256: sha256Schema,
    key: z.string().describe('Such as RSA-2048 or EC-P-256'),
    scheme: signatureSchemeSchema,
    digestAlgorithm: digestAlgorithmSchema,
    token: nameSchema,
    tokenState: tokenStateSchema,
    enabled: z.boolean(),
  })
  .meta({ id: 'Credential' });
export type Credential = z.infer<typeof credentialSchema>;
export const credentialListSchema = z.object({ credentials: z.array(credentialSchema) }).meta({ id: 'CredentialList' });
