import { serveIsolated } from '../isolated/serve.js';
import { PdfError } from '../errors.js';
import { readImage } from './read-image.js';
import type { ImageReading } from './read-image.js';

/** One after the other: a hostile one takes no more memory than it would alone. */
serveIsolated(async ({ sources }) => {
  const readings: ImageReading[] = [];
  for (const source of sources) {
    try {
      readings.push(await readImage(source));
    } catch (error) {
      if (!(error instanceof PdfError)) throw error;
      readings.push({ code: error.code, expected: error.expected, found: error.found });
    }
  }
  return readings;
});
