import { z } from 'zod';
import { digestAlgorithmSchema, signatureSchemeSchema } from './credential.js';
import { nameSchema } from './identifiers.js';
import { levelSchema } from './level.js';
import { screeningOverridesSchema } from './screening.js';

/** Whether a signature is made when neither OCSP nor CRL says anything of its signer's certificate. */
export const revocationCheckSchema = z
  .enum(['require', 'warn', 'off'])
  .describe(
    'For B-B and B-T, when neither OCSP nor CRL says anything of the signer’s certificate: require refuses, warn signs and ' +
      'states it, off does not ask. B-LT and B-LTA always need an answer; a revoked certificate is refused wherever it is asked',
  );
export type RevocationCheck = z.infer<typeof revocationCheckSchema>;

/** What is done when nobody knows whether a key was used. */
export const uncertainKeyUseSchema = z
  .enum(['repeat', 'stop'])
  .describe(
    'When a crash or a lost answer of the token leaves open whether the key was used, and using it again would make a second, ' +
      'different signature (RSA-PSS, ECDSA, a later signing time): repeat signs again and says so, stop ends the job with ' +
      'KEY_USE_UNCERTAIN for a person to decide. At most one signature is released either way',
  )
  .meta({ id: 'UncertainKeyUse' });
export type UncertainKeyUse = z.infer<typeof uncertainKeyUseSchema>;

/** What becomes of a signature for which no time-stamp authority answers. */
export const timestampPolicySchema = z
  .enum(['required', 'deferred'])
  .describe(
    'When no time-stamp authority answers: required lets the job wait, and fail in the end; deferred releases the signature at ' +
      'once as B-B, says so, and adds a document time-stamp, and what else the level wants, in a later version',
  )
  .meta({ id: 'TimestampPolicy' });
export type TimestampPolicy = z.infer<typeof timestampPolicySchema>;

/** P of a certification (ISO 32000-2, 12.8.2.2, table 257). */
export const certificationSchema = z
  .union([z.literal(1), z.literal(2), z.literal(3)])
  .describe('1: no change at all; 2: fields are filled in and signed; 3: annotations besides');
export type Certification = z.infer<typeof certificationSchema>;

/** What signatures under a name are held to. What is left out is as the cluster is configured. */
export const signingPolicySchema = z
  .strictObject({
    name: nameSchema,
    description: z.string().max(500).optional().describe('For people'),
    level: levelSchema.optional().describe('Of steps that name none; no step may ask for a lower one'),
    timestamp: timestampPolicySchema.optional().describe('Absent: required'),
    revocation: revocationCheckSchema.optional(),
    uncertainKeyUse: uncertainKeyUseSchema.optional(),
    schemes: z.array(signatureSchemeSchema).min(1).optional().describe('Absent: every scheme that a credential has'),
    digestAlgorithms: z.array(digestAlgorithmSchema).min(1).optional(),
    certify: certificationSchema
      .optional()
      .describe(
        'The first signature of a document, by a leader, certifies it with this permission (DocMDP). With 2 and 3 the leader’s ' +
          'step has to prepare the fields that are filled later',
      ),
    screening: screeningOverridesSchema
      .optional()
      .describe(
        'What is done about findings in documents, where it differs from the client’s and the cluster’s policy',
      ),
  })
  .meta({ id: 'SigningPolicy' });
export type SigningPolicyRecord = z.infer<typeof signingPolicySchema>;

/** `KYSO_POLICIES_FILE`: names are unique. */
export const policiesFileSchema = z
  .array(signingPolicySchema)
  .min(1)
  .max(200)
  .refine((policies) => new Set(policies.map(({ name }) => name)).size === policies.length, 'expected unique names');

/** `GET /v1/policies`. */
export const policyListSchema = z
  .object({
    policies: z.array(signingPolicySchema).describe('Those that this client may name'),
    default: nameSchema.optional().describe('The one that holds where neither request nor template names one'),
  })
  .meta({ id: 'PolicyList' });
export type PolicyList = z.infer<typeof policyListSchema>;

/** What a job keeps of its policy: it holds to the job's end, whatever is configured meanwhile. */
export const appliedPolicySchema = z.object({
  name: nameSchema,
  revocation: revocationCheckSchema.optional(),
  timestamp: timestampPolicySchema.optional(),
  uncertainKeyUse: uncertainKeyUseSchema.optional(),
});
export type AppliedPolicy = z.infer<typeof appliedPolicySchema>;
