import type { ByteSource } from '../byte-source.js';
import { PdfError } from '../errors.js';
import { defaultPdfLimits, limitExceeded, Meter } from '../limits.js';
import { parseDamagedObject } from '../reader/indirect-object.js';
import { ObjectReader, ObjectView } from '../reader/objects.js';
import type { Section, XrefEntry } from '../reader/section.js';
import { openView, type Structure } from '../reader/structure.js';
import { readHeaderOffset } from '../reader/tail.js';
import { WindowReader } from '../reader/window.js';
import { asBuffer } from '../sources.js';
import { Dictionary } from '../syntax/values.js';
import { damaged, Parser } from '../syntax/parser.js';
import type { OpenOptions, PdfLimits } from '../types.js';
import { amend } from './amendments.js';
import { findCatalog } from './catalog.js';
import type { FoundObject, FoundTrailer, Scan } from './found.js';
import { enterMembers, liveObjects } from './live-objects.js';
import { mendObjects } from './mend-objects.js';
import { Mending } from './mending.js';
import { Scanner } from './scan.js';
import { isTableRight } from './right-table.js';
import { findStreamEnds, settleLengths } from './stream-end.js';

/** Tables of so many more numbers than objects are written as streams, which have no lines for free numbers. */
export const maxGaps = 1000;

/**
 * Reads a damaged file without its cross-reference data: it is scanned, and what is found stands in one virtual section.
 * `damage` is what made that necessary. Throws PdfError: DAMAGED when the file is signed, since a repaired reading would
 * be a second opinion on what was signed, or when there is no catalog; LIMIT_EXCEEDED.
 */
export async function repairStructure(
  source: ByteSource,
  damage: PdfError,
  options: RepairOptions,
): Promise<Structure> {
  const limits = { ...defaultPdfLimits, ...options.limits };
  if (source.size > limits.maxRepairBytes) {
    throw limitExceeded(`a damaged file of at most ${limits.maxRepairBytes} bytes`, source.size);
  }
  const meter = new Meter(limits);
  meter.begin(limits.repairDeadlineMs);
  const headerOffset = await readHeaderOffset(source);
  const scan = await scanFile(source, headerOffset, { limits, meter });
  refuseSigned(scan.isSigned, damage);
  if (scan.trailer.isEncryptLeftOut) {
    throw damaged('/Encrypt in the newest trailer too', 'an update that leaves it out');
  }
  const objects = await findStreamEnds(source, dropCutOff(scan.objects), meter);
  const live = liveObjects(objects);
  const entries = new Map<number, XrefEntry>();
  for (const { objectNumber, generation, offset } of live.values()) {
    entries.set(objectNumber, { kind: 'offset', offset, generation });
  }
  const windows = new WindowReader(source, limits, meter);
  windows.highestReference = scan.highestReference;
  const mending = new Mending(windows);
  const readerOf = (): ObjectReader => new ObjectReader(windows, readingOf(live, mending));
  refuseLostEncryption(scan.trailer, live.values());
  const found = { source, entries, headerOffset, trailer: scan.trailer };

  const draft = await openDraft(windows, { sections: [sectionOf(found, undefined)], readerOf }, options.access);
  await mendObjects(windows, live, mending);
  refuseSigned((await enterMembers(draft, live, { entries, mending })).isSigned, damage);
  const root = await findCatalog(new ObjectView(draft.objects, draft.sections), {
    roots: scan.trailer.roots,
    live,
    entries,
    mended: mending.objects,
  });
  const section = sectionOf(found, { objectNumber: root, entry: entries.get(root) });
  // A reader who finds every object by the file's own table never learns how long its streams are.
  const withContents = !(await isTableRight(source, entries, { limits, meter }));
  const amendments = [
    ...mending.amendments,
    ...(await amend(windows, live, { withContents })).filter(({ objectNumber }) => !mending.objects.has(objectNumber)),
  ];
  const last = asBuffer(await source.read(source.size - 1, 1))[0];
  meter.begin();
  return {
    source,
    limits,
    meter,
    ends: {
      headerOffset,
      startXref: 0,
      endsWithEol: last === 10 || last === 13,
      trailingBytes: 0,
      hasBrokenUpdate: false,
      hasBrokenSignature: false,
    },
    sections: [section],
    trailer: section.trailer,
    view: new ObjectView(draft.objects, [section]),
    computed: new Map(),
    repairPolicy: 'allow',
    repair: { reason: `expected ${damage.expected}, found ${damage.found}`, entries, amendments },
  };
}

