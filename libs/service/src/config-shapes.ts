import { z } from 'zod';
import type { FetchRules } from './guarded-fetch.js';
import { readSecretFile } from './secret-file.js';

/** A whole number in a variable, or a number in a test. */
export function wholeNumber(min: number, max: number): z.ZodType<number> {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\s*-?\d{1,15}\s*$/.test(value) ? Number(value) : value),
    z
      .number({ error: `expected a whole number from ${min} to ${max}` })
      .refine(
        (value) => Number.isInteger(value) && value >= min && value <= max,
        `expected a whole number from ${min} to ${max}`,
      ),
  );
}

/** A list in one variable, its items separated by commas; blanks around items are cut off. An array passes as it is. */
export function commaList<T extends z.ZodType>(item: T): z.ZodType<z.output<T>[]> {
  return z.preprocess(
    (value) =>
      typeof value === 'string'
        ? value
            .split(',')
            .map((part) => part.trim())
            .filter((part) => part !== '')
        : value,
    z.array(item),
  );
}

const filePath = () => z.string().min(1);

/** Fields that every service has. */
export const serviceConfigShape = {
  listenHost: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. In a container set 0.0.0.0, otherwise nobody outside it can connect.'),
  listenPort: wholeNumber(0, 65_535).describe('TCP port to listen on; 0 takes a free one, which only tests can use.'),
  logLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('Lowest level that is logged. debug shows every probe and costs throughput.'),
  serviceTokenFile: filePath().describe(
    'File (mode 0400 or 0600) with the secret that services show to each other and operators to /readyz and /metrics; at ' +
      'least 32 characters, the same for all services of a cluster. Whoever has it may use the internal services.',
  ),
  shutdownTimeoutMs: wholeNumber(100, 600_000)
    .default(25_000)
    .describe(
      'Milliseconds that running work may take after SIGTERM; then the process exits 1 and the work is done again ' +
        'elsewhere. Keep it below the grace period of whoever stops the process (Kubernetes: 30 s).',
    ),
};

/** Fields for the object store: a folder, or an S3 bucket. `readStoreSettings` reads the files and checks the choice. */
export const storeConfigShape = {
  storeFolder: filePath()
    .optional()
    .describe(
      'Folder that holds all objects, for one machine. It must be on one file system that all services share. Either ' +
        'this or the KYSO_S3_… variables.',
    ),
  s3Endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('URL of any S3 server, such as https://minio.internal:9000. It must honour If-None-Match: *.'),
  s3Bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected a bucket name: 3 to 63 of a-z, 0-9, . and -')
    .optional()
    .describe('Bucket that holds all objects; it must exist.'),
  s3Region: z.string().min(1).optional().describe('Region for the request signature; absent: us-east-1.'),
  s3AccessKeyFile: filePath().optional().describe('File (mode 0400 or 0600) with the access key.'),
  s3SecretKeyFile: filePath().optional().describe('File (mode 0400 or 0600) with the secret key.'),
  s3AllowUnconditionalCreate: z
    .union([z.boolean(), z.stringbool()])
    .default(false)
    .describe(
      'true accepts an S3 server that ignores If-None-Match. For development only: two processes may then both believe ' +
        'that they released a version first.',
    ),
};

/** Field for Redis, the queue. */
export const redisConfigShape = {
  redisUrl: z
    .url({ protocol: /^rediss?$/, error: 'expected a URL such as redis://host:6379 or rediss://host:6379' })
    .refine(
      (url) => !/^[^/]*:\/\/[^/@]*:[^/]*@/.test(url),
      'expected no password in it; put it in KYSO_REDIS_PASSWORD_FILE',
    )
    .describe(
      'URL of Redis (queue and cache; it may be wiped, not shared with strangers), without a password. It needs ' +
        'maxmemory-policy noeviction; with eviction jobs disappear until the reconciler finds them.',
    ),
  redisPasswordFile: filePath()
    .optional()
    .describe('File (mode 0400 or 0600) with the password of Redis. Absent: Redis asks for none.'),
};

