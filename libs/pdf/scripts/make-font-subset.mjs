// Makes libs/pdf/fonts/KysoSerif-{Regular,Italic}.{ttf,json} from Liberation Serif 2.1.5. Run by hand, once per change of
// the character set; neither the build nor any service runs it.
//
//   apt-get download fonts-liberation2 && dpkg-deb -x fonts-liberation2_2.1.5-*.deb var/liberation
//   npm install --prefix var/font-tools --no-save subset-font@2.9.0
//   node libs/pdf/scripts/make-font-subset.mjs \
//     var/liberation/usr/share/fonts/truetype/liberation2
//
// subset-font (BSD-3-Clause) is HarfBuzz's subsetter as WebAssembly; the same version gives the same bytes. The SHA-256
// values that are printed belong into libs/pdf/src/appearance/font.ts.
//
// The OFL forbids the reserved name "Liberation" on a modified font (clause 3), so the subset is renamed "Kyso Serif".
// Debian's package `fonts-liberation` 1.07 must not be used: it has no Vietnamese letters. Hence the pin on the source.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = {
  Regular: '29d12439831b7f59194efec85872f24f54eff05738933f9a860220d2abff88ba',
  Italic: 'c1830c433ab41379f1139fac388989d37c9f08c81e1bd643efdcc7946db30753',
};
const fontsFolder = join(dirname(fileURLToPath(import.meta.url)), '../fonts');
const familyName = 'Kyso Serif';

const range = (first, last) =>
  Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index)).join('');
/** Text is NFC-normalised before it is drawn, so that no combining marks are needed. U+00AD is left out: it is invisible. */
const characters =
  range(0x20, 0x7e) +
  range(0xa0, 0xac) +
  range(0xae, 0xff) +
  'ĂăĐđĨĩŨũƠơƯư' +
  range(0x1ea0, 0x1ef9) +
  '\u2010‒–—‘’‚“”„†•…‰‹›₫€№™−';

const [sourceFolder] = process.argv.slice(2);
if (sourceFolder === undefined) throw new Error('expected the folder of LiberationSerif-*.ttf 2.1.5');
const subsetFont = createRequire(resolve('var/font-tools/package.json'))('subset-font');
for (const [style, expected] of Object.entries(sources)) {
  const source = readFileSync(join(sourceFolder, `LiberationSerif-${style}.ttf`));
  if (sha256(source) !== expected) throw new Error(`expected SHA-256 ${expected}, found ${sha256(source)}`);
  await makeSubset(source, style);
}

