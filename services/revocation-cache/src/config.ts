import { commaList, fetchConfigShape, serviceConfigShape, wholeNumber } from '@kyso/service';
import { z } from 'zod';

const urlList = () => commaList(z.url({ protocol: /^https?$/ })).default([]);

/** Everything that the environment says to this service; each field is read from `KYSO_<FIELD_NAME>`. */
export const configSchema = z.object({
  ...serviceConfigShape,
  extraOcspUrls: urlList().describe(
    'OCSP responders, separated by commas, that are asked after those that a certificate names.',
  ),
  extraCrlUrls: urlList().describe(
    'CRLs, separated by commas, that are looked into after those that a certificate names; such as those of a CA whose ' +
      'certificates name an internal address.',
  ),
  fetchTimeoutMs: wholeNumber(100, 120_000)
    .default(8_000)
    .describe('Milliseconds for one answer of one source, from the name look-up to the last byte.'),
  hedgeAfterMs: wholeNumber(10, 60_000)
    .default(1_500)
    .describe('When a source has not answered after so many milliseconds, the next one is asked beside it.'),
  maxOcspBytes: wholeNumber(1_024, 1_048_576).default(65_536).describe('Largest OCSP answer that is read, in bytes.'),
  maxCrlBytes: wholeNumber(1_024, 268_435_456)
    .default(16_777_216)
    .describe('Largest CRL that is read, in bytes. Evidence carries it whole, and the DSS of every document too.'),
  refreshAfterMs: wholeNumber(1_000, 604_800_000)
    .default(3_600_000)
    .describe(
      'After so many milliseconds evidence is fetched again, long before its nextUpdate; the kept one goes on being used ' +
        'until nextUpdate while no newer can be had.',
    ),
  lifeWithoutNextUpdateMs: wholeNumber(1_000, 86_400_000)
    .default(600_000)
    .describe('How long an answer is kept that states no nextUpdate, in milliseconds.'),
  keepWarmMs: wholeNumber(0, 604_800_000)
    .default(86_400_000)
    .describe('Evidence that nobody asked for during so many milliseconds is no longer fetched ahead.'),
  failureMs: wholeNumber(100, 600_000)
    .default(10_000)
    .describe('How long a failure is remembered, in milliseconds: of a source that did not answer, and of `unknown`.'),
  minRefetchMs: wholeNumber(0, 600_000)
    .default(2_000)
    .describe('Least time between two questions to one source about one certificate, whatever notOlderThan asks for.'),
  cacheEntries: wholeNumber(10, 10_000_000).default(50_000).describe('Most entries in each of the caches.'),
  cacheBytes: wholeNumber(1_048_576, 17_179_869_184)
    .default(134_217_728)
    .describe('Most bytes of DER in each of the caches; the least recently used go first.'),
  ...fetchConfigShape,
});
export type Config = z.output<typeof configSchema>;
