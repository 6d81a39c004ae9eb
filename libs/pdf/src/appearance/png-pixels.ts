import { inflateSync } from 'node:zlib';
import { imageInvalid } from '../errors.js';
import { readChunks } from './png-chunks.js';
import type { PngChunks } from './png-chunks.js';
import { adam7, type Pass } from './png-format.js';

/** A decoded image, 8 bits a sample, top row first. */
export interface Pixels {
  readonly widthPx: number;
  readonly heightPx: number;
  /** 1: grey. 3: RGB. */
  readonly channels: 1 | 3;
  readonly colour: Uint8Array;
  /** One byte a pixel, 255 opaque; absent when every pixel is opaque. */
  readonly alpha: Uint8Array | undefined;
}

const singlePass: readonly Pass[] = [{ x: 0, y: 0, xStep: 1, yStep: 1 }];

/**
 * Decodes a PNG of any colour type, depth and interlacing; 16-bit samples are rounded to 8. Colour is taken as sRGB.
 *
 * @throws PdfError `IMAGE_INVALID`
 */
export function decodePng(png: Uint8Array): Pixels {
  const chunks = readChunks(png);
  const { widthPx, heightPx } = chunks;
  const passes = chunks.interlaced ? adam7 : singlePass;
  const data = inflate(chunks, passes);
  const channels = chunks.colourType === 0 || chunks.colourType === 4 ? 1 : 3;
  const colour = new Uint8Array(widthPx * heightPx * channels);
  const alpha = new Uint8Array(widthPx * heightPx);
  const putLine = lineWriter(chunks, colour, alpha);

  let offset = 0;
  for (const pass of passes) {
    const { columns, rows, rowBytes } = passSize(chunks, pass);
    const samples = new Uint16Array(columns * chunks.channels);
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let row = 0; row < rows; row++) {
      const line = data.subarray(offset + 1, offset + 1 + rowBytes);
      unfilter(data[offset] ?? 0, line, above, Math.max(1, (chunks.channels * chunks.depth) >> 3));
      readSamples(line, chunks.depth, samples);
      putLine(samples, (pass.y + row * pass.yStep) * widthPx + pass.x, pass.xStep);
      above = line;
      offset += 1 + rowBytes;
    }
  }
  return { widthPx, heightPx, channels, colour, alpha: alpha.every((value) => value === 255) ? undefined : alpha };
}

function passSize({ widthPx, heightPx, channels, depth }: PngChunks, pass: Pass) {
  const columns = Math.ceil((widthPx - pass.x) / pass.xStep);
  // A pass without columns has no lines either, not even their filter bytes.
  const rows = columns <= 0 ? 0 : Math.max(0, Math.ceil((heightPx - pass.y) / pass.yStep));
  return { columns: Math.max(0, columns), rows, rowBytes: Math.ceil((Math.max(0, columns) * channels * depth) / 8) };
}

/** Inflates to exactly what IHDR promises: a stream that holds more is a bomb or damaged, and stops there. */
function inflate(chunks: PngChunks, passes: readonly Pass[]): Uint8Array {
  let expectedBytes = 0;
  for (const pass of passes) {
    const { rows, rowBytes } = passSize(chunks, pass);
    expectedBytes += rows * (1 + rowBytes);
  }
  let data: Uint8Array;
  try {
    data = inflateSync(Buffer.concat(chunks.imageData), { maxOutputLength: expectedBytes });
  } catch (error) {
    throw imageInvalid(
      `image data that inflates to ${expectedBytes} bytes`,
      (error as NodeJS.ErrnoException).code ?? '',
    );
  }
  if (data.length !== expectedBytes) throw imageInvalid(`${expectedBytes} bytes of image data`, `${data.length}`);
  return data;
}

/** Undoes the filter of one line in place (PNG, 9.2). `step`: bytes from a sample to the same sample of the next pixel. */
export function unfilter(filter: number, line: Uint8Array, above: Uint8Array, step: number): void {
  const length = line.length;
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let i = step; i < length; i++) line[i] = line[i]! + line[i - step]!;
      return;
    case 2:
      for (let i = 0; i < length; i++) line[i] = line[i]! + above[i]!;
      return;
    case 3:
      for (let i = 0; i < length; i++) line[i] = line[i]! + (((i < step ? 0 : line[i - step]!) + above[i]!) >> 1);
      return;
    case 4:
      for (let i = 0; i < length; i++) {
        line[i] = line[i]! + (i < step ? above[i]! : paeth(line[i - step]!, above[i]!, above[i - step]!));
      }
      return;
    default:
      throw imageInvalid('a line filter from 0 to 4', String(filter));
  }
}

