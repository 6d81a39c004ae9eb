import { z } from 'zod';
import { documentIdSchema, instantSchema, jobIdSchema, nameSchema } from './identifiers.js';

export const registerYearSchema = z.string().regex(/^(19|20)[0-9]{2}$/, 'expected a year');

/** `registers/<register>/<year>/<SHA-256 of the number>/<generation>.json`: a number given to a document, created once. */
export const numberClaimSchema = z
  .object({
    number: z.string().describe('As it is written on the document'),
    documentId: documentIdSchema,
    jobId: jobIdSchema.describe('The job that asked for it first'),
    clientId: nameSchema,
    claimedAt: instantSchema,
  })
  .meta({ id: 'NumberClaim' });
export type NumberClaim = z.infer<typeof numberClaimSchema>;

/** `GET /v1/registers/{register}/{year}`. */
export const numberRegisterSchema = z
  .object({
    register: nameSchema,
    year: registerYearSchema,
    numbers: z.array(numberClaimSchema).describe('Those that count, by their numbers'),
  })
  .meta({ id: 'NumberRegister' });
export type NumberRegisterView = z.infer<typeof numberRegisterSchema>;
