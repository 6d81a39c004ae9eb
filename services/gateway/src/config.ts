import { levelSchema } from '@kyso/contracts';
import {
  commaList,
  redisConfigShape,
  screeningConfigShape,
  serviceConfigShape,
  storeConfigShape,
  wholeNumber,
} from '@kyso/service';
import { z } from 'zod';
import { webhookHostPattern } from './webhooks/webhook-hosts.js';

/** The gateway’s configuration; each field is read from `KYSO_<NAME>`. */
export const configSchema = z.object({
  ...serviceConfigShape,
  ...storeConfigShape,
  ...redisConfigShape,
  ...screeningConfigShape,
  trustAnchorsFile: z
    .string()
    .min(1)
    .describe(
      'PEM file with the root CAs that signers may chain to. Verification trusts nothing else; a wrong root here makes ' +
        'forged signatures valid.',
    ),
  tsaTrustAnchorsFile: z
    .string()
    .min(1)
    .describe('PEM file with the root CAs that time-stamping units may chain to; another trust domain than signers.'),
  revocationCacheUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'URL of the revocation cache, asked when a verified document holds no revocation evidence. Absent: such signatures ' +
        'are reported as indeterminate.',
    ),
  revocationTimeoutMs: wholeNumber(100, 120_000)
    .default(20_000)
    .describe('Milliseconds that the revocation cache may take for one chain during a verification.'),
  policiesFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'JSON file with the named signing policies, [{ "name", "level", "revocation", "schemes", "digestAlgorithms", "certify", ' +
        '"screening" }]; the first one holds where neither client nor request names one. Absent: no policies, every step ' +
        'names its level.',
    ),
  maxDocumentBytes: wholeNumber(1, 10_000_000_000)
    .default(536_870_912)
    .describe('Largest PDF in bytes (512 MiB); a longer one is refused while it arrives.'),
  maxJsonBytes: wholeNumber(1_024, 134_217_728)
    .default(25_165_824)
    .describe('Largest JSON body in bytes (24 MiB: five images of 3.5 MB in base64); it is held in memory.'),
  uploadTimeoutMs: wholeNumber(1_000, 3_600_000)
    .default(900_000)
    .describe('Milliseconds in which a whole request, body included, must have arrived (15 minutes).'),
  uploadIdleMs: wholeNumber(100, 600_000)
    .default(30_000)
    .describe('Milliseconds without a byte after which an upload is given up.'),
  maxConcurrentUploads: wholeNumber(1, 10_000)
    .default(128)
    .describe('Uploads at a time in this process; each holds up to 1 MiB. More are answered 429.'),
  maxConcurrentScans: wholeNumber(1, 64)
    .default(2)
    .describe(
      'Processes at a time that make PDFs of uploaded images; each may take 512 MiB. Further ones wait as long as one may ' +
        'take, then they are answered 429.',
    ),
  scanTimeoutMs: wholeNumber(1_000, 3_600_000)
    .default(120_000)
    .describe('Milliseconds that making one PDF of an uploaded image may take; then it is refused.'),
  maxConcurrentTextSearches: wholeNumber(1, 64)
    .default(2)
    .describe(
      'Processes at a time that look for a text beside which a signature is to stand; each may take 512 MiB. Further ones ' +
        'wait as long as one may take, then they are answered 429.',
    ),
  textSearchTimeoutMs: wholeNumber(1_000, 600_000)
    .default(20_000)
    .describe('Milliseconds that looking for one text may take; then the job is refused.'),
  maxConcurrentDrawings: wholeNumber(1, 64)
    .default(2)
    .describe(
      'Processes at a time that draw pages for dry runs and previews; each may take 768 MiB. Further ones wait as long as one ' +
        'may take, then they are answered 429.',
    ),
  drawingTimeoutMs: wholeNumber(1_000, 600_000)
    .default(20_000)
    .describe('Milliseconds that drawing one page may take.'),
  maxConcurrentVerifications: wholeNumber(1, 1_000)
    .default(16)
    .describe('Verifications at a time in this process; they are CPU work. More are answered 429.'),
  minFreeBytes: wholeNumber(0, 1_000_000_000_000_000)
    .default(1_073_741_824)
    .describe(
      'Bytes that an upload must leave free on the disk of a folder store (1 GiB), so that what was accepted can still be ' +
        'signed. Without effect for S3.',
    ),
  tempFolder: z
    .string()
    .min(1)
    .default('/tmp')
    .describe(
      'Folder for PDFs over 1 MiB while they are verified; the files have no name and vanish with the process.',
    ),
  levels: commaList(levelSchema)
    .default(['B-B', 'B-T', 'B-LT', 'B-LTA'])
    .describe('Levels that this cluster can reach, separated by commas; others are refused at once. B-B needs no TSA.'),
  registryMaxAgeMs: wholeNumber(0, 600_000)
    .default(5_000)
    .describe('Milliseconds that API clients and credentials are cached: so long a withdrawn right still works.'),
  activationKeysFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'JWK Set (RFC 7517) of the public keys to which callers seal PINs; the private ones are with the signers. Absent: this ' +
        'cluster takes no PINs.',
    ),
  maxActivationSeconds: wholeNumber(10, 3_600)
    .default(900)
    .describe('Seconds that an activation may last (15 minutes); so long a sealed PIN lies in the store at most.'),
  certificateWarningDays: wholeNumber(0, 1_000)
    .default(30)
    .describe(
      'Days before the end of a certificate from which on its credential is shown with CERTIFICATE_EXPIRES_SOON.',
    ),
  requestsPerSecond: wholeNumber(1, 1_000_000)
    .default(2_000)
    .describe(
      'Requests per second of each client in this process, with a burst of two seconds. More are answered 429.',
    ),
  maxAuthFailuresPerMinute: wholeNumber(1, 1_000_000)
    .default(60)
    .describe('Wrong API keys per minute and address before they are answered 429 without a look-up.'),
  maxEventStreams: wholeNumber(1, 100_000)
    .default(2_000)
    .describe('Open event streams in this process; each is a connection.'),
  eventHeartbeatMs: wholeNumber(100, 120_000)
    .default(15_000)
    .describe('Milliseconds between comments in an event stream; keep it below the idle timeout of every proxy.'),
  outcomePollMs: wholeNumber(50, 60_000)
    .default(2_000)
    .describe('Milliseconds between looks at the store while a caller waits; messages from Redis usually come first.'),
  reconcileIntervalMs: wholeNumber(100, 600_000)
    .default(5_000)
    .describe(
      'Milliseconds between passes of the reconciler, which puts accepted jobs back on a queue that lost them.',
    ),
  reconcileGraceMs: wholeNumber(0, 600_000)
    .default(3_000)
    .describe('Milliseconds that a new job is left alone by the reconciler.'),
  batchIntervalMs: wholeNumber(50, 60_000)
    .default(500)
    .describe('Milliseconds between looks at open batches: feeding, pausing and ending take so much longer.'),
  batchChunksAhead: wholeNumber(1, 10_000)
    .default(32)
    .describe(
      'Chunks of 50 documents of one batch that wait on the queues or are being signed; the others wait in the store. Large ' +
        'enough that no token is idle between two looks, small enough for Redis.',
    ),
  maxBatchItems: wholeNumber(1, 10_000_000).default(1_000_000).describe('Documents in one batch.'),
  retentionDocumentDays: wholeNumber(1, 36_500)
    .optional()
    .describe(
      'Days after its last version until a document is erased: its files go, hashes, sizes and the results of its jobs stay. A ' +
        'client’s record may say otherwise. Absent: kept for ever.',
    ),
  retentionOutcomeDays: wholeNumber(1, 36_500)
    .optional()
    .describe('Days after the erasing until results and requests of its jobs go as well. Absent: kept for ever.'),
  retentionFailedJobDays: wholeNumber(1, 36_500)
    .optional()
    .describe('Days until jobs that failed are deleted. Absent: kept for ever.'),
  retentionBatchDays: wholeNumber(1, 36_500)
    .optional()
    .describe('Days after its end until records and results of a batch are deleted. Absent: kept for ever.'),
  retentionDryRun: z
    .union([z.boolean(), z.stringbool()])
    .default(false)
    .describe('true counts what would be erased and deletes nothing; see kyso_retention_due_documents.'),
  retentionIntervalMs: wholeNumber(1_000, 604_800_000)
    .default(86_400_000)
    .describe(
      'Milliseconds between sweeps (a day), each of which looks at all documents, counts what clients have, and erases what is due.',
    ),
  sweepIntervalMs: wholeNumber(1_000, 86_400_000)
    .default(600_000)
    .describe('Milliseconds between passes that remove what crashes left of uploads.'),
  webhookHosts: commaList(z.string().regex(webhookHostPattern, 'expected host, host:port or http://host[:port]'))
    .default([])
    .describe(
      'Hosts that webhooks may be delivered to, separated by commas: host or host:port for https, http://host[:port] where ' +
        'plain http is meant. They may have private addresses. Absent: no webhooks can be made.',
    ),
  webhookKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File (mode 0400 or 0600) with the Ed25519 key that signs deliveries (PKCS#8, PEM), the same for all gateways; several, ' +
        'one after the other, while it is changed. Needed with KYSO_WEBHOOK_HOSTS.',
    ),
  webhookTimeoutMs: wholeNumber(100, 20_000)
    .default(10_000)
    .describe('Milliseconds in which an endpoint must have answered.'),
  webhookIntervalMs: wholeNumber(50, 60_000)
    .default(1_000)
    .describe('Milliseconds between looks for events that webhooks are to be told of; so late they are at most.'),
  webhookFirstRetryMs: wholeNumber(10, 3_600_000)
    .default(5_000)
    .describe('Milliseconds until a failed delivery is tried again; each further pause is three times as long.'),
  webhookLongestRetryMs: wholeNumber(10, 86_400_000)
    .default(14_400_000)
    .describe('Longest pause between two tries of a delivery (4 hours), unless the endpoint asks for more.'),
  webhookGiveUpMs: wholeNumber(10, 2_592_000_000)
    .default(259_200_000)
    .describe('Milliseconds after which a delivery is given up and becomes a dead letter (3 days).'),
  webhookDeadLetterDays: wholeNumber(1, 3_650)
    .default(30)
    .describe('Days that dead letters of webhooks are kept; older events are deleted and can’t be replayed.'),
});

export type Config = Readonly<z.infer<typeof configSchema>>;
