import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';

/**
 * away: connections are cut; error: 503 SlowDown; slow: every answer comes 700 ms late; full: whatever writes is refused with
 * 507; cut: of every second answer with a body, half comes.
 */
export type ProxyFault = 'away' | 'error' | 'slow' | 'full' | 'cut';

const slowMs = 700;
const errorXml = (code: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;

/** A way to an S3 server that misbehaves on order. Bytes pass unchanged, so that the signatures of requests stay good. */
export class FaultyProxy {
  fault: ProxyFault | undefined;
  /** Requests that a fault was done to. */
  hurt = 0;
  #answers = 0;
  readonly #server: Server;

  private constructor(private readonly target: URL) {
    this.#server = createServer((incoming, outgoing) => {
      this.#serve(incoming, outgoing);
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  /** On a free port of 127.0.0.1. */
  static async start(target: URL): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const { port } = this.#server.address() as { port: number };
    return `http://127.0.0.1:${port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { fault } = this;
    const writes = incoming.method === 'PUT' || incoming.method === 'POST';
    if (fault === 'away') {
      this.hurt++;
      incoming.socket.destroy();
    } else if (fault === 'error') this.#refuse(incoming, outgoing, { status: 503, code: 'SlowDown' });
    else if (fault === 'full' && writes) this.#refuse(incoming, outgoing, { status: 507, code: 'XMinioStorageFull' });
    else if (fault === 'slow') {
      this.hurt++;
      setTimeout(() => this.#forward(incoming, outgoing), slowMs);
    } else this.#forward(incoming, outgoing);
  }

  #refuse(incoming: IncomingMessage, outgoing: ServerResponse, how: { status: number; code: string }): void {
    this.hurt++;
    incoming.resume();
    incoming.once('end', () => {
      outgoing.writeHead(how.status, { 'content-type': 'application/xml' }).end(errorXml(how.code));
    });
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { hostname: host, port } = this.target;
    const { method, url: path, headers } = incoming;
    const onward = request({ host, port, method, path, headers, createConnection: () => connect(Number(port), host) });
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      const length = Number(answer.headers['content-length'] ?? 0);
      if (this.fault === 'cut' && method === 'GET' && length > 0 && this.#answers++ % 2 === 0) {
        this.hurt++;
        answer.once('data', (chunk: Buffer) => {
          outgoing.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => outgoing.destroy());
          onward.destroy();
        });
      } else answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  }
}
