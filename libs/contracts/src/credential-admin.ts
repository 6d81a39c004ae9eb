import { z } from 'zod';
import {
  actorSchema,
  credentialKindSchema,
  credentialRecordSchema,
  credentialSchema,
  delegationSchema,
  digestAlgorithmSchema,
  hoursSchema,
  roleSchema,
  signatureSchemeSchema,
} from './credential.js';
import { instantSchema, nameSchema, newNameSchema, sha256Schema } from './identifiers.js';
import { certificateStatusSchema, revocationStatusSchema } from './revocation.js';

/** Most officials, clients, hours and delegations that one credential names. */
const maxEntries = 500;
/** Most delegations of one credential that have not ended. */
export const maxDelegations = 200;

const reasonSchema = z.string().trim().min(1).max(500).describe('Kept on record; such as the decision it rests on');
const expectedRevisionSchema = z
  .int()
  .min(0)
  .describe('The revision that was seen; another current one gives 409 CREDENTIAL_CHANGED. 0: not counted yet');

/** Which key, and which certificate. */
const keyShape = {
  token: nameSchema.describe('A token of GET /v1/tokens'),
  keyId: credentialRecordSchema.shape.keyId.optional().describe('CKA_ID of the key; this or keyLabel'),
  keyLabel: z.string().min(1).max(200).optional().describe('Label of the key; this or keyId'),
  scheme: signatureSchemeSchema
    .optional()
    .describe(
      'Needed for an RSA key: rsa-pss is what Thông tư 15/2025/TT-BKHCN asks for, rsa-pkcs1 for tokens that cannot do it',
    ),
  digestAlgorithm: digestAlgorithmSchema
    .optional()
    .describe('Absent: as strong as the key; sha384 for P-384, sha512 for P-521, else sha256'),
  certificatesPem: z
    .string()
    .max(65_536)
    .optional()
    .describe('The certificate first, then its issuers. Absent: those on the token, the newest of the key'),
};
const oneKey = (key: { keyId?: string | undefined; keyLabel?: string | undefined }): boolean =>
  (key.keyId === undefined) !== (key.keyLabel === undefined);
const oneKeyText = 'expected either keyId or keyLabel';

/** What an administrator sets and may change at any time. */
const settingsShape = {
  owner: z.string().trim().min(1).max(200).describe('Whose key it is: the official, or the organisation'),
  organisation: z.string().trim().min(1).max(200).optional().describe('The organisation for which it signs'),
  roles: z.array(roleSchema).min(1).max(6).describe('What the key is for; nobody may use it in another role'),
  clients: z
    .record(nameSchema, z.array(roleSchema).min(1).max(6))
    .refine((clients) => Object.keys(clients).length <= maxEntries, `expected at most ${maxEntries} clients`)
    .optional()
    .describe('Client id to roles, besides what the clients’ own records say'),
  users: z
    .array(actorSchema.shape.id)
    .max(maxEntries)
    .optional()
    .describe('Officials (actor.id) who may have it used; others need a delegation. Absent: whoever the client lets'),
  hours: z.array(hoursSchema).min(1).max(21).optional().describe('When it may be used. Absent: always'),
  register: nameSchema.optional().describe('Register of the numbers of outgoing documents, of an organisation'),
};

/** Body of `POST /v1/credentials`. */
export const enrolmentSchema = z
  .strictObject({
    credentialId: newNameSchema,
    kind: credentialKindSchema,
    ...settingsShape,
    ...keyShape,
    actor: actorSchema.optional().describe('The administrator in the caller’s system, for the record'),
  })
  .refine(oneKey, oneKeyText)
  .meta({ id: 'Enrolment' });
export type Enrolment = z.infer<typeof enrolmentSchema>;

/** Body of `PUT /v1/credentials/{credentialId}`: replaces every setting; what is left out is no limit any more. */
export const credentialSettingsSchema = z
  .strictObject({
    expectedRevision: expectedRevisionSchema,
    ...settingsShape,
    reason: reasonSchema.optional(),
    actor: actorSchema.optional(),
  })
  .meta({ id: 'CredentialSettings' });
