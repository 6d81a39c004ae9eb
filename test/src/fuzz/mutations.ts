import { deflateSync } from 'node:zlib';
import type { Random } from '../random.js';

/** A change of a PDF's text (latin1); gives back what it was given where it finds nothing to change. */
type Mutation = (text: string, random: Random) => string;

const wrongNumbers = ['0', '-1', '1', '2147483648', '4294967296', '99999999999999999999', '1e9', '0.5', '.', '--3'];
const wrongValues = [
  'null',
  'true',
  '[]',
  '<< >>',
  '()',
  '<>',
  '/Name',
  '-1',
  '99999999999',
  '1 0 R',
  '3 0 R',
  '999999 0 R',
  '4294967296 0 R',
  '0 65535 R',
];
/** Keys on which the structure of a file hangs. */
const keys = [
  'Type',
  'Subtype',
  'Root',
  'Pages',
  'Kids',
  'Count',
  'Parent',
  'Prev',
  'Size',
  'XRefStm',
  'W',
  'Index',
  'N',
  'First',
  'Extends',
  'Length',
  'Filter',
  'DecodeParms',
  'MediaBox',
  'CropBox',
  'Rotate',
  'UserUnit',
  'Annots',
  'AcroForm',
  'Fields',
  'FT',
  'T',
  'V',
  'P',
  'Rect',
  'SigFlags',
  'ByteRange',
  'Contents',
  'Reference',
  'TransformParams',
  'Perms',
  'DocMDP',
  'Lock',
  'SV',
  'Encrypt',
  'ID',
  'DSS',
  'Linearized',
] as const;

const objectPattern = /(\d+) (\d+) obj\b[\s\S]*?\bendobj/g;
const referencePattern = /\b\d+ \d+ R\b/g;

/** Replaces one match, chosen by chance. */
function replaceOne(text: string, pattern: RegExp, random: Random, replacement: (found: string) => string): string {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const match = random.pick(matches);
  return text.slice(0, match.index) + replacement(match[0]) + text.slice(match.index + match[0].length);
}

const bodyOf = (match: RegExpExecArray): string => match[0].slice(match[0].indexOf('obj') + 3);
const headOf = (match: RegExpExecArray): string => match[0].slice(0, match[0].indexOf('obj') + 3);

const swapObjects: Mutation = (text, random) => {
  const objects = [...text.matchAll(objectPattern)];
  if (objects.length < 2) return text;
  const [a, b] = [random.pick(objects), random.pick(objects)].toSorted((x, y) => x.index - y.index);
  if (a === undefined || b === undefined || a === b) return text;
  const between = text.slice(a.index + a[0].length, b.index);
  return (
    text.slice(0, a.index) + headOf(a) + bodyOf(b) + between + headOf(b) + bodyOf(a) + text.slice(b.index + b[0].length)
  );
};

const copyObject: Mutation = (text, random) => {
  const objects = [...text.matchAll(objectPattern)];
  if (objects.length === 0) return text;
  const at = random.pick(objects).index;
  return `${text.slice(0, at)}${random.pick(objects)[0]}\n${text.slice(at)}`;
};

const redirectReference: Mutation = (text, random) => {
  const references = [...text.matchAll(referencePattern)].map(([found]) => found);
  if (references.length === 0) return text;
  const target = random.oneIn(4) ? random.pick(wrongValues) : random.pick(references);
  return replaceOne(text, referencePattern, random, () => target);
};

/** An object that refers to itself, or to one that leads to it. */
const closeCycle: Mutation = (text, random) =>
  replaceOne(text, objectPattern, random, (object) => {
    const own = /^(\d+) (\d+)/.exec(object)?.[0] ?? '1 0';
    return replaceOne(object, referencePattern, random, () => `${own} R`);
  });

const retypeValue: Mutation = (text, random) => {
  const pattern = new RegExp(
    `/${random.pick(keys)}\\s*(?:\\[[^\\]]*\\]|<<[^<>]*>>|\\([^)]*\\)|/?[^\\s/<>[\\]()]+( \\d+ R\\b)?)`,
    'g',
  );
  return replaceOne(
    text,
    pattern,
    random,
    (found) => `${/^\/\w+/.exec(found)?.[0] ?? ''} ${random.pick(wrongValues)} `,
  );
};

const renameKey: Mutation = (text, random) =>
  replaceOne(text, new RegExp(`/${random.pick(keys)}\\b`, 'g'), random, () => `/${random.pick(keys)}`);

const addEntry: Mutation = (text, random) =>
  replaceOne(text, /<</g, random, () => `<< /${random.pick(keys)} ${random.pick(wrongValues)} `);

const lieInNumber: Mutation = (text, random) =>
  replaceOne(text, /\/(?:Length|Count|Size|Prev|First|N|XRefStm|Rotate|UserUnit)\s+\d+/g, random, (found) =>
    found.replace(/\d+$/, () => random.pick(wrongNumbers)),
  );

const lieInOffsets: Mutation = (text, random) => {
  const pattern = /\d{10} \d{5} [nf]/g;
  const [first] = text.match(pattern) ?? [];
  if (first === undefined)
    return replaceOne(text, /startxref\s+\d+/g, random, () => `startxref\n${random.below(text.length)}`);
  return replaceOne(text, pattern, random, (found) => {
    const offset = String(random.below(text.length + 10)).padStart(10, '0');
    return random.oneIn(2) ? `${offset}${found.slice(10)}` : `${found.slice(0, -1)}${random.oneIn(2) ? 'f' : 'n'}`;
  });
};

