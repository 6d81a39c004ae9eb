// Makes everything in this folder but README.md: the dossier, the two images, and placements.json. Run by hand:
//
//   apt-get install poppler-utils imagemagick        (pdftoppm, pdftocairo; convert)
//   apt-get download fonts-liberation2 && dpkg-deb -x fonts-liberation2_2.1.5-*.deb var/liberation
//   node samples/make-samples.mjs var/liberation/usr/share/fonts/truetype/liberation2
//
// With the same versions of these tools (poppler 22.12, ImageMagick 6.9.11) the files come out byte for byte the same.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fontkit from '@pdf-lib/fontkit';
import { PDFDocument } from 'pdf-lib';
import { drawApplication, drawCadastralExtract } from './source/attachments.mjs';
import { drawDecision } from './source/decision.mjs';
import { drawSeal, sealDiameter } from './source/seal.mjs';
import { drawSignature, signatureSize } from './source/signature.mjs';
import { page } from './source/typesetting.mjs';

const scans = [
  { draw: drawApplication, tilt: '0.55', seed: '11', quality: '36' },
  { draw: drawCadastralExtract, tilt: '-0.7', seed: '12', quality: '52' },
];
/** Liberation 2.1.5 (OFL 1.1) of Debian's fonts-liberation2; version 1.07 has no Vietnamese letters. */
const fontFiles = {
  regular: ['LiberationSerif-Regular.ttf', '29d12439831b7f59194efec85872f24f54eff05738933f9a860220d2abff88ba'],
  bold: ['LiberationSerif-Bold.ttf', '446a4421f297698427170fd7db20e59169a4188baaaf940e9bea58af6341a723'],
  italic: ['LiberationSerif-Italic.ttf', 'c1830c433ab41379f1139fac388989d37c9f08c81e1bd643efdcc7946db30753'],
  boldItalic: ['LiberationSerif-BoldItalic.ttf', '36dd6965be8915f6d7efb259757f1f7546a7c6f72c53a20bbe4ae7092f2cd558'],
};
const created = new Date('2026-11-20T02:00:00Z');
const samplesFolder = dirname(fileURLToPath(import.meta.url));

const [fontsFolder] = process.argv.slice(2);
if (fontsFolder === undefined) throw new Error('expected the folder of the Liberation 2.1.5 fonts');
const work = mkdtempSync(join(tmpdir(), 'kyso-samples-'));
try {
  await makeImages();
  await makeDossier();
  await makeUnnumbered();
  writeFileSync(join(samplesFolder, 'don-de-nghi.jpg'), await scanned(scans[0]));
} finally {
  rmSync(work, { recursive: true });
}

async function makeImages() {
  const signature = await newDocument();
  const canvas = signature.pdf.addPage([signatureSize.width, signatureSize.height]);
  drawSignature(canvas, 'leader', { x: 0, y: signatureSize.height, scale: 1 });
  await rasterise(signature.pdf, 'chu-ky-lanh-dao', {
    size: [signatureSize.width, signatureSize.height],
    ink: '#14339e',
  });

  const seal = await newDocument();
  drawSeal(seal.pdf.addPage([sealDiameter, sealDiameter]), await seal.embed('bold'));
  await rasterise(seal.pdf, 'con-dau', { size: [600, 600], ink: '#d91a1f' });
}

/** A transparent PNG of the first page, all in `ink`. */
async function rasterise(pdf, name, { size: [width, height], ink }) {
  const source = join(work, `${name}.pdf`);
  writeFileSync(source, await pdf.save());
  const scale = ['-scale-to-x', String(width), '-scale-to-y', String(height)];
  execFileSync('pdftocairo', ['-png', '-transp', '-singlefile', ...scale, source, join(work, name)]);
  // One colour behind the transparency: pdftocairo's rounding of the edges makes the file four times as large.
  const flat = ['-fill', ink, '-colorize', '100', '-strip'];
  const small = ['-define', 'png:compression-level=9', '-define', 'png:exclude-chunks=date,time'];
  execFileSync('convert', [
    join(work, `${name}.png`),
    ...flat,
    ...small,
    `PNG32:${join(samplesFolder, `${name}.png`)}`,
  ]);
}