async function makeSubset(source, style) {
  const postScriptName = `KysoSerif-${style}`;
  const subset = await subsetFont(source, characters, {
    targetFormat: 'truetype',
    // Hints are two thirds of the size, and each signed document pays for it; PDF viewers hint by themselves.
    noHinting: true,
    noLayoutClosure: true,
    keepFeatures: [],
    dropTables: ['GDEF', 'GPOS', 'GSUB', 'kern', 'gasp', 'hdmx', 'LTSH', 'VDMX', 'DSIG', 'FFTM'],
  });
  const tables = readTables(subset);
  tables.set('name', nameTable(style, postScriptName));
  const font = writeTables(tables);
  const metrics = readMetrics(tables);
  const missing = Array.from(characters).filter(
    (character) => !metrics.glyphs.some(([code]) => code === character.codePointAt(0)),
  );
  if (missing.length > 0) throw new Error(`the source has no glyph for ${missing.join(' ')}`);

  const json = `${JSON.stringify({ fontSha256: sha256(font), ...metrics })}\n`;
  writeFileSync(join(fontsFolder, `${postScriptName}.ttf`), font);
  writeFileSync(join(fontsFolder, `${postScriptName}.json`), json);
  console.log(
    `${postScriptName}.ttf  ${font.length} bytes, ${metrics.glyphs.length} characters, SHA-256 ${sha256(font)}`,
  );
  console.log(`${postScriptName}.json SHA-256 ${sha256(json)}`);
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** OpenType 1.9.1, "Organization of an OpenType font": tag → bytes. */
function readTables(file) {
  const found = new Map();
  for (let index = 0; index < file.readUInt16BE(4); index++) {
    const record = 12 + 16 * index;
    const offset = file.readUInt32BE(record + 8);
    const length = file.readUInt32BE(record + 12);
    found.set(file.toString('latin1', record, record + 4), Buffer.from(file.subarray(offset, offset + length)));
  }
  return found;
}

/** Writes the table directory anew, sorted by tag, with its checksums and head.checkSumAdjustment. */
function writeTables(content) {
  const tags = [...content.keys()].sort((a, b) => (a < b ? -1 : 1));
  const entrySelector = Math.floor(Math.log2(tags.length));
  const header = Buffer.alloc(12 + 16 * tags.length);
  header.writeUInt32BE(0x00010000, 0);
  header.writeUInt16BE(tags.length, 4);
  header.writeUInt16BE(16 * 2 ** entrySelector, 6);
  header.writeUInt16BE(entrySelector, 8);
  header.writeUInt16BE(16 * tags.length - 16 * 2 ** entrySelector, 10);
  content.get('head').writeUInt32BE(0, 8);
  const parts = [header];
  let offset = header.length;
  let headOffset = 0;
  for (const [index, tag] of tags.entries()) {
    const table = content.get(tag);
    const padded = Buffer.concat([table, Buffer.alloc((4 - (table.length % 4)) % 4)]);
    const record = 12 + 16 * index;
    header.write(tag, record, 'latin1');
    header.writeUInt32BE(checksum(padded), record + 4);
    header.writeUInt32BE(offset, record + 8);
    header.writeUInt32BE(table.length, record + 12);
    if (tag === 'head') headOffset = offset;
    parts.push(padded);
    offset += padded.length;
  }
  const file = Buffer.concat(parts);
  file.writeUInt32BE((0xb1b0afba - checksum(file)) >>> 0, headOffset + 8);
  return file;
}

function checksum(padded) {
  let sum = 0;
  for (let offset = 0; offset < padded.length; offset += 4) sum = (sum + padded.readUInt32BE(offset)) >>> 0;
  return sum;
}

/** OpenType, `name`: format 0, Windows, Unicode BMP, English. The copyright stays, the reserved name goes. */
function nameTable(style, postScriptName) {
  const names = [
    [
      0,
      'Digitized data copyright (c) 2010 Google Corporation with Reserved Font Arimo, Tinos and Cousine. ' +
        'Copyright (c) 2012 Red Hat, Inc. with Reserved Font Name Liberation. Subset and renamed for Kyso.',
    ],
    [1, familyName],
    [2, style],
    [3, `Kyso: ${familyName} ${style}: subset of version 2.1.5`],
    [4, style === 'Regular' ? familyName : `${familyName} ${style}`],
    [5, 'Version 2.1.5; subset'],
    [6, postScriptName],
    [13, 'This Font Software is licensed under the SIL Open Font License, Version 1.1.'],
    [14, 'https://openfontlicense.org'],
  ].map(([id, text]) => [id, Buffer.from(text, 'utf16le').swap16()]);
  const head = Buffer.alloc(6 + 12 * names.length);
  head.writeUInt16BE(names.length, 2);
  head.writeUInt16BE(head.length, 4);
  let offset = 0;
  for (const [index, [id, text]] of names.entries()) {
    [3, 1, 0x0409, id, text.length, offset].forEach((value, field) =>
      head.writeUInt16BE(value, 6 + 12 * index + 2 * field),
    );
    offset += text.length;
  }
  return Buffer.concat([head, ...names.map(([, text]) => text)]);
}

/** All lengths in font units; `glyphs` is [code point, glyph id, advance width] by code point. */
function readMetrics(content) {
  const head = content.get('head');
  const hhea = content.get('hhea');
  const hmtx = content.get('hmtx');
  const os2 = content.get('OS/2');
  const longMetrics = hhea.readUInt16BE(34);
  const advance = (glyphId) => hmtx.readUInt16BE(4 * Math.min(glyphId, longMetrics - 1));
  return {
    unitsPerEm: head.readUInt16BE(18),
    ascent: hhea.readInt16BE(4),
    descent: hhea.readInt16BE(6),
    capHeight: os2.readInt16BE(88),
    boundingBox: boundingBox(content),
    glyphs: readCmap(content.get('cmap')).map(([code, glyphId]) => [code, glyphId, advance(glyphId)]),
  };
}

/** The union of the glyphs' own boxes: head.xMin… still describes the whole source font. */
function boundingBox(content) {
  const head = content.get('head');
  const loca = content.get('loca');
  const glyf = content.get('glyf');
  const offsetOf = (index) =>
    head.readInt16BE(50) === 0 ? 2 * loca.readUInt16BE(2 * index) : loca.readUInt32BE(4 * index);
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let glyphId = 0; glyphId < content.get('maxp').readUInt16BE(4); glyphId++) {
    const start = offsetOf(glyphId);
    if (start === offsetOf(glyphId + 1)) continue;
    for (const edge of [0, 1]) box[edge] = Math.min(box[edge], glyf.readInt16BE(start + 2 + 2 * edge));
    for (const edge of [2, 3]) box[edge] = Math.max(box[edge], glyf.readInt16BE(start + 2 + 2 * edge));
  }
  return box;
}

/** OpenType, `cmap`, format 4: [code point, glyph id] by code point. */
function readCmap(cmap) {
  const found = [];
  for (let record = 0; record < cmap.readUInt16BE(2); record++) {
    const table = cmap.readUInt32BE(4 + 8 * record + 4);
    if (cmap.readUInt16BE(table) !== 4) continue;
    const segments = cmap.readUInt16BE(table + 6) / 2;
    const at = (array, segment) => table + 14 + array * 2 * segments + (array > 0 ? 2 : 0) + 2 * segment;
    for (let segment = 0; segment < segments; segment++) {
      const [end, start, delta] = [0, 1, 2].map((array) => cmap.readUInt16BE(at(array, segment)));
      const rangeOffset = cmap.readUInt16BE(at(3, segment));
      for (let code = start; code <= end && code !== 0xffff; code++) {
        const raw = rangeOffset === 0 ? code : cmap.readUInt16BE(at(3, segment) + rangeOffset + 2 * (code - start));
        if (raw !== 0) found.push([code, (raw + delta) & 0xffff]);
      }
    }
    return found.sort(([a], [b]) => a - b);
  }
  throw new Error('the subset has no cmap of format 4');
}
