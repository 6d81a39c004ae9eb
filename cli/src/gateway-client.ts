import type { Credential, Document, Problem, SigningJob, SigningJobRequest, ValidationReport } from '@kyso/contracts';

/** What the gateway answered instead of what was asked for. */
export class GatewayError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
  ) {
    super(
      `${status} ${problem.code ?? ''}: ${problem.detail ?? problem.title ?? ''} ${problem.messageVi ?? ''}`.trim(),
    );
  }
}

/** The calls that iGate's back end makes, one method each. */
export class GatewayClient {
  constructor(
    private readonly baseUrl: string,
    private readonly apiKey: string,
  ) {}

  async call(
    method: string,
    path: string,
    options: { body?: Uint8Array<ArrayBuffer> | string; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const response = await fetch(new URL(path, this.baseUrl), {
      method,
      headers: { authorization: `Bearer ${this.apiKey}`, ...options.headers },
      ...(options.body === undefined ? {} : { body: options.body }),
    });
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
    throw new GatewayError(response.status, problem);
  }

  private async json<T>(
    method: string,
    path: string,
    options?: { body?: Uint8Array<ArrayBuffer> | string; headers?: Record<string, string> },
  ): Promise<T> {
    return (await (await this.call(method, path, options)).json()) as T;
  }

  upload(pdf: Uint8Array<ArrayBuffer>, name: string): Promise<Document> {
    return this.json('POST', `/v1/documents?name=${encodeURIComponent(name)}`, {
      body: pdf,
      headers: { 'content-type': 'application/pdf' },
    });
  }

  document(documentId: string): Promise<Document> {
    return this.json('GET', `/v1/documents/${documentId}`);
  }

  async credentials(): Promise<Credential[]> {
    return (await this.json<{ credentials: Credential[] }>('GET', '/v1/credentials')).credentials;
  }

  /** `waitSeconds`: answered when the job has ended, at the latest after that time. */
  sign(request: SigningJobRequest, options: { idempotencyKey: string; waitSeconds: number }): Promise<SigningJob> {
    return this.json('POST', '/v1/signing-jobs', {
      body: JSON.stringify(request),
      headers: {
        'content-type': 'application/json',
        'idempotency-key': options.idempotencyKey,
        ...(options.waitSeconds > 0 ? { prefer: `wait=${options.waitSeconds}` } : {}),
      },
    });
  }

  job(jobId: string): Promise<SigningJob> {
    return this.json('GET', `/v1/signing-jobs/${jobId}`);
  }

  /** Polls until the job has ended. Throws when it has not after `timeoutMs`. */
  async ended(jobId: string, timeoutMs: number): Promise<SigningJob> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const job = await this.job(jobId);
      if (job.status === 'completed' || job.status === 'failed') return job;
      if (Date.now() > deadline) throw new Error(`job ${jobId} is still ${job.status} after ${timeoutMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async download(documentId: string, version: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(
      await (await this.call('GET', `/v1/documents/${documentId}/versions/${version}`)).arrayBuffer(),
    );
  }

  verify(documentId: string, version: number): Promise<ValidationReport> {
    return this.json('POST', '/v1/verifications', {
      body: JSON.stringify({ documentId, version }),
      headers: { 'content-type': 'application/json' },
    });
  }
}
