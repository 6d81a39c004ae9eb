import { readFile } from 'node:fs/promises';
import { screeningOverridesSchema, type ScreeningOverrides } from '@kyso/contracts';
import { z } from 'zod';
import { wholeNumber } from './config-shapes.js';

/** Fields of the services that screen documents; they must be the same for gateway and signers. */
export const screeningConfigShape = {
  screeningPolicyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'JSON file with what is done about findings of the screening: { "<kind>": "refuse", "warn" or "allow" }; kinds that ' +
        'it leaves out keep their default. The signer’s decides, the gateway’s only refuses earlier. Absent: the defaults.',
    ),
  screeningMaxObjects: wholeNumber(100, 2_000_000)
    .default(5_000)
    .describe(
      'Objects of one document that the screening looks at, about 10 µs each; a longer document has the finding ' +
        '`not-screened`, which the policy may refuse.',
    ),
};

/** Reads KYSO_SCREENING_POLICY_FILE. Throws an Error that lists every problem. */
export async function readScreeningPolicy(path: string | undefined): Promise<ScreeningOverrides> {
  if (path === undefined) return {};
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Error(`KYSO_SCREENING_POLICY_FILE: expected JSON in ${path}, found ${(error as Error).message}`, {
      cause: error,
    });
  }
  const parsed = screeningOverridesSchema.safeParse(json);
  if (!parsed.success) throw new Error(`KYSO_SCREENING_POLICY_FILE ${path}:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
