import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A delivery as it arrived. */
export interface Received {
  readonly path: string;
  readonly id: string;
  readonly seconds: string;
  readonly signature: string;
  readonly body: string;
  readonly event: { id: string; type: string; timestamp: string; data: Record<string, unknown> };
  readonly status: number | 'hangs';
}

/** What the receiver answers. */
export interface Answering {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An endpoint of a portal, over real HTTP: records what comes and answers as it is told. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  /** What is answered; 'hang': nothing. */
  answer: (delivery: Omit<Received, 'status'>) => Answering | 'hang' = () => ({ status: 204 });
  private constructor(private readonly server: Server) {}

  static async start(port = 0): Promise<WebhookReceiver> {
    const server = createServer();
    const receiver = new WebhookReceiver(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void receiver.take(request, response);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Those that were answered 2xx. */
  get accepted(): Received[] {
    return this.received.filter(({ status }) => typeof status === 'number' && status < 300);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const header = (name: string): string => String(request.headers[name] ?? '');
    const delivery = {
      path: request.url ?? '',
      id: header('webhook-id'),
      seconds: header('webhook-timestamp'),
      signature: header('webhook-signature'),
      body,
      event: JSON.parse(body) as Received['event'],
    };
    const answer = this.answer(delivery);
    this.received.push({ ...delivery, status: answer === 'hang' ? 'hangs' : answer.status });
    if (answer === 'hang') return;
    response.writeHead(answer.status, answer.headers).end('whatever');
  }
}

/** Standard Webhooks, v1a, written from the text of the standard and not from our code. */
export function isSignedBy(jwk: { kty: string; crv: string; x: string }, delivery: Received): boolean {
  const key: KeyObject = createPublicKey({ key: jwk, format: 'jwk' });
  const message = Buffer.from(`${delivery.id}.${delivery.seconds}.${delivery.body}`);
  return delivery.signature.split(' ').some((part) => {
    const [version, base64 = ''] = part.split(',');
    return version === 'v1a' && verify(null, message, key, Buffer.from(base64, 'base64'));
  });
}