/** Fields for fetching URLs that come from outside; `readFetchRules` makes the rules of them. */
export const fetchConfigShape = {
  fetchAllowHosts: commaList(z.string().regex(/^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, 'expected host:port'))
    .default([])
    .describe(
      'host:port pairs, separated by commas, that may be reached although their address is private or their port is ' +
        'neither 80 nor 443.',
    ),
  fetchRewriteHosts: commaList(z.string().regex(/^[^\s=/]+=[^\s=/]+$/, 'expected host=host or host=host:port'))
    .default([])
    .describe(
      'host=host[:port] pairs, separated by commas: the first is replaced by the second before anything else, such as ' +
        'ocsp.ca.ptc=ocsp.ca.gov.vn.',
    ),
};

/** The rules for `createGuardedFetch`. */
export function readFetchRules(config: {
  readonly fetchAllowHosts: readonly string[];
  readonly fetchRewriteHosts: readonly string[];
}): FetchRules {
  return {
    allowHosts: config.fetchAllowHosts,
    rewriteHosts: Object.fromEntries(config.fetchRewriteHosts.map((pair) => pair.split('=', 2) as [string, string])),
  };
}

/** The URL of Redis with the password of its file. Throws what readSecretFile throws. */
export async function readRedisUrl(config: {
  readonly redisUrl: string;
  readonly redisPasswordFile?: string | undefined;
}): Promise<string> {
  const url = new URL(config.redisUrl);
  if (config.redisPasswordFile !== undefined) {
    url.password = encodeURIComponent(await readSecretFile(config.redisPasswordFile));
  }
  return url.href;
}

/** The shape of libs/storage’s StoreConfig. */
export interface StoreSettings {
  readonly folder?: string;
  readonly s3?: {
    readonly endpoint: string;
    readonly bucket: string;
    readonly region: string;
    readonly accessKey: string;
    readonly secretKey: string;
    readonly allowUnconditionalCreate: boolean;
  };
}

/**
 * Turns the fields of storeConfigShape into what `openStore` takes, secrets read from their files.
 * Throws an Error that lists every problem: neither or both kinds of store, missing S3 fields, unreadable secret files.
 */
export async function readStoreSettings(config: {
  readonly [K in keyof typeof storeConfigShape]?: z.output<(typeof storeConfigShape)[K]> | undefined;
}): Promise<StoreSettings> {
  const { s3Endpoint, s3Bucket, s3AccessKeyFile, s3SecretKeyFile } = config;
  if (config.storeFolder !== undefined) {
    if (s3Endpoint !== undefined) throw new Error('Object store: expected KYSO_STORE_FOLDER or KYSO_S3_…, found both');
    return { folder: config.storeFolder };
  }
  if (
    s3Endpoint === undefined ||
    s3Bucket === undefined ||
    s3AccessKeyFile === undefined ||
    s3SecretKeyFile === undefined
  ) {
    const missing = Object.entries({
      KYSO_S3_ENDPOINT: s3Endpoint,
      KYSO_S3_BUCKET: s3Bucket,
      KYSO_S3_ACCESS_KEY_FILE: s3AccessKeyFile,
      KYSO_S3_SECRET_KEY_FILE: s3SecretKeyFile,
    }).flatMap(([name, value]) => (value === undefined ? [name] : []));
    throw new Error(
      missing.length === 4
        ? 'Object store: expected KYSO_STORE_FOLDER or the KYSO_S3_… variables, found neither'
        : `Object store: expected a whole S3 configuration, missing ${missing.join(', ')}`,
    );
  }
  const secrets = await Promise.allSettled([readSecretFile(s3AccessKeyFile), readSecretFile(s3SecretKeyFile)]);
  const problems = secrets.flatMap((secret) => (secret.status === 'rejected' ? [String(secret.reason.message)] : []));
  const [accessKey, secretKey] = secrets.map((secret) => (secret.status === 'fulfilled' ? secret.value : undefined));
  if (accessKey === undefined || secretKey === undefined) throw new Error(problems.join('\n'));
  return {
    s3: {
      endpoint: s3Endpoint,
      bucket: s3Bucket,
      region: config.s3Region ?? 'us-east-1',
      accessKey,
      secretKey,
      allowUnconditionalCreate: config.s3AllowUnconditionalCreate ?? false,
    },
  };
}
