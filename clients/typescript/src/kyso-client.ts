import { Batches } from './batches.js';
import createClient, { type Client } from 'openapi-fetch';
import type {
  Credential,
  Document,
  DryRun,
  paths,
  SigningJob,
  SigningJobRequest,
  SigningJobSet,
  Template,
  TemplateCreation,
  TextCatalogue,
  ValidationReport,
} from './generated/api.js';
import { unwrap, problemOf } from './answers.js';
import { JobFailed } from './kyso-error.js';
import { repeatingFetch, type RepeatRules } from './repeating-fetch.js';

export interface KysoClientOptions {
  /** Such as `https://kyso.example.gov.vn`. */
  readonly baseUrl: string;
  /** `kyso_<client>_<secret>`. */
  readonly apiKey: string;
  readonly repeat?: Partial<RepeatRules>;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
}

/** What an upload may be: bytes, or a stream of which nothing is kept. */
export type UploadBody = Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>;

const longestWaitSeconds = 60;

/**
 * The calls of a portal's back end. What is not here is behind `api`, typed by the service's OpenAPI document. Every method throws
 * KysoError for a refusal, with its problem document.
 */
export class KysoClient {
  /** Every call of docs/openapi.json: `client.api.GET('/v1/policies')`. */
  readonly api: Client<paths>;
  /** Many documents in one order. */
  readonly batches: Batches;

  constructor(private readonly options: KysoClientOptions) {
    const { baseUrl, apiKey, repeat, fetch: fetchOnce = fetch } = options;
    this.api = createClient<paths>({
      baseUrl,
      headers: { authorization: `Bearer ${apiKey}` },
      fetch: repeatingFetch(fetchOnce, { tries: 5, firstPauseMs: 1_000, ...repeat }),
    });
    this.batches = new Batches(this.api, { baseUrl, apiKey, fetchOnce });
  }

  /** A PDF, or a scan (JPEG, PNG, TIFF) of which one is made. After a lost connection upload again: the new document counts. */
  async upload(
    body: UploadBody,
    { name, mediaType = 'application/pdf' }: { readonly name?: string; readonly mediaType?: string } = {},
  ): Promise<Document> {
    const { baseUrl, apiKey, fetch: fetchOnce = fetch } = this.options;
    const url = new URL('/v1/documents', baseUrl);
    if (name !== undefined) url.searchParams.set('name', name);
    const isStream = body instanceof ReadableStream;
    const response = await fetchOnce(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': mediaType },
      body,
      // Node demands it for a stream; types of browsers don't know it.
      ...(isStream ? ({ duplex: 'half' } as object) : {}),
    });
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as Document;
  }

  async document(documentId: string): Promise<Document> {
    return unwrap(await this.api.GET('/v1/documents/{documentId}', { params: { path: { documentId } } }));
  }

  /**
   * Asks for signatures. Store the key with the dossier before the call: after a crash the same key finds the same job.
   * `waitSeconds`: answered when the job has ended, at the latest after that time (60 at the most).
   */
  async sign(
    request: SigningJobRequest,
    how: { readonly idempotencyKey: string; readonly waitSeconds?: number },
  ): Promise<SigningJob> {
    const answer = await this.api.POST('/v1/signing-jobs', { params: { header: headersOf(how) }, body: request });
    return unwrap(answer) as SigningJob;
  }

  /** Several documents in one request; each is accepted or refused by itself. */
  async signAll(
    jobs: SigningJobRequest[],
    how: { readonly idempotencyKey: string; readonly waitSeconds?: number },
  ): Promise<SigningJobSet> {
    return unwrap(await this.api.POST('/v1/signing-job-sets', { params: { header: headersOf(how) }, body: { jobs } }));
  }

  /** What would become of the request: every check, and the pages as PNG. Nothing is signed or stored. */
  async dryRun(request: SigningJobRequest): Promise<DryRun> {
    const answer = await this.api.POST('/v1/signing-jobs', { body: { ...request, dryRun: true } });
    return unwrap(answer) as DryRun;
  }

  async job(jobId: string): Promise<SigningJob> {
    return unwrap(await this.api.GET('/v1/signing-jobs/{jobId}', { params: { path: { jobId } } }));
  }

  /** Asks until the job has ended. Throws JobFailed when it failed, Error when it has not ended after `timeoutMs`. */
  async ended(
    jobId: string,
    { timeoutMs, everyMs = 500 }: { readonly timeoutMs: number; readonly everyMs?: number },
  ): Promise<SigningJob> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const job = await this.job(jobId);
      if (job.failure !== undefined) throw new JobFailed(jobId, job.failure);
      if (job.status === 'completed') return job;
      if (Date.now() > deadline) throw new Error(`job ${jobId} is still ${job.status} after ${timeoutMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  /** `sign` and `ended` in one. */
  async signed(
    request: SigningJobRequest,
    { idempotencyKey, timeoutMs = 600_000 }: { readonly idempotencyKey: string; readonly timeoutMs?: number },
  ): Promise<SigningJob> {
    const job = await this.sign(request, {
      idempotencyKey,
      waitSeconds: Math.min(longestWaitSeconds, timeoutMs / 1_000),
    });
    return this.ended(job.jobId, { timeoutMs });
  }

  /** The bytes of a version; `current` is the newest. */
  async download(documentId: string, version: number | 'current'): Promise<Uint8Array<ArrayBuffer>> {
    const path = { documentId, version: String(version) };
    const answer = await this.api.GET('/v1/documents/{documentId}/versions/{version}', {
      params: { path },
      parseAs: 'arrayBuffer',
    });
    return new Uint8Array(unwrap(answer));
  }

  async verify(documentId: string, version?: number): Promise<ValidationReport> {
    const body = { documentId, ...(version === undefined ? {} : { version }) };
    return unwrap(await this.api.POST('/v1/verifications', { body: body as never }));
  }

  async credentials(): Promise<Credential[]> {
    return unwrap(await this.api.GET('/v1/credentials')).credentials;
  }

  /** The words for what answers hold, by group and code: `texts['Verdict']?.['valid']?.vi`. They change with a release only. */
  async texts(): Promise<TextCatalogue['groups']> {
    return unwrap(await this.api.GET('/v1/texts')).groups;
  }

  /** Makes the template unless one of this id is there; then gives that one. */
  async ensureTemplate(template: TemplateCreation): Promise<Template> {
    const made = await this.api.POST('/v1/templates', { body: template });
    if (made.response.status !== 409) return unwrap(made);
    const { templateId } = template;
    return unwrap(await this.api.GET('/v1/templates/{templateId}', { params: { path: { templateId } } }));
  }
}

function headersOf({
  idempotencyKey,
  waitSeconds = 0,
}: {
  readonly idempotencyKey: string;
  readonly waitSeconds?: number;
}) {
  const wait = Math.min(longestWaitSeconds, Math.floor(waitSeconds));
  return { 'Idempotency-Key': idempotencyKey, ...(wait > 0 ? { Prefer: `wait=${wait}` } : {}) };
}
