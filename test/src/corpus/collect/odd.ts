import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../program.js';

const deadlineMs = 60_000;

/** Other structures for the same pages, by qpdf. */
const qpdfVariants: readonly (readonly [string, ...string[]])[] = [
  ['linearized', '--linearize'],
  ['object-streams', '--object-streams=generate'],
  ['linearized-object-streams', '--linearize', '--object-streams=generate'],
  ['uncompressed', '--qdf', '--object-streams=disable'],
  ['newline-before-endstream', '--newline-before-endstream'],
  ['rotated-90', '--rotate=+90:1'],
  ['rotated-270', '--rotate=+270:1'],
  ['version-1.2', '--force-version=1.2'],
  ['pages-twice', '--collate', '--pages', '.', '1', '.', '1', '--'],
  ['owner-allows-all-rc4-40', '--allow-weak-crypto', '--encrypt', '', 'owner', '40', '--'],
  ['owner-allows-all-rc4-128', '--allow-weak-crypto', '--encrypt', '', 'owner', '128', '--use-aes=n', '--'],
  ['owner-allows-all-aes-128', '--allow-weak-crypto', '--encrypt', '', 'owner', '128', '--use-aes=y', '--'],
  ['owner-allows-all-aes-256', '--encrypt', '', 'owner', '256', '--'],
  ['owner-forbids-print', '--encrypt', '', 'owner', '256', '--print=none', '--'],
  ['owner-forbids-all', '--encrypt', '', 'owner', '256', '--modify=none', '--annotate=n', '--form=n', '--'],
  ['password', '--encrypt', 'user', 'owner', '256', '--'],
  ['aes-256-object-streams', '--object-streams=generate', '--encrypt', '', 'owner', '256', '--'],
  ['cleartext-metadata', '--encrypt', '', 'owner', '256', '--cleartext-metadata', '--'],
];

const latin1 = (pdf: Buffer, change: (text: string) => string): Buffer =>
  Buffer.from(change(pdf.toString('latin1')), 'latin1');

/** What happens to files on their way: in mail gateways, editors, transfers that broke off. */
const damages: readonly (readonly [string, (pdf: Buffer) => Buffer])[] = [
  ['junk-before-header', (pdf) => Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), pdf])],
  ['junk-at-end', (pdf) => Buffer.concat([pdf, Buffer.from('\r\n<!-- footer -->\r\n')])],
  ['zeros-at-end', (pdf) => Buffer.concat([pdf, Buffer.alloc(4096)])],
  ['no-eol-at-end', (pdf) => latin1(pdf, (text) => text.trimEnd())],
  ['cut-100', (pdf) => pdf.subarray(0, -100)],
  ['cut-half', (pdf) => pdf.subarray(0, pdf.length >> 1)],
  ['startxref-off-by-one', (pdf) => latin1(pdf, (text) => moveStart(text, 1))],
  ['startxref-zero', (pdf) => latin1(pdf, (text) => text.replace(/startxref\s+\d+(?=\s+%%EOF\s*$)/, 'startxref\n0'))],
  ['startxref-far', (pdf) => latin1(pdf, (text) => moveStart(text, 100_000))],
  ['no-startxref', (pdf) => latin1(pdf, (text) => text.replaceAll('startxref', 'startxxxx'))],
  ['no-eof-marker', (pdf) => latin1(pdf, (text) => text.replaceAll('%%EOF', ''))],
  ['xref-shifted', (pdf) => latin1(pdf, (text) => text.replace('\n%', '\n%%% shifts everything\n%'))],
  ['xref-gone', (pdf) => latin1(pdf, (text) => text.replaceAll(/\nxref\s[\s\S]*?trailer/g, '\ntrailer'))],
  ['xref-of-zeros', (pdf) => latin1(pdf, (text) => text.replaceAll(/\d{10} 00000 n/g, '0000000000 00000 n'))],
  ['xref-starts-at-1', (pdf) => latin1(pdf, (text) => text.replace(/xref\n0 (\d+)/, 'xref\n1 $1'))],
  ['lengths-of-zero', (pdf) => latin1(pdf, (text) => text.replaceAll(/\/Length (\d+)(?! \d+ R)/g, pad('/Length 0')))],
  ['lengths-too-long', (pdf) => latin1(pdf, (text) => text.replaceAll(/\/Length (\d)(\d*)(?! \d+ R)/g, '/Length 9$2'))],
  ['counts-wrong', (pdf) => latin1(pdf, (text) => text.replaceAll(/\/Count (\d+)/g, pad('/Count 7')))],
  ['no-endobj', (pdf) => latin1(pdf, (text) => text.replaceAll('endobj', '      '))],
  ['carriage-returns', (pdf) => latin1(pdf, (text) => text.replaceAll(/(?<=obj|>>|R)\n/g, '\r'))],
  ['crlf-by-text-transfer', (pdf) => latin1(pdf, (text) => text.replaceAll('\n', '\r\n'))],
  ['lf-by-text-transfer', (pdf) => latin1(pdf, (text) => text.replaceAll('\r\n', '\n'))],
  ['high-bits-gone', (pdf) => Buffer.from(pdf.map((byte) => byte & 0x7f))],
];

const pad =
  (replacement: string) =>
  (found: string): string =>
    replacement.padEnd(found.length);

function moveStart(text: string, by: number): string {
  return text.replace(
    /startxref(\s+)(\d+)(?=\s+%%EOF\s*$)/,
    (_, space: string, at: string) => `startxref${space}${Number(at) + by}`,
  );
}

/** Variants of these files in other structures, and each of them damaged. */
export async function collectOdd(
  target: string,
  originals: readonly string[],
  tell: (line: string) => void,
): Promise<void> {
  const folder = join(target, 'odd');
  await mkdir(folder, { recursive: true });
  let count = 0;
  for (const [index, path] of originals.entries()) {
    const original = await readFile(path);
    for (const [name, ...options] of qpdfVariants) {
      await runProgram(
        'qpdf',
        ['--warning-exit-0', path, ...options, join(folder, `${index}-${name}.pdf`)],
        deadlineMs,
      );
      count += 1;
    }
    for (const [name, damage] of damages) {
      await writeFile(join(folder, `${index}-${name}.pdf`), damage(original));
      count += 1;
    }
  }
  tell(`odd structures and damages: ${count} files`);
}
