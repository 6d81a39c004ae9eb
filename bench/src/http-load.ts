import { Agent, request } from 'node:http';

/** Calls a gateway over kept connections with little work of its own, since it shares the cores with what is measured. */
export class HttpLoad {
  readonly #agent = new Agent({ keepAlive: true });

  constructor(
    private readonly baseUrl: string,
    private readonly apiKey: string,
  ) {}

  /** The body of the answer. Throws on any status from 400. */
  call(
    method: 'GET' | 'POST',
    path: string,
    sent?: { type: string; body: Uint8Array; headers?: Record<string, string> },
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const headers: Record<string, string | number> = { authorization: `Bearer ${this.apiKey}`, ...sent?.headers };
      if (sent !== undefined) Object.assign(headers, { 'content-type': sent.type, 'content-length': sent.body.length });
      const call = request(new URL(path, this.baseUrl), { method, headers, agent: this.#agent }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('error', reject);
        response.once('end', () => {
          const body = Buffer.concat(parts);
          if ((response.statusCode ?? 500) < 400) resolve(body);
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${body.toString('utf8', 0, 500)}`));
        });
      });
      call.once('error', reject);
      call.end(sent?.body);
    });
  }

  async json<T>(...args: Parameters<HttpLoad['call']>): Promise<T> {
    return JSON.parse((await this.call(...args)).toString('utf8')) as T;
  }

  close(): void {
    this.#agent.destroy();
  }
}
