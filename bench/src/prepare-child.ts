import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { open, readdir, readFile, type FileHandle } from 'node:fs/promises';
import {
  bufferSource,
  digestPrepared,
  fileSource,
  PdfDocument,
  PdfError,
  prepareSignature,
  type ByteSource,
  type Prepared,
} from '@kyso/pdf';
import { median } from './figures.js';

/**
 * One measurement in a process of its own, since peak memory belongs to a process.
 * Arguments: `empty`, or `hash FILE ROUNDS`, `prepare FILE ROUNDS [IMAGE]`, `hot FILE ROUNDS [IMAGE]`. Prints
 * { ms, peakRssKiB }; `many FOLDER FILES` prints what it keeps in memory (see `prepareMany`). `hot` is
 * opening and preparing alone, without reading a small file as a whole and without the digest, when the code has been
 * compiled: as in a server that runs.
 */
const [mode = '', file = '', rounds = '1', image] = process.argv.slice(2);

async function hashOnce(handle: FileHandle): Promise<void> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
  }
  hash.digest();
}

/** As the signer opens a stored document (`openObjectSource`): whole up to 8 MiB, else by ranges. */
const wholeBelowBytes = 8 * 1024 * 1024;
/** Runs of `hot` before the first that counts, and those that count for each round. */
const hotWarmUps = 400;
const hotPerRound = 20;

async function openSource(handle: FileHandle, size: number): Promise<ByteSource> {
  if (size > wholeBelowBytes) return fileSource(handle, size);
  const bytes = Buffer.allocUnsafe(size);
  await handle.read(bytes, 0, size, 0);
  return bufferSource(bytes);
}

async function prepareOnce(source: ByteSource, imagePng: Uint8Array | undefined): Promise<Prepared> {
  const document = await PdfDocument.open(source);
  return prepareSignature(document, {
    fieldName: 'Signature1',
    reservedBytes: 8_192,
    signingTime: new Date(),
    visible: {
      pageIndex: 0,
      rectangle: { xPt: 300, yPt: 100, widthPt: 200, heightPt: 100 },
      appearance: {
        lines: ['Người ký: Nguyễn Văn An', 'Cơ quan: Uỷ ban nhân dân tỉnh Hưng Yên'],
        fontSizePt: 10,
        ...(imagePng === undefined ? {} : { imagePng }),
      },
    },
  });
}

/** Heap after a full collection, and what the process holds of the machine's memory. */
function memory(): { heapMiB: number; rssMiB: number } {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heapMiB: heapUsed / 1_048_576, rssMiB: rss / 1_048_576 };
}

/**
 * Prepares and digests `files` times a PDF of the folder, round and round. Memory after a tenth of them, when everything is
 * compiled, and after all: a server that keeps something of each document grows between the two.
 */
async function prepareMany(folder: string, files: number): Promise<Record<string, unknown>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && /\.pdf$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  let refused = 0;
  let early = memory();
  for (let count = 1; count <= files; count++) {
    const handle = await open(paths[count % paths.length] ?? '', 'r');
    try {
      const source = await openSource(handle, (await handle.stat()).size);
      await digestPrepared(source, await prepareOnce(source, undefined), 'sha256');
    } catch (error) {
      if (!(error instanceof PdfError)) throw error;
      refused += 1;
    } finally {
      await handle.close();
    }
    if (count === Math.ceil(files / 10)) early = memory();
  }
  const late = memory();
  return { files, distinct: paths.length, refused, early, late };
}

const times: number[] = [];
if (mode === 'many') {
  process.stdout.write(JSON.stringify(await prepareMany(file, Number(rounds))));
} else if (mode !== 'empty') {
  const imagePng = image === undefined ? undefined : await readFile(image);
  const warmUps = mode === 'hot' ? hotWarmUps : 1;
  const counted = mode === 'hot' ? Number(rounds) * hotPerRound : Number(rounds);
  for (let round = 0; round < warmUps + counted; round++) {
    const handle = await open(file, 'r');
    const { size } = await handle.stat();
    let start = performance.now();
    if (mode === 'hash') await hashOnce(handle);
    else {
      const source = await openSource(handle, size);
      // What is read as a whole is read for the digest; of larger files the parts that preparing wants are counted.
      if (mode === 'hot') start = performance.now();
      const prepared = await prepareOnce(source, imagePng);
      if (mode === 'prepare') await digestPrepared(source, prepared, 'sha256');
    }
    if (round >= warmUps) times.push(performance.now() - start);
    await handle.close();
  }
}
if (mode !== 'many')
  process.stdout.write(JSON.stringify({ ms: median(times), peakRssKiB: process.resourceUsage().maxRSS }));
