import { uncertainKeyUseSchema } from '@kyso/contracts';
import { parseCertificatesPem, type Certificate } from '@kyso/cms';
import {
  redisConfigShape,
  screeningConfigShape,
  serviceConfigShape,
  storeConfigShape,
  wholeNumber,
} from '@kyso/service';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { tokensFileSchema, type TokenSettings } from './hsm/token-settings.js';

const url = () => z.url({ protocol: /^https?$/ });
const file = () => z.string().min(1);

/** Everything that the environment says to this service; each field is read from `KYSO_<FIELD_NAME>`. */
export const configSchema = z.object({
  ...serviceConfigShape,
  ...storeConfigShape,
  ...redisConfigShape,
  ...screeningConfigShape,
  signerId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, 'expected letters, digits, dot, underscore and -')
    .optional()
    .describe(
      'Name of this signer in token reports, quarantines and locks; must differ between signers. Absent: host name and ' +
        'process id.',
    ),
  tokensFile: file().describe(
    'JSON file with the tokens of this signer: [{ "name", "serves" (token name of the credentials, where several tokens serve one; absent: its name), "modulePath", "label" or "serial", "pinFile" (absent: each use needs an activation), "mode": "usb" or ' +
      '"hsm", "sessions", "signTimeoutMs", "startTimeoutMs" }]. PINs are in the files it names, never in it.',
  ),
  activationKeysFile: file()
    .optional()
    .describe(
      'Secret file with the private keys to which PINs are sealed, a JWK Set (RFC 7517); only token hosts read it. Needed ' +
        'for tokens without pinFile; the same file at every signer that has such a token.',
    ),
  trustAnchorsFile: file().describe('PEM file with the root certificates to which signers’ certificates must chain.'),
  tsaTrustAnchorsFile: file().describe(
    'PEM file with the root certificates to which time-stamping units must chain: another trust domain than the signers’.',
  ),
  tsaProxyUrl: url().describe('URL of the tsa-proxy, for levels B-T, B-LT and B-LTA.'),
  revocationCacheUrl: url().describe('URL of the revocation-cache.'),
  auditFile: file().describe(
    'File of the audit log, for this process alone. No key is used unless an entry could be written to the disk before.',
  ),
  revocationCheck: z
    .enum(['require', 'warn', 'off'])
    .default('warn')
    .describe(
      'For B-B and B-T, when neither OCSP nor CRL says anything of the signer’s certificate: require refuses, warn signs ' +
        'and states it in the audit log and the log, off does not ask at all (then revoked ones are not noticed). B-LT and ' +
        'B-LTA always need an answer, and revoked certificates are refused wherever it is asked.',
    ),
  revocationRememberMs: wholeNumber(0, 3_600_000)
    .default(30_000)
    .describe('Milliseconds that a good status is remembered here; a revocation is noticed that much later.'),
  maxClockSkewMs: wholeNumber(100, 3_600_000)
    .default(30_000)
    .describe(
      'Milliseconds by which this clock may differ from a time-stamp; beyond it nothing is signed (CLOCK_SKEWED).',
    ),
  maxIntentAgeMs: wholeNumber(10_000, 3_600_000)
    .default(300_000)
    .describe(
      'Milliseconds after which a waiting step takes a new signing time. Smaller ones use the key more often while a TSA ' +
        'is down, larger ones leave /M further behind the time-stamp.',
    ),
  uncertainKeyUse: uncertainKeyUseSchema
    .default('repeat')
    .describe(
      'When a crash or a lost answer of the token leaves open whether the key was used, and it would give another signature ' +
        '(RSA-PSS, ECDSA, a later signing time): repeat signs again and says so in result and audit log, stop ends the job ' +
        'with KEY_USE_UNCERTAIN. A policy of the job goes before it.',
    ),
  tokenWaitMs: wholeNumber(0, 604_800_000)
    .default(86_400_000)
    .describe(
      'Milliseconds that a job waits for an absent token; then it fails with TOKEN_UNAVAILABLE. Items of batches wait without end.',
    ),
  levelWaitMs: wholeNumber(0, 86_400_000)
    .default(600_000)
    .describe(
      'Milliseconds that a job waits for a time-stamp or for evidence; then it fails with LEVEL_UNREACHABLE. Items of batches wait ' +
        'without end.',
    ),
  unexpectedWaitMs: wholeNumber(0, 3_600_000)
    .default(30_000)
    .describe('Milliseconds that a job is tried again after errors that nobody foresaw; then it fails with INTERNAL.'),
  tsaTimeoutMs: wholeNumber(100, 600_000)
    .default(60_000)
    .describe('Milliseconds for one answer of the tsa-proxy, which may ask several TSAs in that time.'),
  revocationTimeoutMs: wholeNumber(100, 600_000)
    .default(20_000)
    .describe('Milliseconds for one answer of the revocation-cache.'),
  interactiveConcurrency: wholeNumber(1, 256)
    .default(16)
    .describe('Interactive documents that are worked on at a time for one token. Each below 8 MiB is held in memory.'),
  bulkConcurrency: wholeNumber(1, 256)
    .default(32)
    .describe(
      'Bulk documents at a time for one token, each below 8 MiB held in memory: what is written together costs less. At the token an interactive one always goes first.',
    ),
  credentialRereadMs: wholeNumber(0, 3_600_000)
    .default(5_000)
    .describe('Milliseconds after which a credential is read again; so much later a disabled one stops signing.'),
});
export type Config = z.output<typeof configSchema>;

/** Environment for the PKCS#11 modules (SOFTHSM2_CONF, ChrystokiConfigurationPath, …): all of ours but our own settings. */
export function moduleEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('KYSO_')));
}

/** Reads KYSO_TOKENS_FILE. Throws an Error that lists every problem. */
export async function readTokens(path: string): Promise<TokenSettings[]> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Error(`KYSO_TOKENS_FILE: expected JSON in ${path}, found ${(error as Error).message}`, { cause: error });
  }
  const parsed = tokensFileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Error(`KYSO_TOKENS_FILE ${path}:\n${z.prettifyError(parsed.error)}`);
}

/** Reads a PEM file of trust anchors. Throws an Error when there is none in it. */
export async function readTrustAnchors(path: string): Promise<Certificate[]> {
  const anchors = parseCertificatesPem(await readFile(path, 'utf8'));
  if (anchors.length === 0) throw new Error(`Trust anchors: expected certificates in ${path}, found none`);
  return anchors;
}
