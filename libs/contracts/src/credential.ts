import { z } from 'zod';
import { instantSchema, nameSchema, sha256Schema } from './identifiers.js';
import { warningSchema } from './warnings.js';

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

export const credentialKindSchema = z.enum(['person', 'organisation']).meta({ id: 'CredentialKind' });
export type CredentialKind = z.infer<typeof credentialKindSchema>;

export const signatureSchemeSchema = z.enum(['rsa-pkcs1', 'rsa-pss', 'ecdsa']).meta({ id: 'SignatureScheme' });
export type SignatureScheme = z.infer<typeof signatureSchemeSchema>;
export const digestAlgorithmSchema = z.enum(['sha256', 'sha384', 'sha512']).meta({ id: 'DigestAlgorithm' });

/** The official in the caller’s portal on whose behalf the client acts. Kyso trusts the client in this and records it. */
export const actorSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[!-~]{1,200}$/, 'expected 1 to 200 visible ASCII characters')
      .describe('The official’s id in the portal, such as a user name; compared byte by byte'),
    name: z.string().min(1).max(200).optional().describe('For people who read the record'),
  })
  .meta({ id: 'Actor' });
export type Actor = z.infer<typeof actorSchema>;

/** Days as `getUTCDay` counts them. */
export const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
export const weekdaySchema = z.enum(weekdays).meta({ id: 'Weekday' });
export const timeOfDay = (latest: string) =>
  z
    .string()
    .regex(/^(?:([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/, 'expected HH:MM')
    .refine((time) => time <= latest, `expected a time until ${latest}`);

/** When a key may be used. Vietnam’s zone, UTC+07:00 all the year. */
export const hoursSchema = z
  .strictObject({
    days: z.array(weekdaySchema).min(1).max(7),
    from: timeOfDay('23:59').describe('HH:MM in Vietnam, included'),
    until: timeOfDay('24:00').describe('HH:MM in Vietnam, not included; 24:00 is the end of the day'),
  })
  .refine(({ from, until }) => from < until, 'expected from before until; write a night as two entries')
  .meta({ id: 'Hours' });
export type Hours = z.infer<typeof hoursSchema>;

/** An organisation’s key lent to an official for a time; who did so, and when, stays on record. */
export const delegationSchema = z
  .object({
    delegationId: z.string().regex(/^dlg_[0-9a-z]{26}$/, 'expected dlg_ and 26 characters'),
    actor: actorSchema,
    roles: z.array(roleSchema).min(1).optional().describe('Absent: every role of the credential'),
    from: instantSchema.describe('Included'),
    until: instantSchema.describe('Not included'),
    reason: z.string().min(1).max(500).describe('The decision by which it was done'),
    grantedBy: z.string().describe('Client, and the official it acted for'),
    grantedAt: instantSchema,
    revokedBy: z.string().optional(),
    revokedAt: instantSchema.optional().describe('From then on it counts no more'),
  })
  .meta({ id: 'Delegation' });
export type Delegation = z.infer<typeof delegationSchema>;

const keyIdSchema = z
  .string()
  .regex(/^([0-9a-f]{2}){1,64}$/, 'expected pairs of hexadecimal digits, lower case')
  .describe('CKA_ID of the private key, hexadecimal');

/** What a credential had before a renewal; approvals made with it are still those of its owner. */
const formerKeySchema = z.object({
  token: nameSchema,
  keyId: keyIdSchema,
  certificatesPem: z.string().min(1),
  replacedAt: instantSchema,
});

/**
 * `credentials/<id>.json`: a key on a token and the certificate that goes with it. It holds no secret. What is optional came
 * later than the first records: absent means no limit.
 */
export const credentialRecordSchema = z.object({
  credentialId: nameSchema,
  kind: credentialKindSchema,
  token: nameSchema.describe('Name of the token in the signer’s configuration; also names the queue'),
  keyId: keyIdSchema,
  scheme: signatureSchemeSchema,
  digestAlgorithm: digestAlgorithmSchema,
  certificatesPem: z.string().min(1).describe('The signer’s certificate first, then its issuers without the root'),
  enabled: z.boolean(),
  revision: z.int().min(1).optional().describe('Counts the changes; absent: a record from before changes were counted'),
  owner: z.string().optional().describe('The person or organisation that the key belongs to, as the operator names it'),
  organisation: z.string().optional().describe('The organisation for which it signs, as the operator names it'),
  roles: z.array(roleSchema).min(1).optional().describe('What the key may be used for, whoever asks'),
  clients: z
    .record(nameSchema, z.array(roleSchema).min(1))
    .optional()
    .describe('Client id to the roles in which it may use the key, besides those of the client’s own record'),
  users: z
    .array(actorSchema.shape.id)
    .optional()
    .describe('Officials who may have it used; others need a delegation. Absent: whoever the client lets'),
  delegations: z.array(delegationSchema).optional(),
  hours: z.array(hoursSchema).min(1).optional(),
  register: nameSchema.optional().describe('Register of the numbers of outgoing documents'),
  former: z.array(formerKeySchema).optional(),
});
export type CredentialRecord = z.infer<typeof credentialRecordSchema>;

export const tokenStateSchema = z
  .enum(['ready', 'absent', 'quarantined', 'draining', 'drained', 'unknown'])
  .describe(
    'draining: an operator takes it out of use, and what it has begun is being ended; drained: no signer uses it any more, it ' +
      'may be unplugged; unknown: no signer has reported this token lately',
  )
  .meta({ id: 'TokenState' });
export type TokenState = z.infer<typeof tokenStateSchema>;

/** What `GET /v1/credentials` shows, so that the official sees which certificate will be used. */
export const credentialSchema = z
  .object({
    credentialId: nameSchema,
    kind: credentialKindSchema,
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
    warnings: z.array(warningSchema).optional().describe('Such as a certificate that expires soon'),
  })
  .meta({ id: 'Credential' });
export type Credential = z.infer<typeof credentialSchema>;
export const credentialListSchema = z
  .object({
    credentials: z.array(credentialSchema),
    next: nameSchema.optional().describe('There are more: the value of `after` for the next call'),
  })
  .meta({ id: 'CredentialList' });
export type CredentialList = z.infer<typeof credentialListSchema>;
