import { PdfError } from '../errors.js';
import type { WindowReader } from '../reader/window.js';
import { asBuffer } from '../sources.js';
import { type Dictionary, isName } from '../syntax/values.js';
import type { FoundObject } from './found.js';
import type { Mending } from './mending.js';
import { newPatience, type Patience, regularText, tolerantDictionary } from './tolerant-parser.js';

/** A longer dictionary is no catalog and no node of the page tree that somebody's program made. */
const maxBytes = 64 * 1024;
/** Objects that are read once more: a file with more of them that can't be read is no document. */
const maxObjects = 1000;

/**
 * Reads the catalog, the form and the page tree where the strict parser can't. Objects of which nobody's page depends stay
 * as they are: each reader does with them as it did before. Throws PdfError LIMIT_EXCEEDED.
 */
export async function mendObjects(
  windows: WindowReader,
  live: ReadonlyMap<number, FoundObject>,
  mending: Mending,
): Promise<void> {
  const unreadable = [...live.values()].filter(({ state }) => state === 'unreadable').slice(0, maxObjects);
  const reading = { maxNesting: windows.limits.maxNesting, patience: newPatience() };
  for (const { objectNumber, generation, bodyStart } of unreadable) {
    windows.meter.visit();
    const bytes = asBuffer(await windows.source.read(bodyStart, maxBytes));
    const dictionary = readDictionary(bytes.subarray(0, endOfObject(bytes)), reading);
    if (dictionary !== undefined && isOfTheSkeleton(dictionary)) {
      mending.set({ objectNumber, generation }, regularText(dictionary));
    }
  }
}

function readDictionary(
  bytes: Buffer,
  { maxNesting, patience }: { readonly maxNesting: number; readonly patience: Patience },
): Dictionary | undefined {
  try {
    return tolerantDictionary(bytes, maxNesting, patience);
  } catch (error) {
    if (error instanceof PdfError) {
      return undefined;
    }
    throw error;
  }
}

/** Where the object ends, or the next one begins. */
function endOfObject(bytes: Buffer): number {
  const next = /\d[\0\t\n\f\r ]+\d+[\0\t\n\f\r ]+obj\b/.exec(bytes.toString('latin1'));
  const end = bytes.indexOf('endobj', 0, 'latin1');
  return Math.min(end < 0 ? bytes.length : end, next === null ? bytes.length : next.index);
}

function isOfTheSkeleton(dictionary: Dictionary): boolean {
  const type = dictionary.get('Type');
  const isTyped = ['Catalog', 'Pages', 'Page'].some((name) => isName(type, name));
  return isTyped || dictionary.entries.has('Kids') || dictionary.entries.has('Fields');
}