const spliceSection: Mutation = (text, random) => {
  const tail = text.slice(Math.max(text.lastIndexOf('xref\n', text.lastIndexOf('startxref') - 1), 0)).slice(0, 4000);
  return random.oneIn(2) ? text + tail : text.replace(/startxref\s+\d+\s+%%EOF\s*$/, `${tail}$&`);
};

const nestDeeply: Mutation = (text, random) => {
  const depth = random.pick([50, 200, 5000, 100_000]);
  const [open, close] = random.pick([
    ['[', ']'],
    ['<< /A ', '>>'],
    ['(', ')'],
  ] as const);
  const nested = open.repeat(depth) + (random.oneIn(2) ? close.repeat(depth) : '');
  return replaceOne(text, random.oneIn(2) ? referencePattern : /<</g, random, (found) =>
    found === '<<' ? `<< /Z ${nested} ` : nested,
  );
};

/** A stream that inflates to far more than it weighs. */
const plantBomb: Mutation = (text, random) => {
  const once = deflateSync(Buffer.alloc(random.pick([1 << 16, 1 << 24])));
  const data = (random.oneIn(2) ? deflateSync(once) : once).toString('latin1');
  const filter = random.oneIn(2) ? '/FlateDecode' : '[/FlateDecode /FlateDecode /ASCIIHexDecode]';
  const type = random.pick(['/Type /ObjStm /N 100000 /First 9', '/Type /XRef /W [1 4 2] /Size 2000000', '']);
  return replaceOne(text, objectPattern, random, (object) => {
    const head = /^\d+ \d+ obj/.exec(object)?.[0] ?? '1 0 obj';
    return `${head}\n<< ${type} /Filter ${filter} /Length ${data.length} >>\nstream\n${data}\nendstream\nendobj`;
  });
};

const cut: Mutation = (text, random) => {
  const at = random.below(text.length);
  return random.oneIn(2) ? text.slice(0, at) : text.slice(0, at) + text.slice(at + random.below(400));
};

const repeat: Mutation = (text, random) => {
  const at = random.below(text.length);
  const piece = text.slice(at, at + random.below(400));
  return text.slice(0, at) + piece.repeat(random.pick([1, 2, 50])) + text.slice(at);
};

const flipBytes: Mutation = (text, random) => {
  const bytes = Buffer.from(text, 'latin1');
  for (let count = 1 + random.below(8); count > 0 && bytes.length > 0; count -= 1)
    bytes[random.below(bytes.length)] = random.below(256);
  return bytes.toString('latin1');
};

const insertToken: Mutation = (text, random) => {
  const token = random.pick([
    ...wrongValues,
    '<<',
    '>>',
    '[',
    ']',
    '(',
    ')',
    '<',
    '>',
    '{',
    '%',
    '\0',
    'endobj',
    'stream\n',
    'endstream',
    'obj',
    'xref',
    'trailer',
    'startxref',
    '%%EOF',
    '%PDF-1.7',
  ]);
  const at = random.below(text.length);
  return `${text.slice(0, at)} ${token} ${text.slice(at)}`;
};

const mutations: readonly Mutation[] = [
  swapObjects,
  copyObject,
  redirectReference,
  redirectReference,
  closeCycle,
  closeCycle,
  retypeValue,
  retypeValue,
  retypeValue,
  renameKey,
  addEntry,
  lieInNumber,
  lieInNumber,
  lieInOffsets,
  spliceSection,
  nestDeeply,
  plantBomb,
  cut,
  repeat,
  flipBytes,
  insertToken,
];

/** Beyond this an input says nothing more. */
const maxBytes = 4 * 1024 * 1024;

/** The PDF with one to five changes; in half of the cases with a table that fits again, so that readers get past it. */
export function mutate(pdf: Buffer, random: Random): Buffer {
  let text = pdf.toString('latin1');
  for (let count = 1 + random.below(5); count > 0; count -= 1) {
    text = random.pick(mutations)(text, random).slice(0, maxBytes);
  }
  return Buffer.from(random.oneIn(2) ? withFittingTable(text) : text, 'latin1');
}

/** Appends a table of the objects as a search finds them, with the trailer that the file has. */
function withFittingTable(text: string): string {
  const offsets = new Map<number, number>();
  for (const match of text.matchAll(/\b(\d{1,6}) 0 obj\b/g)) offsets.set(Number(match[1]), match.index);
  const trailer = /trailer\s*<<([\s\S]{0,2000}?)>>\s*startxref/.exec(text)?.[1];
  if (offsets.size === 0 || trailer === undefined) return text;
  const header = Math.max(0, text.indexOf('%PDF-'));
  const entries = [...offsets].map(
    ([number, at]) => `${number} 1\n${String(at - header).padStart(10, '0')} 00000 n \n`,
  );
  const kept = trailer.replaceAll(/\/(Prev|XRefStm)\s+\d+/g, '');
  const start = text.length + 1 - header;
  return `${text}\nxref\n${entries.join('')}trailer\n<<${kept}>>\nstartxref\n${start}\n%%EOF\n`;
}
