import { inflateSync } from 'node:zlib';
import { limitExceeded } from '../limits.js';
import { damaged } from '../syntax/parser.js';
import {
  type Dictionary,
  isName,
  Name,
  PdfArray,
  type PdfValue,
  Dictionary as DictionaryClass,
} from '../syntax/values.js';

/**
 * Stream data without its filters (ISO 32000-2, 7.4). Only FlateDecode with PNG predictors is undone: what is decoded
 * here are cross-reference streams, object streams and evidence, and no producer in use writes those otherwise.
 * `dictionary` must hold /Filter and /DecodeParms directly. Throws PdfError DAMAGED or LIMIT_EXCEEDED.
 */
export function decodeStream(dictionary: Dictionary, stored: Buffer, maxInflatedBytes: number): Buffer {
  const filters = asList(dictionary.get('Filter'));
  const parameters = asList(dictionary.get('DecodeParms'));
  let data = stored;
  for (const [index, filter] of filters.entries()) {
    if (index === 0 && isName(filter, 'Crypt')) {
      // The encryption is undone already (ISO 32000-2, 7.4.10).
      continue;
    }
    if (!(filter instanceof Name) || filter.value !== 'FlateDecode') {
      throw damaged('FlateDecode', filter instanceof Name ? `the filter ${filter.value}` : 'a filter that is no name');
    }
    data = undoPredictor(inflate(data, maxInflatedBytes), parameters[index]);
  }
  return data;
}

function asList(value: PdfValue | undefined): readonly PdfValue[] {
  if (value === undefined || value === null) {
    return [];
  }
  return value instanceof PdfArray ? value.items : [value];
}

function inflate(data: Buffer, maxOutputLength: number): Buffer {
  try {
    return inflateSync(data, { maxOutputLength });
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'other data';
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw limitExceeded(`at most ${maxOutputLength} bytes inflated`, 'more');
    }
    throw damaged('deflated data', code);
  }
}

/** ISO 32000-2, 7.4.4.4, PNG predictors (RFC 2083, 6). */
function undoPredictor(data: Buffer, parameters: PdfValue | undefined): Buffer {
  if (!(parameters instanceof DictionaryClass)) {
    return data;
  }
  const predictor = positive(parameters, 'Predictor', 1);
  if (predictor === 1) {
    return data;
  }
  if (predictor < 10) {
    throw damaged('no predictor or a PNG predictor', `predictor ${predictor}`);
  }
  const bitsPerPixel = positive(parameters, 'Colors', 1) * positive(parameters, 'BitsPerComponent', 8);
  const rowBytes = Math.ceil((bitsPerPixel * positive(parameters, 'Columns', 1)) / 8);
  const pixelBytes = Math.ceil(bitsPerPixel / 8);
  const rows = Math.floor(data.length / (rowBytes + 1));
  const output = Buffer.alloc(rows * rowBytes);
  for (let row = 0; row < rows; row += 1) {
    const from = row * (rowBytes + 1);
    undoRow(data.subarray(from, from + rowBytes + 1), { output, at: row * rowBytes, pixelBytes });
  }
  return output;
}

function positive(parameters: Dictionary, key: string, fallback: number): number {
  const value = parameters.get(key) ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 1_000_000) {
    throw damaged(`a positive integer as /${key}`, 'something else');
  }
  return value;
}

/** `row` is the tag and the filtered bytes; the row above stands in `output` just before `at`. */
function undoRow(row: Buffer, to: { output: Buffer; at: number; pixelBytes: number }): void {
  const { output, at, pixelBytes } = to;
  const tag = row[0] ?? 0;
  const rowBytes = row.length - 1;
  for (let index = 0; index < rowBytes; index += 1) {
    const left = index >= pixelBytes ? (output[at + index - pixelBytes] ?? 0) : 0;
    const up = at > 0 ? (output[at - rowBytes + index] ?? 0) : 0;
    const upLeft = at > 0 && index >= pixelBytes ? (output[at - rowBytes + index - pixelBytes] ?? 0) : 0;
    output[at + index] = (row[index + 1] ?? 0) + prediction(tag, left, up, upLeft);
  }
}

function prediction(tag: number, left: number, up: number, upLeft: number): number {
  switch (tag) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const estimate = left + up - upLeft;
      const toLeft = Math.abs(estimate - left);
      const toUp = Math.abs(estimate - up);
      const toUpLeft = Math.abs(estimate - upLeft);
      return toLeft <= toUp && toLeft <= toUpLeft ? left : toUp <= toUpLeft ? up : upLeft;
    }
    default:
      throw damaged('a PNG predictor from 0 to 4', String(tag));
  }
}
