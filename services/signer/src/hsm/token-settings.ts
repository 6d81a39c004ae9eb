import { nameSchema } from '@kyso/contracts';
import { z } from 'zod';

/** One token of `KYSO_TOKENS_FILE`. It names the file of the PIN, never the PIN. */
export const tokenSettingsSchema = z
  .strictObject({
    name: nameSchema.describe('Name of this one token, the same at every signer that reaches it and no other token’s'),
    serves: nameSchema
      .optional()
      .describe(
        'Token name of the credentials, and so of the queues, that it signs for; several tokens with the same keys serve ' +
          'one name. Absent: its own name',
      ),
    modulePath: z.string().startsWith('/').describe('Absolute path of the PKCS#11 module (.so)'),
    label: z.string().min(1).max(32).optional().describe('CKA label of the token; this or serial'),
    serial: z.string().min(1).max(16).optional().describe('Serial number of the token; this or label'),
    pinFile: z
      .string()
      .startsWith('/')
      .optional()
      .describe('File with the user PIN, readable by its owner only. Absent: each use needs an activation'),
    mode: z
      .enum(['usb', 'hsm'])
      .describe('usb: one session and C_Sign on the only thread; hsm: `sessions` sessions and C_SignAsync'),
    sessions: z.int().min(1).max(64).default(1).describe('Sessions that sign at the same time; usb has always one'),
    signTimeoutMs: z
      .int()
      .min(100)
      .max(120_000)
      .default(10_000)
      .describe('A signature that takes longer is given up and the token host is killed and replaced'),
    startTimeoutMs: z
      .int()
      .min(1_000)
      .max(120_000)
      .default(20_000)
      .describe('Time for loading the module, finding the token and logging in'),
  })
  .refine((token) => (token.label === undefined) !== (token.serial === undefined), 'expected either label or serial')
  .refine((token) => token.mode === 'hsm' || token.sessions === 1, 'expected sessions 1 with mode usb')
  .refine((token) => token.pinFile !== undefined || token.sessions === 1, 'expected sessions 1 without pinFile');
export type TokenSettings = z.infer<typeof tokenSettingsSchema>;

/** The token name of the credentials that this token signs for. */
export function servedName(token: Pick<TokenSettings, 'name' | 'serves'>): string {
  return token.serves ?? token.name;
}

/** `KYSO_TOKENS_FILE`: the tokens that this signer may use; names are unique. */
export const tokensFileSchema = z
  .array(tokenSettingsSchema)
  .min(1)
  .refine((tokens) => new Set(tokens.map((token) => token.name)).size === tokens.length, 'expected unique token names')
  .refine(
    (tokens) => tokens.every((token) => token.pinFile !== undefined || besides(tokens, token).length === 0),
    // A PIN that its owner gives is one token's: at another one it might be wrong, and cost a try.
    'expected pinFile for each of several tokens that serve one name',
  );

function besides(tokens: readonly TokenSettings[], token: TokenSettings): TokenSettings[] {
  return tokens.filter((one) => one !== token && servedName(one) === servedName(token));
}
