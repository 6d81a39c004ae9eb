import { z } from 'zod';
import { actorSchema, tokenStateSchema } from './credential.js';
import { instantSchema, nameSchema, sha256Schema } from './identifiers.js';
import { drainSchema, quarantineSchema } from './records.js';

export const tokenKeyTypeSchema = z.enum(['rsa', 'ec', 'other']).meta({ id: 'TokenKeyType' });

/** One key on a token: what lies there under one CKA_ID. Public data only. */
export const tokenKeySchema = z
  .object({
    keyId: z.string().describe('CKA_ID, hexadecimal'),
    keyLabel: z.string().optional().describe('CKA_LABEL of the private key, else of the public key or the certificate'),
    type: tokenKeyTypeSchema.optional().describe('Absent: the token shows keys only after a login'),
    privateKeySeen: z.boolean().describe('False where nobody has logged in yet: private keys are hidden then'),
    publicKeySha256: sha256Schema.optional().describe('SHA-256 of the SubjectPublicKeyInfo, where the token tells it'),
    certificatesPem: z.array(z.string()).describe('Certificates under the same CKA_ID; several after a renewal'),
  })
  .meta({ id: 'TokenKey' });
export type TokenKey = z.infer<typeof tokenKeySchema>;

export const tokenLoginSchema = z
  .enum(['unattended', 'activation'])
  .describe('unattended: the signer has the PIN in a file; activation: each use needs one')
  .meta({ id: 'TokenLogin' });

/** `tokens/<token>/inventory.json`: what a signer last read from the token. Public data; no PIN was needed to be told it. */
export const tokenInventorySchema = z
  .object({
    token: nameSchema,
    serves: nameSchema.optional().describe('Token name of the credentials that it signs for; absent: its own'),
    label: z.string().describe('CK_TOKEN_INFO label'),
    serial: z.string(),
    manufacturer: z.string(),
    model: z.string(),
    signerId: z.string().describe('The signer that read it'),
    login: tokenLoginSchema.default('unattended'),
    readAt: instantSchema,
    keys: z.array(tokenKeySchema),
    otherCertificatesPem: z.array(z.string()).describe('Certificates without a key on the token, such as those of CAs'),
  })
  .meta({ id: 'TokenInventory' });
export type TokenInventory = z.infer<typeof tokenInventorySchema>;

/** Body of `POST /v1/tokens/{token}/quarantine`. */
export const quarantineRequestSchema = z
  .strictObject({
    reason: z.string().trim().min(1).max(200).describe('Shown to whoever has jobs for the token; such as PIN_CHANGE'),
    actor: actorSchema.optional().describe('The operator in the caller’s system, for the record'),
  })
  .meta({ id: 'QuarantineRequest' });
export type QuarantineRequest = z.infer<typeof quarantineRequestSchema>;

/** `tokens/<token>/liftings/<when the quarantine began>.json`: who took the token out of quarantine; created once, kept. */
export const liftingSchema = z.object({
  quarantine: quarantineSchema,
  liftedBy: z.string(),
  liftedAt: instantSchema,
  requestId: z.string(),
});
export type Lifting = z.infer<typeof liftingSchema>;

/** Body of `POST /v1/tokens/{token}/drain`. */
export const drainRequestSchema = z
  .strictObject({
    reason: z.string().trim().min(1).max(200).describe('For the record, and for whoever looks at the token'),
    actor: actorSchema.optional().describe('The operator in the caller’s system, for the record'),
  })
  .meta({ id: 'DrainRequest' });
export type DrainRequest = z.infer<typeof drainRequestSchema>;

/** Body of `POST /v1/tokens/{token}/resume`. */
export const resumeRequestSchema = z
  .strictObject({
    at: instantSchema.describe('`drain.at` as the token was shown: a drain that began since is not ended'),
    actor: actorSchema.optional().describe('The operator in the caller’s system, for the record'),
  })
  .meta({ id: 'ResumeRequest' });
export type ResumeRequest = z.infer<typeof resumeRequestSchema>;

/** `tokens/<token>/resumptions/<when the drain began>.json`: who put the token back into use; created once, kept. */
export const resumptionSchema = z.object({
  drain: drainSchema,
  resumedBy: z.string(),
  resumedAt: instantSchema,
  requestId: z.string(),
});
export type Resumption = z.infer<typeof resumptionSchema>;

/** A token as an operator sees it. */
export const tokenSchema = z
  .object({
    token: nameSchema,
    serves: nameSchema.describe('Token name of the credentials that it signs for; several tokens may serve one name'),
    state: tokenStateSchema,
    drain: drainSchema.optional().describe('While it is there no signer uses the token'),
    quarantine: quarantineSchema.optional().describe('While it is there nobody tries the PIN'),
    signers: z
      .array(z.object({ signerId: z.string(), state: tokenStateSchema, at: instantSchema }))
      .describe('What each signer said last, at most 15 s ago'),
    inventory: tokenInventorySchema.optional().describe('Absent: no signer has read the token yet'),
  })
  .meta({ id: 'Token' });
export type TokenView = z.infer<typeof tokenSchema>;
export const tokenListSchema = z.object({ tokens: z.array(tokenSchema) }).meta({ id: 'TokenList' });
