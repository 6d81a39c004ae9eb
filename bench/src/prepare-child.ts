import { createHash } from 'node:crypto';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { digestPrepared, fileSource, PdfDocument, prepareSignature } from '@kyso/pdf';
import { median } from './figures.js';

/**
 * One measurement in a process of its own, since peak memory belongs to a process.
 * Arguments: `empty`, or `hash FILE ROUNDS`, or `prepare FILE ROUNDS [IMAGE]`. Prints { ms, peakRssKiB }.
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

async function prepareOnce(handle: FileHandle, size: number, imagePng: Uint8Array | undefined): Promise<void> {
  const source = fileSource(handle, size);
  const document = await PdfDocument.open(source);
  const prepared = await prepareSignature(document, {
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
  await digestPrepared(source, prepared, 'sha256');
}

const times: number[] = [];
if (mode !== 'empty') {
  const imagePng = image === undefined ? undefined : await readFile(image);
  for (let round = 0; round <= Number(rounds); round++) {
    const handle = await open(file, 'r');
    const { size } = await handle.stat();
    const start = performance.now();
    if (mode === 'hash') await hashOnce(handle);
    else await prepareOnce(handle, size, imagePng);
    if (round > 0) times.push(performance.now() - start); // the first round warms up
    await handle.close();
  }
}
process.stdout.write(JSON.stringify({ ms: median(times), peakRssKiB: process.resourceUsage().maxRSS }));
