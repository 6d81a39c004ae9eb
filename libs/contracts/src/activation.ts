import { z } from 'zod';
import { actorSchema } from './credential.js';
import { instantSchema, jobIdSchema, nameSchema, sha256Schema } from './identifiers.js';

/** Most signatures and documents of one activation. */
const maxDocuments = 100;
/** A JWE of all bound values and a PIN is far smaller. */
const maxSealedPinLength = 32_768;

export const activationIdSchema = z
  .string()
  .regex(/^act_[0-9a-z]{26}$/, 'expected act_ and 26 of 0-9 and a-z')
  .describe('Made by the caller, at random: the sealed PIN names it, so that it is good for this activation only');

/** What an activation is good for; the sealed PIN repeats every value. */
const boundShape = {
  activationId: activationIdSchema,
  count: z.int().min(1).max(maxDocuments).describe('Steps that may be signed with it, each once'),
  documents: z
    .array(sha256Schema)
    .min(1)
    .max(maxDocuments)
    .refine((documents) => new Set(documents).size === documents.length, 'expected each document once')
    .describe('SHA-256 of the versions that the official saw: those that the signing requests name as expectedVersion'),
  expiresAt: instantSchema.describe(
    'At most 15 minutes from now (KYSO_MAX_ACTIVATION_SECONDS); later nothing is signed',
  ),
};

/** Compact JWE (RFC 7516) of `sealedPinPlaintextSchema`. Never decrypted outside the process that talks to the token. */
export const sealedPinSchema = z
  .string()
  .max(maxSealedPinLength)
  .regex(/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){4}$/, 'expected a JWE in compact form')
  .describe('The PIN, sealed to a key of GET /v1/activation-keys; never the PIN itself');

/** `alg` and `enc` of sealed PINs (RFC 7518, 4 and 5). */
export const sealingAlgorithms = ['ECDH-ES+A256KW', 'RSA-OAEP-256'] as const;
export const sealingEncryption = 'A256GCM';

/** What is inside a sealed PIN, JSON. Everything but the PIN must be what the activation says, or it is refused unused. */
export const sealedPinPlaintextSchema = z
  .strictObject({
    ...boundShape,
    clientId: nameSchema,
    credentialId: nameSchema,
    pin: z.string().min(1).max(256),
  })
  .meta({ id: 'SealedPinPlaintext' });
export type SealedPinPlaintext = z.infer<typeof sealedPinPlaintextSchema>;
/** What a sealed PIN is bound to. */
export type ActivationBounds = Omit<SealedPinPlaintext, 'pin'>;

/** Body of `POST /v1/credentials/{credentialId}/activations`. */
export const activationRequestSchema = z
  .strictObject({
    ...boundShape,
    sealedPin: sealedPinSchema,
    actor: actorSchema.optional().describe('The official who gave the PIN, for the record'),
  })
  .meta({ id: 'ActivationRequest' });
export type ActivationRequest = z.infer<typeof activationRequestSchema>;

/** `activations/<id>/activation.json`: created once. The sealed PIN lies elsewhere, and only for as long as it is needed. */
export const activationRecordSchema = z.object({
  ...boundShape,
  clientId: nameSchema,
  credentialId: nameSchema,
  sealedPinSha256: sha256Schema,
  actor: actorSchema.optional(),
  createdAt: instantSchema,
  requestId: z.string(),
});
export type ActivationRecord = z.infer<typeof activationRecordSchema>;

/**
 * `activations/<id>/uses/<n>.json`, n from 1 to count: created once, before the key is used; so that not more than `count` steps
 * are signed with it by all signers together.
 */
export const activationUseSchema = z.object({
  jobId: jobIdSchema,
  step: z.int().min(0),
  signerId: z.string().optional(),
  at: instantSchema,
});
export type ActivationUse = z.infer<typeof activationUseSchema>;

/** `activations/<id>/end.json`: created once; nothing more is signed with it. */
export const activationEndSchema = z.object({
  reason: z.enum(['used-up', 'pin-incorrect', 'seal-invalid', 'withdrawn']),
  at: instantSchema,
});
export type ActivationEnd = z.infer<typeof activationEndSchema>;

export const activationStateSchema = z
  .enum(['usable', 'used-up', 'expired', 'pin-incorrect', 'seal-invalid', 'withdrawn'])
  .meta({ id: 'ActivationState' });

/** An activation as its client sees it. */
export const activationSchema = z
  .object({
    ...boundShape,
    credentialId: nameSchema,
    state: activationStateSchema,
    usesLeft: z.int().min(0),
    createdAt: instantSchema,
  })
  .meta({ id: 'Activation' });
export type Activation = z.infer<typeof activationSchema>;

/** A public key to which PINs are sealed (RFC 7517), RSA of 2048 bits or more, or P-256, P-384, P-521. */
export const activationKeySchema = z
  .object({
    kid: z.string().min(1).max(200).describe('Goes into the header of the JWE'),
    kty: z.enum(['EC', 'RSA']),
    use: z.literal('enc'),
    alg: z.enum(sealingAlgorithms),
    crv: z.enum(['P-256', 'P-384', 'P-521']).optional(),
    x: z.string().optional(),
    y: z.string().optional(),
    n: z.string().min(342, 'expected at least 2048 bits').optional(),
    e: z.string().optional(),
  })
  .refine(
    (key) => (key.kty === 'EC' ? key.alg === 'ECDH-ES+A256KW' : key.alg === 'RSA-OAEP-256'),
    'expected ECDH-ES+A256KW for EC and RSA-OAEP-256 for RSA',
  )
  .refine(
    ({ kty, crv, x, y, n, e }) =>
      kty === 'EC' ? crv !== undefined && x !== undefined && y !== undefined : n !== undefined && e !== undefined,
    'expected crv, x and y for EC, n and e for RSA',
  )
  .meta({ id: 'ActivationKey' });
export const activationKeysSchema = z
  .object({ keys: z.array(activationKeySchema).max(8).describe('Use the first; the others are on their way out') })
  .meta({ id: 'ActivationKeys' });
export type ActivationKeys = z.infer<typeof activationKeysSchema>;
