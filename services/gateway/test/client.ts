import { problemSchema, type Problem } from '@kyso/contracts';
import type { z } from 'zod';

/** What a test sends besides the method and the path. */
export interface Sent {
  readonly key?: string | undefined;
  readonly json?: unknown;
  readonly pdf?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The body, which must be what the schema says. */
  json<S extends z.ZodType>(schema: S): z.infer<S>;
  readonly text: string;
  problem(): Problem;
}

/** A caller over real HTTP. */
export async function call(baseUrl: string, line: string, sent: Sent = {}): Promise<Answer> {
  const [method = 'GET', path = '/'] = line.split(' ');
  const body = sent.pdf ?? (sent.json === undefined ? undefined : JSON.stringify(sent.json));
  const response = await fetch(new URL(path, baseUrl), {
    method,
    headers: {
      ...(sent.key === undefined ? {} : { authorization: `Bearer ${sent.key}` }),
      ...(sent.pdf === undefined ? {} : { 'content-type': 'application/pdf' }),
      ...(sent.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...sent.headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString('utf8');
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    text,
    json: (schema) => schema.parse(JSON.parse(text)),
    problem: () => {
      const mediaType = response.headers.get('content-type') ?? '';
      if (!mediaType.startsWith('application/problem+json')) throw new Error(`${response.status} ${mediaType}`);
      return problemSchema.parse(JSON.parse(text));
    },
  };
}