/** PNG, 9.4: whichever of left, above and upper left is nearest to left + above − upper left. */
export function paeth(left: number, above: number, upperLeft: number): number {
  const toLeft = Math.abs(above - upperLeft);
  const toAbove = Math.abs(left - upperLeft);
  const toUpperLeft = Math.abs(left + above - 2 * upperLeft);
  if (toLeft <= toAbove && toLeft <= toUpperLeft) return left;
  return toAbove <= toUpperLeft ? above : upperLeft;
}

/** Samples of one line as stored: 1, 2, 4 bits from the left of each byte, 16 bits big-endian. */
function readSamples(line: Uint8Array, depth: number, samples: Uint16Array): void {
  if (depth === 8) {
    samples.set(line);
  } else if (depth === 16) {
    for (let i = 0; i < samples.length; i++) samples[i] = (line[2 * i]! << 8) | line[2 * i + 1]!;
  } else {
    const perByte = 8 / depth;
    const mask = 2 ** depth - 1;
    for (let i = 0; i < samples.length; i++) {
      samples[i] = (line[Math.floor(i / perByte)]! >> (8 - depth * ((i % perByte) + 1))) & mask;
    }
  }
}

/** Puts the samples of a line to every `xStep`-th pixel from `pixel` on. A whole line at once: a call a pixel costs seconds. */
type LineWriter = (samples: Uint16Array, pixel: number, xStep: number) => void;

/** How pixels of this colour type become colour and alpha. */
function lineWriter(chunks: PngChunks, colour: Uint8Array, alpha: Uint8Array): LineWriter {
  if (chunks.colourType === 3) return paletteLineWriter(chunks, colour, alpha);
  if (chunks.colourType === 0 || chunks.colourType === 2) return opaqueLineWriter(chunks, colour, alpha);
  const toByte = byteScale(chunks.depth);
  const colours = chunks.channels - 1;
  return (samples, firstPixel, xStep) => {
    let sample = 0;
    for (let pixel = firstPixel; sample < samples.length; pixel += xStep) {
      const target = pixel * colours;
      for (let c = 0; c < colours; c++) colour[target + c] = toByte[samples[sample++]!]!;
      alpha[pixel] = toByte[samples[sample++]!]!;
    }
  };
}

/** Greyscale and RGB; tRNS names the one colour that is transparent, at the depth of the file (PNG, tRNS). */
function opaqueLineWriter(chunks: PngChunks, colour: Uint8Array, alpha: Uint8Array): LineWriter {
  const { channels, transparency } = chunks;
  const toByte = byteScale(chunks.depth);
  const key = Array.from({ length: channels }, (_, c) =>
    transparency === undefined
      ? -1
      : ((transparency[2 * c]! << 8) | transparency[2 * c + 1]!) & (2 ** chunks.depth - 1),
  );
  return (samples, firstPixel, xStep) => {
    let sample = 0;
    for (let pixel = firstPixel; sample < samples.length; pixel += xStep) {
      let matches = 0;
      for (let c = 0; c < channels; c++) {
        const value = samples[sample++]!;
        if (value === key[c]) matches++;
        colour[pixel * channels + c] = toByte[value]!;
      }
      alpha[pixel] = matches === channels ? 0 : 255;
    }
  };
}

function paletteLineWriter(chunks: PngChunks, colour: Uint8Array, alpha: Uint8Array): LineWriter {
  const palette = chunks.palette ?? new Uint8Array();
  const { transparency } = chunks;
  return (samples, firstPixel, xStep) => {
    let pixel = firstPixel;
    for (const index of samples) {
      if (3 * index >= palette.length) throw imageInvalid(`a palette index below ${palette.length / 3}`, String(index));
      for (let c = 0; c < 3; c++) colour[3 * pixel + c] = palette[3 * index + c]!;
      alpha[pixel] = transparency?.[index] ?? 255;
      pixel += xStep;
    }
  };
}

/** The 8-bit value of each sample of `depth` bits (PNG, "Sample depth rescaling"). */
function byteScale(depth: number): Uint8Array {
  const most = 2 ** depth - 1;
  return Uint8Array.from({ length: most + 1 }, (_, value) => Math.round((value * 255) / most));
}
