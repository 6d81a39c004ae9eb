import { damaged } from '../syntax/parser.js';
import { Dictionary, type PdfValue } from '../syntax/values.js';

/** ISO 32000-2, 7.4.4.4: PNG predictors (RFC 2083, 6) and that of TIFF for whole bytes. Throws PdfError DAMAGED. */
export function undoPredictor(data: Buffer, parameters: PdfValue | undefined): Buffer {
  if (!(parameters instanceof Dictionary)) {
    return data;
  }
  const predictor = positive(parameters, 'Predictor', 1);
  if (predictor === 1) {
    return data;
  }
  const bitsPerComponent = positive(parameters, 'BitsPerComponent', 8);
  const colors = positive(parameters, 'Colors', 1);
  const columns = positive(parameters, 'Columns', 1);
  if (predictor === 2 && bitsPerComponent === 8) {
    return undoTiff(data, colors * columns, colors);
  }
  if (predictor < 10) {
    throw damaged('no predictor or a PNG predictor', `predictor ${predictor}`);
  }
  return undoPng(
    data,
    Math.ceil((bitsPerComponent * colors * columns) / 8),
    Math.ceil((bitsPerComponent * colors) / 8),
  );
}

export function positive(parameters: Dictionary, key: string, fallback: number): number {
  const value = parameters.get(key) ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 1_000_000) {
    throw damaged(`a positive integer as /${key}`, 'something else');
  }
  return value;
}

function undoTiff(data: Buffer, rowBytes: number, pixelBytes: number): Buffer {
  const output = Buffer.from(data);
  for (let row = 0; row < output.length; row += rowBytes) {
    const end = Math.min(row + rowBytes, output.length);
    for (let at = row + pixelBytes; at < end; at += 1) {
      output[at] = (output[at] ?? 0) + (output[at - pixelBytes] ?? 0);
    }
  }
  return output;
}

function undoPng(data: Buffer, rowBytes: number, pixelBytes: number): Buffer {
  const rows = Math.floor(data.length / (rowBytes + 1));
  const output = Buffer.alloc(rows * rowBytes);
  for (let row = 0; row < rows; row += 1) {
    const from = row * (rowBytes + 1);
    undoRow(data.subarray(from, from + rowBytes + 1), { output, at: row * rowBytes, pixelBytes });
  }
  return output;
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