async function makeDossier() {
  const { pdf, embed } = await newDocument();
  pdf.setTitle('Quyết định 123/QĐ-UBND (văn bản mẫu)', { showInWindowTitleBar: true });
  pdf.setAuthor('Kyso');
  pdf.setLanguage('vi');
  const places = drawDecision(pdf.addPage([page.width, page.height]), await allFonts(embed));
  for (const scan of scans) {
    const jpeg = await pdf.embedJpg(await scanned(scan));
    pdf.addPage([page.width, page.height]).drawImage(jpeg, { x: 0, y: 0, width: page.width, height: page.height });
  }
  writeFileSync(join(samplesFolder, 'quyet-dinh.pdf'), await pdf.save());
  writeFileSync(join(samplesFolder, 'placements.json'), `${JSON.stringify(places, undefined, 2)}\n`);
}

/** The decision as the leader gets it: the clerk fills in number, day and month. */
async function makeUnnumbered() {
  const { pdf, embed } = await newDocument();
  pdf.setTitle('Quyết định chờ cấp số (văn bản mẫu)', { showInWindowTitleBar: true });
  pdf.setAuthor('Kyso');
  pdf.setLanguage('vi');
  drawDecision(pdf.addPage([page.width, page.height]), await allFonts(embed), { isNumbered: false });
  writeFileSync(join(samplesFolder, 'quyet-dinh-cho-so.pdf'), await pdf.save());
}

/** A page as JPEG, as a scanner in an office gives it: askew, greyish paper, noise, some blur. */
async function scanned({ draw, tilt, seed, quality }) {
  const { pdf, embed } = await newDocument();
  draw(pdf.addPage([page.width, page.height]), await allFonts(embed));
  const source = join(work, `scan-${seed}.pdf`);
  writeFileSync(source, await pdf.save());
  const raster = join(work, `scan-${seed}`);
  execFileSync('pdftoppm', ['-r', '150', '-png', '-singlefile', source, raster]);
  const look = ['-background', '#f3f3f1', '-fill', '#f3f3f1', '-fuzz', '3%', '-opaque', 'white', '-rotate', tilt];
  const crop = ['-gravity', 'center', '-extent', '1240x1754', '+repage'];
  const wear = ['-blur', '0x0.45', '-seed', seed, '-attenuate', '0.07', '+noise', 'Gaussian'];
  const jpeg = ['-strip', '-sampling-factor', '4:2:0', '-quality', quality, `${raster}.jpg`];
  execFileSync('convert', [`${raster}.png`, ...look, ...crop, ...wear, ...jpeg]);
  return readFileSync(`${raster}.jpg`);
}

/** Fixed dates and font names: pdf-lib would put the clock and random letters there. */
async function newDocument() {
  const pdf = await PDFDocument.create({ updateMetadata: false });
  pdf.registerFontkit(fontkit);
  pdf.setCreationDate(created);
  pdf.setModificationDate(created);
  pdf.setProducer('Kyso samples (pdf-lib 1.17.1)');
  const embed = (style) => {
    const [file, expected] = fontFiles[style];
    const bytes = readFileSync(join(fontsFolder, file));
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== expected) throw new Error(`${file}: expected SHA-256 ${expected}, found ${found}`);
    const customName = `KYSOSM+${file.replace('.ttf', '')}`;
    return pdf.embedFont(bytes, { subset: true, customName, features: { liga: false } });
  };
  return { pdf, embed };
}

async function allFonts(embed) {
  const fonts = {};
  for (const style of Object.keys(fontFiles)) fonts[style] = await embed(style);
  return fonts;
}