/** What opens an encrypted file: the password, or what it opened before the damage was met. */
interface Access {
  readonly password?: string | undefined;
  readonly securityHandler?: WindowReader['securityHandler'];
}

interface RepairOptions extends Pick<OpenOptions, 'limits'> {
  readonly access: Access;
}

function openDraft(
  windows: WindowReader,
  reading: Parameters<typeof openView>[1],
  { password, securityHandler }: Access,
): Promise<ObjectView> {
  if (securityHandler === undefined) {
    return openView(windows, reading, password);
  }
  windows.securityHandler = securityHandler;
  return Promise.resolve(new ObjectView(reading.readerOf(), reading.sections));
}

/**
 * With its trailer a file loses the word that it is encrypted, and how. Some readers show the noise that it is without,
 * others what they make of the encryption dictionary that is left.
 */
function refuseLostEncryption({ raw, roots, isEncryptBroken }: FoundTrailer, live: Iterable<FoundObject>): void {
  const isLeft = roots.length === 0 && [...live].some(({ type }) => type === 'Encrypt');
  if (!raw.has('Encrypt') && (isEncryptBroken || isLeft)) {
    throw damaged('a trailer that says how the file is encrypted', 'none that can be read');
  }
}

function refuseSigned(isSigned: boolean, damage: PdfError): void {
  if (isSigned) {
    throw damaged(`${damage.expected} (a signed file is not repaired)`, damage.found);
  }
}

/** Twice where the first pass took a part of a stream's data for objects. */
async function scanFile(
  source: ByteSource,
  from: number,
  { limits, meter }: { readonly limits: PdfLimits; readonly meter: Meter },
): Promise<Scan> {
  const first = await new Scanner(source, limits, meter).run(from);
  if (!(await settleLengths(source, first, meter))) {
    return first;
  }
  const second = await new Scanner(source, limits, meter, first.integers).run(from);
  await settleLengths(source, second, meter);
  return second;
}

/** The last object, where it can't be read, is what a file that was cut off ends within. */
function dropCutOff(objects: readonly FoundObject[]): readonly FoundObject[] {
  return objects.at(-1)?.state === 'unreadable' ? objects.slice(0, -1) : objects;
}

/** Objects are read without their `endobj`, and streams with the length that they have. */
function readingOf(
  live: ReadonlyMap<number, FoundObject>,
  mending: Mending,
): ConstructorParameters<typeof ObjectReader>[1] {
  return {
    parse: parseDamagedObject,
    lengthOf: (objectNumber) => live.get(objectNumber)?.stream?.length,
    isTolerant: true,
    mended: mending.objects,
  };
}

function sectionOf(
  found: {
    readonly source: ByteSource;
    readonly entries: ReadonlyMap<number, XrefEntry>;
    readonly headerOffset: number;
    readonly trailer: FoundTrailer;
  },
  root: { readonly objectNumber: number; readonly entry: XrefEntry | undefined } | undefined,
): Section {
  const { source, entries } = found;
  let size = 1;
  let isStream = false;
  for (const [objectNumber, { kind }] of entries) {
    size = Math.max(size, objectNumber + 1);
    isStream ||= kind === 'compressed';
  }
  const generation = root?.entry?.kind === 'offset' ? root.entry.generation : 0;
  const parts: Uint8Array[] = [Buffer.from(`<< /Size ${size}`)];
  if (root !== undefined) {
    parts.push(Buffer.from(` /Root ${root.objectNumber} ${generation} R`));
  }
  for (const [key, raw] of found.trailer.raw) {
    parts.push(Buffer.from(` /${key} `), raw);
  }
  const bytes = Buffer.concat([...parts, Buffer.from(' >>')]);
  const trailer = new Parser(bytes, 0, { maxNesting: 100, complete: true }).value();
  if (!(trailer instanceof Dictionary)) {
    throw damaged('a trailer', 'none');
  }
  return {
    kind: isStream || size > entries.size + maxGaps ? 'stream' : 'table',
    offset: 0,
    end: source.size,
    trailer,
    previous: undefined,
    size,
    hybrid: false,
    isShifted: false,
    numbers: [{ first: 0, count: size }],
    lookup: (objectNumber) => entries.get(objectNumber),
    entries: () => Promise.resolve(entries),
  };
}