export type CredentialSettings = z.infer<typeof credentialSettingsSchema>;

/** Body of `POST /v1/credentials/{credentialId}/renewal`. */
export const renewalSchema = z
  .strictObject({
    expectedRevision: expectedRevisionSchema,
    ...keyShape,
    reason: reasonSchema.optional(),
    actor: actorSchema.optional(),
  })
  .refine(oneKey, oneKeyText)
  .meta({ id: 'Renewal' });
export type Renewal = z.infer<typeof renewalSchema>;

/** Body of `POST /v1/credentials/{credentialId}/disable` and `…/enable`. It names no revision: switching off can’t wait. */
export const switchingSchema = z
  .strictObject({ reason: reasonSchema, actor: actorSchema.optional() })
  .meta({ id: 'Switching' });
export type Switching = z.infer<typeof switchingSchema>;

/** Body of `POST /v1/credentials/{credentialId}/delegations`. */
export const delegationRequestSchema = z
  .strictObject({
    delegate: actorSchema.describe('The official who may have the key used meanwhile'),
    roles: z.array(roleSchema).min(1).max(6).optional().describe('Absent: every role of the credential'),
    from: instantSchema.optional().describe('Absent: now'),
    until: instantSchema.describe('At most 366 days after from'),
    reason: reasonSchema,
    actor: actorSchema.optional().describe('Who delegates, in the caller’s system'),
  })
  .meta({ id: 'DelegationRequest' });
export type DelegationRequest = z.infer<typeof delegationRequestSchema>;

export const credentialChangeKindSchema = z
  .enum(['adopted', 'enrolled', 'settings', 'renewed', 'disabled', 'enabled', 'delegated', 'delegation-revoked'])
  .describe('adopted: a record from before changes were counted, taken over as it was found')
  .meta({ id: 'CredentialChangeKind' });

/**
 * `credential-changes/<id>/<revision>.json`: what a credential became, by whom, created once and kept for ever. The newest is
 * what `credentials/<id>.json` holds.
 */
export const credentialChangeSchema = z
  .object({
    credentialId: nameSchema,
    revision: z.int().min(1),
    change: credentialChangeKindSchema,
    at: instantSchema,
    by: z.string().describe('Client, and the administrator it acted for'),
    requestId: z.string(),
    reason: z.string().optional(),
    delegationId: z.string().optional(),
    record: credentialRecordSchema.describe('The credential from then on'),
    previousSha256: sha256Schema
      .optional()
      .describe('SHA-256 of the change before, as it is stored; absent for the first'),
  })
  .meta({ id: 'CredentialChange' });
export type CredentialChange = z.infer<typeof credentialChangeSchema>;
export const credentialChangeListSchema = z
  .object({ changes: z.array(credentialChangeSchema) })
  .meta({ id: 'CredentialChangeList' });

/** What only administrators are shown. */
const administrationSchema = z
  .object({
    revision: z.int().min(0),
    keyId: z.string(),
    clients: credentialRecordSchema.shape.clients,
    users: credentialRecordSchema.shape.users,
    delegations: z.array(delegationSchema),
    certificatesPem: z.string(),
    formerCertificatesSha256: z.array(sha256Schema).describe('Those that it had before renewals'),
  })
  .meta({ id: 'CredentialAdministration' });

/** What `GET /v1/credentials/{credentialId}` shows: everything that an official wants to see before signing. */
export const credentialDetailSchema = credentialSchema
  .extend({
    owner: z.string().optional(),
    organisation: z.string().optional(),
    hours: z.array(hoursSchema).optional(),
    register: nameSchema.optional(),
    revocation: z
      .object({
        status: revocationStatusSchema,
        checkedAt: instantSchema,
        certificates: z.array(certificateStatusSchema).describe('One for each of the chain but the anchor'),
      })
      .describe('Now, from the revocation cache; unknown: neither OCSP nor CRL could be had'),
    administration: administrationSchema.optional().describe('For clients of scope manage'),
  })
  .meta({ id: 'CredentialDetail' });
export type CredentialDetail = z.infer<typeof credentialDetailSchema>;
