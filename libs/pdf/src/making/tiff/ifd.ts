import { imageInvalid } from '../../errors.js';
import type { ByteSource } from '../../byte-source.js';
import { type ScanLimits } from '../limits.js';
import { readExactly } from '../streams.js';

/** Bytes of one value by its type (TIFF 6.0, section 2; 13 and 16 to 18 as BigTIFF has them). */
const typeBytes: Readonly<Record<number, number>> = {
  1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
}; // prettier-ignore

/** A colour profile and the quantisation tables are the biggest values; strip offsets have a limit of their own. */
const maxValueBytes = 4 * 1024 * 1024;

interface Entry {
  readonly type: number;
  readonly count: number;
  /** Where the values are. */
  readonly offset: number;
}

/** The form of a TIFF file: byte order, and whether offsets have 8 bytes (BigTIFF). */
export interface TiffForm {
  readonly littleEndian: boolean;
  readonly big: boolean;
}

/** The entries of one directory; values are read when they are asked for. */
export class Tags {
  constructor(
    private readonly source: ByteSource,
    readonly form: TiffForm,
    private readonly entries: ReadonlyMap<number, Entry>,
  ) {}

  has(tag: number): boolean {
    return this.entries.has(tag);
  }

  /** The numbers of a tag, fractions as quotients; undefined where there is none. Throws PdfError IMAGE_INVALID. */
  async numbers(tag: number, maxCount = 4096): Promise<number[] | undefined> {
    const entry = this.entries.get(tag);
    if (entry === undefined) return undefined;
    if (entry.count > maxCount) throw imageInvalid(`at most ${maxCount} values of tag ${tag}`, `${entry.count}`);
    const size = typeBytes[entry.type] ?? 0;
    if (size === 0) throw imageInvalid(`a known type of tag ${tag}`, `${entry.type}`);
    const data = await readExactly(this.source, entry.offset, entry.count * size);
    return Array.from({ length: entry.count }, (_, index) => this.value(data, entry.type, index * size));
  }

  /** The first number of a tag. */
  async number(tag: number): Promise<number | undefined> {
    return (await this.numbers(tag))?.[0];
  }

  /** The bytes of a tag as they are. */
  async bytes(tag: number): Promise<Buffer | undefined> {
    const entry = this.entries.get(tag);
    if (entry === undefined) return undefined;
    const length = entry.count * (typeBytes[entry.type] ?? 1);
    if (length > maxValueBytes) throw imageInvalid(`at most ${maxValueBytes} bytes of tag ${tag}`, `${length}`);
    return readExactly(this.source, entry.offset, length);
  }

  private value(data: Buffer, type: number, at: number): number {
    const little = this.form.littleEndian;
    switch (type) {
      case 3:
        return little ? data.readUInt16LE(at) : data.readUInt16BE(at);
      case 4:
      case 13:
        return little ? data.readUInt32LE(at) : data.readUInt32BE(at);
      case 5:
        return this.value(data, 4, at) / this.value(data, 4, at + 4);
      case 8:
        return little ? data.readInt16LE(at) : data.readInt16BE(at);
      case 9:
        return little ? data.readInt32LE(at) : data.readInt32BE(at);
      case 10:
        return this.value(data, 9, at) / this.value(data, 9, at + 4);
      case 11:
        return little ? data.readFloatLE(at) : data.readFloatBE(at);
      case 12:
        return little ? data.readDoubleLE(at) : data.readDoubleBE(at);
      case 16:
      case 17:
      case 18:
        return Number(little ? data.readBigUInt64LE(at) : data.readBigUInt64BE(at));
      default:
        return data[at]!;
    }
  }
}

/** One image file directory and where the next one lies; 0: there is none. */
export interface Ifd {
  readonly tags: Tags;
  readonly nextOffset: number;
}

/**
 * Reads the directory at `offset`, or the first one (TIFF 6.0, section 2; also EXIF data).
 * Throws PdfError IMAGE_INVALID.
 */
export async function readIfd(source: ByteSource, offset: number | undefined, limits: ScanLimits): Promise<Ifd> {
  const { form, firstOffset } = await readHeader(source);
  const start = offset ?? firstOffset;
  const order = form.littleEndian ? 'LE' : 'BE';
  const [countBytes, entryBytes, pointerBytes] = form.big ? [8, 20, 8] : [2, 12, 4];
  const pointer = (data: Buffer, at: number): number =>
    form.big ? Number(data[`readBigUInt64${order}`](at)) : data[`readUInt32${order}`](at);
  const head = await readExactly(source, start, countBytes);
  const count = form.big ? pointer(head, 0) : head[`readUInt16${order}`](0);
  if (count === 0 || count > limits.maxEntries) {
    throw imageInvalid(`a directory of 1 to ${limits.maxEntries} entries`, `${count} at ${start}`);
  }
  const table = await readExactly(source, start + countBytes, count * entryBytes + pointerBytes);
  const entries = new Map<number, Entry>();
  for (let at = 0; at < count * entryBytes; at += entryBytes) {
    const type = table[`readUInt16${order}`](at + 2);
    const valueCount = pointer(table, at + 4);
    const inline = valueCount * (typeBytes[type] ?? 1) <= pointerBytes;
    const valueAt = at + 4 + pointerBytes;
    const valueOffset = inline ? start + countBytes + valueAt : pointer(table, valueAt);
    entries.set(table[`readUInt16${order}`](at), { type, count: valueCount, offset: valueOffset });
  }
  return { tags: new Tags(source, form, entries), nextOffset: pointer(table, count * entryBytes) };
}

async function readHeader(source: ByteSource): Promise<{ form: TiffForm; firstOffset: number }> {
  const head = await readExactly(source, 0, 8);
  const order = head.toString('latin1', 0, 2);
  const littleEndian = order === 'II';
  if (!littleEndian && order !== 'MM') throw imageInvalid('a TIFF', 'other bytes');
  const version = littleEndian ? head.readUInt16LE(2) : head.readUInt16BE(2);
  if (version === 42) {
    const firstOffset = littleEndian ? head.readUInt32LE(4) : head.readUInt32BE(4);
    return { form: { littleEndian, big: false }, firstOffset };
  }
  if (version !== 43) throw imageInvalid('version 42 or 43 of TIFF', `${version}`);
  const more = await readExactly(source, 8, 8);
  const firstOffset = Number(littleEndian ? more.readBigUInt64LE(0) : more.readBigUInt64BE(0));
  return { form: { littleEndian, big: true }, firstOffset };
}
