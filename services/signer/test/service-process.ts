import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const mainFile = fileURLToPath(new URL('../src/main.js', import.meta.url));

/** The signer as a process of its own, as it is deployed. */
export class ServiceProcess {
  readonly #process: ChildProcess;
  readonly ended: Promise<unknown>;
  log = '';

  constructor(environment: Record<string, string>) {
    this.#process = spawn(process.execPath, [mainFile], {
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = once(this.#process, 'exit');
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.log += chunk.toString('utf8');
      });
    }
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  get exitCode(): number | null {
    return this.#process.exitCode;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.#process.kill(signal);
    await this.ended;
  }
}

/** Stands for tsa-proxy: hands requests with the right token on to a TSA. */
export async function startTsaDoor(
  tsaUrl: string,
  serviceToken: string,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server: Server = createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      if (request.headers.authorization !== `Bearer ${serviceToken}`) return response.writeHead(401).end();
      const answer = await fetch(tsaUrl, {
        method: 'POST',
        body: Buffer.concat(parts),
        headers: { 'content-type': 'application/timestamp-query' },
      });
      response.writeHead(200, { 'content-type': 'application/timestamp-reply' });
      return response.end(Buffer.from(await answer.arrayBuffer()));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
