import { readText, drain, type S3Connection } from './s3-connection.js';
import type { ObjectBody } from './object-store.js';

/** Bytes of a part, and of the only buffer that an upload needs. S3 wants at least 5 MiB and at most 10,000 parts: 80 GB. */
export const partBytes = 8_388_608;

/** S3's least size of a part that isn't the last: 5 MiB. */
export const minPartBytes = 5_242_880;
/**
 * Most bytes of a part that the server copies. S3 allows 5 GiB, but sends nothing while it copies, and we wait for a byte only so
 * long.
 */
export const maxCopyBytes = 268_435_456;

/** The body cut into buffers of `partBytes`, the last one shorter; each is valid until the next is asked for. */
export async function* inParts(body: ObjectBody): AsyncGenerator<Buffer> {
  if (body instanceof Uint8Array) {
    for (let start = 0; start === 0 || start < body.byteLength; start += partBytes) {
      yield Buffer.from(body.buffer, body.byteOffset + start, Math.min(partBytes, body.byteLength - start));
    }
    return;
  }
  let part = Buffer.allocUnsafe(0);
  let filled = 0;
  let yielded = false;
  for await (const chunk of body) {
    for (let taken = 0; taken < chunk.byteLength;) {
      if (filled === part.length) {
        if (filled === partBytes) {
          yield part;
          yielded = true;
          filled = 0;
        } else {
          // Grows with the body, so that a small object doesn't cost 8 MiB.
          const larger = Buffer.allocUnsafe(Math.min(partBytes, Math.max(65_536, part.length * 4, chunk.byteLength)));
          part.copy(larger, 0, 0, filled);
          part = larger;
        }
      }
      const count = Math.min(part.length - filled, chunk.byteLength - taken);
      part.set(chunk.subarray(taken, taken + count), filled);
      filled += count;
      taken += count;
    }
  }
  if (filled > 0 || !yielded) yield part.subarray(0, filled);
}

/** A multipart upload: parts become an object only when it is completed. */
export class MultipartUpload {
  readonly #etags: string[] = [];

  private constructor(
    private readonly connection: S3Connection,
    private readonly key: string,
    private readonly uploadId: string,
  ) {}

  static async begin(
    connection: S3Connection,
    key: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<MultipartUpload> {
    const answer = await connection.send({ method: 'POST', key, query: 'uploads', headers, statuses: [200] });
    const uploadId = element(await readText(answer), 'UploadId');
    if (uploadId === undefined) throw new Error('expected an UploadId from the S3 server, found none');
    return new MultipartUpload(connection, key, uploadId);
  }

  async add(part: Buffer): Promise<void> {
    const answer = await this.connection.send({
      method: 'PUT',
      key: this.key,
      query: `partNumber=${this.#etags.length + 1}&uploadId=${encodeURIComponent(this.uploadId)}`,
      body: part,
      statuses: [200],
    });
    await drain(answer);
    this.#etags.push(answer.headers.etag ?? '');
  }

  /**
   * Adds bytes [start, end) of another object of the bucket as a part, copied by the server; the object must have the ETag. Throws
   * NotImplemented when the server doesn't know such parts (some take them for an empty one), PreconditionFailed for the ETag.
   */
  async addCopy(source: { readonly path: string; readonly etag: string }, start: number, end: number): Promise<void> {
    const answer = await this.connection.send({
      method: 'PUT',
      key: this.key,
      query: `partNumber=${this.#etags.length + 1}&uploadId=${encodeURIComponent(this.uploadId)}`,
      headers: {
        'x-amz-copy-source': source.path,
        'x-amz-copy-source-range': `bytes=${start}-${end - 1}`,
        'x-amz-copy-source-if-match': source.etag,
      },
      statuses: [200],
    });
    const body = await readText(answer);
    throwIfError(body);
    const etag = body.includes('<CopyPartResult') ? element(body, 'ETag') : undefined;
    if (etag === undefined) {
      throw Object.assign(new Error('expected a CopyPartResult, found none'), { code: 'NotImplemented' });
    }
    this.#etags.push(etag);
  }

  /** Sent once: what a lost answer means is for the caller to find out. */
  async complete(headers: Readonly<Record<string, string>>): Promise<void> {
    const parts = this.#etags.map(
      (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
    );
    const answer = await this.connection.once({
      method: 'POST',
      key: this.key,
      query: `uploadId=${encodeURIComponent(this.uploadId)}`,
      headers,
      body: Buffer.from(
        `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`,
      ),
      statuses: [200],
    });
    throwIfError(await readText(answer));
  }

  /** Frees the parts; best effort, since it is called when something failed already. */
  async abort(): Promise<void> {
    try {
      const query = `uploadId=${encodeURIComponent(this.uploadId)}`;
      await drain(await this.connection.send({ method: 'DELETE', key: this.key, query, statuses: [204, 404] }));
    } catch {
      // Invisible parts stay behind on a server that is gone; bucket life-cycle rules remove them.
    }
  }
}

/** S3 may say 200 first and find out later that it can't: then the body is an Error. */
function throwIfError(body: string): void {
  if (!body.includes('<Error>')) return;
  throw Object.assign(new Error(element(body, 'Message') ?? 'the request was not done'), {
    code: element(body, 'Code') ?? 'InternalError',
  });
}

/** Text of the first element of that name. The answers are small and flat; no parser is worth its attack surface here. */
function element(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  // Go's XML writer, behind several servers, says &#34; for a quotation mark.
  return found
    ?.replaceAll(/&quot;|&#34;|&#x22;/g, '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
