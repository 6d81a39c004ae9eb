import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A way to store the same pages, and how the file is made from a classic one. */
export interface Structure {
  readonly name: string;
  /** Judges that don't read such files at all, signed or not. */
  readonly unreadableFor?: readonly string[];
  make(classicFile: string, outFile: string): Promise<void>;
}

/** qpdf exits with 3 when it only warned. */
function byQpdf(name: string, ...options: string[]): Structure {
  return {
    name,
    make: async (classicFile, outFile) => {
      await run('qpdf', [...options, '--', classicFile, outFile]).catch((error: unknown) => {
        if ((error as { code?: unknown }).code !== 3) throw error;
      });
    },
  };
}

function byEdit(name: string, edit: (pdf: Buffer) => Buffer): Structure {
  return {
    name,
    make: async (classicFile, outFile) => writeFile(outFile, edit(await readFile(classicFile))),
  };
}

/** An update that only repeats the catalog: a second revision, as an editor that saves incrementally writes it. */
function withRevision(pdf: Buffer): Buffer {
  const text = pdf.toString('latin1');
  const root = Number(/\/Root (\d+) 0 R/.exec(text)?.[1]);
  const size = Number(/\/Size (\d+)/.exec(text)?.[1]);
  const previous = text.slice(text.lastIndexOf('startxref') + 9).match(/\d+/)?.[0];
  const body = new RegExp(`(?:^|\\n)${root} 0 obj\\n([\\s\\S]*?)\\nendobj`).exec(text)?.[1] ?? '';
  const object = `${root} 0 obj\n${body}\nendobj\n`;
  const offset = String(pdf.length).padStart(10, '0');
  const xrefAt = pdf.length + object.length;
  const xref = `xref\n${root} 1\n${offset} 00000 n \ntrailer\n<< /Size ${size} /Root ${root} 0 R /Prev ${previous} >>\n`;
  return Buffer.concat([pdf, Buffer.from(`${object}${xref}startxref\n${xrefAt}\n%%EOF\n`, 'latin1')]);
}

/** One revision with a cross-reference table and no object streams: what the others are made of. */
export const asClassic = byQpdf('classic', '--object-streams=disable');

const permissionsOnly = ['--encrypt', '', 'owner'];

/** Every kind of file that is signed, each made from one document by qpdf or by an edit of its bytes. */
export const structures: readonly Structure[] = [
  asClassic,
  byQpdf('object-streams', '--object-streams=generate'),
  byQpdf('linearized', '--object-streams=disable', '--linearize'),
  byQpdf('linearized-object-streams', '--object-streams=generate', '--linearize'),
  byEdit('two-revisions', withRevision),
  {
    ...byEdit('junk-before-header', (pdf) => Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), pdf])),
    unreadableFor: ['pyhanko', 'dss'],
  },
  byEdit('no-newline-at-end', (pdf) => pdf.subarray(0, pdf.lastIndexOf('%%EOF') + 5)),
  byQpdf('rotated', '--rotate=+90', '--object-streams=disable'),
  byQpdf('encrypted-rc4-128', '--allow-weak-crypto', ...permissionsOnly, '128', '--use-aes=n'),
  byQpdf('encrypted-aes-128', '--allow-weak-crypto', ...permissionsOnly, '128', '--use-aes=y'),
  byQpdf('encrypted-aes-256', ...permissionsOnly, '256'),
  byEdit('wrong-startxref', (pdf) =>
    Buffer.from(pdf.toString('latin1').replace(/startxref\n\d+/, 'startxref\n7'), 'latin1'),
  ),
  byEdit('no-cross-reference', (pdf) => pdf.subarray(0, pdf.lastIndexOf('\nxref\n') + 1)),
];
