import { readFile } from 'node:fs/promises';
import { parseCertificatesPem, type Certificate } from '@kyso/cms';
import { fetchConfigShape, readSecretFile, serviceConfigShape, wholeNumber } from '@kyso/service';
import { z } from 'zod';

/** Everything that the environment says to this service; each field is read from `KYSO_<FIELD_NAME>`. */
export const configSchema = z.object({
  ...serviceConfigShape,
  tsaUpstreamsFile: z
    .string()
    .min(1)
    .describe(
      'JSON file with the time-stamp authorities in the order in which they are tried: ' +
        '[{ "name", "url", "policy"?, "timeoutMs", "basicAuthFile"? }]. The next one is asked only when those before it ' +
        'failed, answered wrongly or are being skipped.',
    ),
  tsaTrustAnchorsFile: z
    .string()
    .min(1)
    .describe(
      'PEM file with the root certificates to which every time-stamp must chain. They are another trust domain than ' +
        'those of the signers: do not mix the two.',
    ),
  tsaIntermediatesFile: z
    .string()
    .min(1)
    .optional()
    .describe('PEM file with CA certificates between the roots and the TSAs, for TSAs that do not send them.'),
  tsaMaxSkewMs: wholeNumber(100, 3_600_000)
    .default(30_000)
    .describe(
      'Milliseconds by which genTime may lie outside the time between our question and its answer. Larger ones hide a ' +
        'wrong clock, on our side or theirs.',
    ),
  tsaBreakerFailures: wholeNumber(1, 1_000)
    .default(3)
    .describe(
      'After so many failures in a row a TSA is skipped for a while, so that not every signature waits for it.',
    ),
  tsaBreakerOpenMs: wholeNumber(100, 3_600_000)
    .default(15_000)
    .describe('Milliseconds for which a TSA is skipped; then one single request tries it.'),
  ...fetchConfigShape,
});
export type Config = z.output<typeof configSchema>;

const upstreamSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected a-z, 0-9 and -'),
  url: z.url({ protocol: /^https?$/ }),
  policy: z
    .string()
    .regex(/^[0-2](\.\d{1,20}){1,30}$/, 'expected a dotted object identifier')
    .optional(),
  timeoutMs: z.int().min(100).max(600_000),
  basicAuthFile: z.string().min(1).optional(),
});
const upstreamsSchema = z
  .array(upstreamSchema)
  .min(1, 'expected at least one TSA')
  .max(20)
  .refine((list) => new Set(list.map((one) => one.name)).size === list.length, 'expected names that differ');

/** One configured TSA, its secret read. */
export interface UpstreamSettings {
  readonly name: string;
  readonly url: string;
  /** Dotted object identifier that is asked for and that the token must carry. */
  readonly policy?: string;
  /** Milliseconds for one answer. */
  readonly timeoutMs: number;
  /** Value of the Authorization header. */
  readonly authorization?: string;
}

/** Reads the list of TSAs. Throws an Error that names the file and every fault in it. */
export async function readUpstreams(file: string): Promise<UpstreamSettings[]> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file}: expected JSON, ${(error as Error).message}`, { cause: error });
  }
  const result = upstreamsSchema.safeParse(json);
  if (!result.success) {
    const faults = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`${file}: ${faults.join('; ')}`);
  }
  return Promise.all(
    result.data.map(async ({ name, url, policy, timeoutMs, basicAuthFile }) => ({
      name,
      url,
      timeoutMs,
      ...(policy === undefined ? {} : { policy }),
      // The file holds `user:password` (RFC 7617, 2).
      ...(basicAuthFile === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(await readSecretFile(basicAuthFile), 'utf8').toString('base64')}` }),
    })),
  );
}

/** Reads the certificates of a PEM file. Throws an Error where there is none in it. */
export async function readCertificates(file: string): Promise<Certificate[]> {
  const certificates = parseCertificatesPem(await readFile(file, 'utf8'));
  if (certificates.length === 0) throw new Error(`${file}: expected at least one certificate in PEM`);
  return certificates;
}
