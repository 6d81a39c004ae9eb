import { createInflateRaw, constants, inflateSync } from 'node:zlib';
import { limitExceeded } from '../limits.js';
import { damaged } from '../syntax/parser.js';
import { Dictionary, isName, Name, PdfArray, type PdfValue } from '../syntax/values.js';
import { decodeAscii85, decodeAsciiHex, decodeLzw, decodeRunLength } from './byte-filters.js';
import { undoPredictor } from './predictors.js';

/** How a stream's filters are undone. */
export interface Decoding {
  readonly maxInflatedBytes: number;
  /**
   * Called where deflated data has an error; what stands before it is taken then, as viewers do. Absent, it is refused, as
   * everywhere but in a file that is repaired.
   */
  readonly tolerance: (() => void) | undefined;
}

/** The short names of inline images (ISO 32000-2, table 92): readers take them everywhere. */
const shortNames = new Map([
  ['AHx', 'ASCIIHexDecode'],
  ['A85', 'ASCII85Decode'],
  ['LZW', 'LZWDecode'],
  ['Fl', 'FlateDecode'],
  ['RL', 'RunLengthDecode'],
]);
/** More filters than this on one stream are an attack on memory: each may expand what the one before gave. */
const maxFilters = 8;

/**
 * Stream data without its filters (ISO 32000-2, 7.4): those of cross-reference streams and object streams, so none of
 * images. `dictionary` must hold /Filter and /DecodeParms directly. Throws PdfError DAMAGED or LIMIT_EXCEEDED.
 */
export async function decodeStream(dictionary: Dictionary, stored: Buffer, decoding: Decoding): Promise<Buffer> {
  const filters = asList(dictionary.get('Filter'));
  const parameters = asList(dictionary.get('DecodeParms'));
  if (filters.length > maxFilters) {
    throw limitExceeded(`at most ${maxFilters} filters on a stream`, filters.length);
  }
  let data = stored;
  for (const [index, filter] of filters.entries()) {
    if (index === 0 && isName(filter, 'Crypt')) {
      // The encryption is undone already (ISO 32000-2, 7.4.10).
      continue;
    }
    if (!(filter instanceof Name)) {
      throw damaged('filters that are names', 'something else');
    }
    data = await undo(shortNames.get(filter.value) ?? filter.value, { data, parameters: parameters[index] }, decoding);
  }
  return data;
}

function asList(value: PdfValue | undefined): readonly PdfValue[] {
  if (value === undefined || value === null) {
    return [];
  }
  return value instanceof PdfArray ? value.items : [value];
}

async function undo(
  filter: string,
  { data, parameters }: { readonly data: Buffer; readonly parameters: PdfValue | undefined },
  decoding: Decoding,
): Promise<Buffer> {
  const { maxInflatedBytes } = decoding;
  switch (filter) {
    case 'FlateDecode':
      return undoPredictor(await inflate(data, decoding), parameters);
    case 'LZWDecode':
      return undoPredictor(decodeLzw(data, earlyChange(parameters), maxInflatedBytes), parameters);
    case 'ASCIIHexDecode':
      return decodeAsciiHex(data);
    case 'ASCII85Decode':
      return decodeAscii85(data);
    case 'RunLengthDecode':
      return decodeRunLength(data, maxInflatedBytes);
    default:
      throw damaged('a filter of ISO 32000-2 for bytes', `the filter ${filter}`);
  }
}

function earlyChange(parameters: PdfValue | undefined): number {
  return parameters instanceof Dictionary && parameters.get('EarlyChange') === 0 ? 0 : 1;
}

async function inflate(data: Buffer, { maxInflatedBytes, tolerance }: Decoding): Promise<Buffer> {
  try {
    return inflateSync(data, { maxOutputLength: maxInflatedBytes });
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'other data';
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw limitExceeded(`at most ${maxInflatedBytes} bytes inflated`, 'more');
    }
    const found = tolerance === undefined ? undefined : await inflateToTheError(data, maxInflatedBytes);
    if (found === undefined || found.length === 0) {
      throw damaged('deflated data', code);
    }
    tolerance?.();
    return found;
  }
}

/** What comes before an error is given for each piece: the smaller they are, the less is lost with the last one. */
const pieceBytes = 512;

/** Without the header and the checksum (RFC 1950), which say nothing about the bytes in front of the error. */
function inflateToTheError(data: Buffer, maxInflatedBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const inflater = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
    const parts: Buffer[] = [];
    let length = 0;
    inflater.on('data', (part: Buffer) => {
      parts.push(part);
      length += part.length;
      if (length > maxInflatedBytes) {
        inflater.destroy();
        reject(limitExceeded(`at most ${maxInflatedBytes} bytes inflated`, 'more'));
      }
    });
    const end = (): void => resolve(Buffer.concat(parts));
    inflater.on('end', end);
    inflater.on('error', end);
    for (let at = 2; at < data.length; at += pieceBytes) {
      inflater.write(data.subarray(at, at + pieceBytes));
    }
    inflater.end();
  });
}
