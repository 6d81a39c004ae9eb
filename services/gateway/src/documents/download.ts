import type { Readable } from 'node:stream';
import { objectKeys, SigningError, type DocumentRecord, type DocumentVersion } from '@kyso/contracts';
import type { ObjectStore } from '@kyso/storage';
import { matchesTag, parseRange, rangeStillMeans, type ByteRange } from './byte-range.js';
import { contentDisposition, downloadName } from './content-disposition.js';

/** The request headers that decide what is sent. */
export interface DownloadConditions {
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/** An answer to be sent: status, headers, and the bytes of the file, if any are due. */
export interface DownloadAnswer {
  readonly status: 200 | 206 | 304 | 416;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes?: ByteRange;
}

/** Decides how a version is answered (RFC 9110, 13 and 14): whole, one range, not modified, or outside the file. */
export function describeDownload(
  record: DocumentRecord,
  version: DocumentVersion,
  conditions: DownloadConditions,
): DownloadAnswer {
  const size = version.sizeBytes;
  const etag = `"${version.sha256}"`;
  const validators = { etag, 'cache-control': 'private, no-cache' };
  if (matchesTag(conditions.ifNoneMatch, etag)) return { status: 304, headers: validators };
  const range = rangeStillMeans(conditions.ifRange, etag) ? parseRange(conditions.range, size) : 'whole';
  if (range === 'unsatisfiable') return { status: 416, headers: { 'content-range': `bytes */${size}` } };
  const bytes = range === 'whole' ? { start: 0, end: size } : range;
  return {
    status: range === 'whole' ? 200 : 206,
    headers: {
      ...validators,
      'accept-ranges': 'bytes',
      'content-type': 'application/pdf',
      'content-length': String(bytes.end - bytes.start),
      'content-disposition': contentDisposition(downloadName(record.name, record.documentId, version.version)),
      // RFC 9530, 3: of the whole file, also with a range.
      'repr-digest': `sha-256=:${Buffer.from(version.sha256, 'hex').toString('base64')}:`,
      ...(range === 'whole' ? {} : { 'content-range': `bytes ${bytes.start}-${bytes.end - 1}/${size}` }),
    },
    bytes,
  };
}

/** Files up to this size are read in one piece: a stream for 200 kB costs more than the bytes. */
const inOnePieceBytes = 1_048_576;

/** The bytes of a version, in one piece or as a stream. Throws VERSION_UNKNOWN, STORE_UNAVAILABLE. */
export async function openVersion(
  store: ObjectStore,
  documentId: string,
  version: DocumentVersion,
  bytes: ByteRange,
): Promise<Uint8Array | Readable> {
  const key = objectKeys.version(documentId, version.version);
  if (version.sizeBytes <= inOnePieceBytes) {
    const whole = await store.get(key);
    if (whole !== undefined) return whole.subarray(bytes.start, bytes.end);
  } else {
    const stream = await store.openRead(key, bytes);
    if (stream !== undefined) return stream;
  }
  throw new SigningError('VERSION_UNKNOWN', { found: `a version without its file` });
}
