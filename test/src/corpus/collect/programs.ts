import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runProgram } from '../program.js';

const deadlineMs = 120_000;

const paragraphs = [
  'Căn cứ Luật Giao dịch điện tử ngày 22 tháng 6 năm 2023;',
  'Xét đề nghị của Chánh Văn phòng, QUYẾT ĐỊNH ban hành kèm theo Quyết định này Quy chế quản lý văn bản.',
  'The quick brown fox jumps over the lazy dog.',
];
const html = `<!doctype html><html lang="vi"><meta charset="utf-8"><title>Quyết định</title><body><h1>QUYẾT ĐỊNH</h1>${paragraphs
  .map((text) => `<p>${text}</p>`)
  .join('')}<table border="1"><tr><td>Số</td><td>12/QĐ-UBND</td></tr></table>
<form><input type="text" name="so" value="12"><input type="checkbox" name="ok" checked></form>
<p style="page-break-before: always">Trang hai</p></body></html>`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><rect width="380" height="280" fill="none"
stroke="red"/><text x="40" y="80" font-size="24">Sơ đồ tổ chức</text></svg>`;
const tex = (packages: string, text: string): string =>
  `\\documentclass[a4paper]{article}${packages}\\begin{document}\\section{Report}${text}\\newpage Page two\\end{document}`;
const fo = `<fo:root xmlns:fo="http://www.w3.org/1999/XSL/Format"><fo:layout-master-set><fo:simple-page-master
master-name="p" page-height="297mm" page-width="210mm" margin="20mm"><fo:region-body/></fo:simple-page-master>
</fo:layout-master-set><fo:page-sequence master-reference="p"><fo:flow flow-name="xsl-region-body"><fo:block>Formatting
objects</fo:block></fo:flow></fo:page-sequence></fo:root>`;
const php = `<?php require '/usr/share/php/tcpdf/tcpdf.php'; $p = new TCPDF(); $p->AddPage(); $p->Write(0, 'TCPDF');
$p->Output($argv[1], 'F');`;

/** A way to have a PDF made by a program of Debian's. */
interface Recipe {
  readonly name: string;
  readonly debianPackage: string;
  /** Program and arguments; the folder has the inputs, and the PDF goes to `target` where the program asks for a name. */
  command(folder: string, target: string): readonly [string, ...string[]];
}

const office = (name: string, filter: string, input = 'page.html'): Recipe => ({
  name: `libreoffice-${name}`,
  debianPackage: 'libreoffice-writer-nogui',
  command: (folder, target) => [
    'soffice',
    `-env:UserInstallation=${pathToFileURL(join(folder, 'profile')).href}`,
    '--headless',
    '--convert-to',
    `pdf:writer_web_pdf_Export:${filter}`,
    '--outdir',
    `${target}.d`,
    join(folder, input),
  ],
});

const ghostscript = (name: string, ...options: string[]): Recipe => ({
  name: `ghostscript-${name}`,
  debianPackage: 'ghostscript',
  command: (folder, target) => [
    'gs',
    '-q',
    '-dSAFER',
    '-dBATCH',
    '-dNOPAUSE',
    '-sDEVICE=pdfwrite',
    ...options,
    `-sOutputFile=${target}`,
    join(folder, 'page.ps'),
  ],
});

const latex = (program: string, source: string): Recipe => ({
  name: `${program}-${basename(source, '.tex')}`,
  debianPackage:
    program === 'xelatex' ? 'texlive-xetex' : program === 'lualatex' ? 'texlive-luatex' : 'texlive-latex-base',
  command: (folder, target) => [
    program,
    '-interaction=batchmode',
    `-output-directory=${folder}`,
    `-jobname=${basename(target, '.pdf')}`,
    join(folder, source),
  ],
});

const recipes: readonly Recipe[] = [
  office('plain', '{}'),
  office('pdfa1', '{"SelectPdfVersion":{"type":"long","value":"1"}}'),
  office('pdfa2', '{"SelectPdfVersion":{"type":"long","value":"2"}}'),
  office('pdfa3', '{"SelectPdfVersion":{"type":"long","value":"3"}}'),
  office(
    'tagged',
    '{"UseTaggedPDF":{"type":"boolean","value":"true"},"ExportBookmarks":{"type":"boolean","value":"true"}}',
  ),
  office(
    'restricted',
    '{"RestrictPermissions":{"type":"boolean","value":"true"},"PermissionPassword":{"type":"string","value":"owner"},"Changes":{"type":"long","value":"4"}}',
  ),
  ghostscript('default'),
  ghostscript('1.4', '-dCompatibilityLevel=1.4'),
  ghostscript('1.2', '-dCompatibilityLevel=1.2'),
  ghostscript('screen', '-dPDFSETTINGS=/screen'),
  ghostscript('pdfa', '-dPDFA=2', '-sColorConversionStrategy=RGB'),
  ghostscript('linear', '-dFastWebView=true'),
  latex('pdflatex', 'plain.tex'),
  latex('pdflatex', 'linked.tex'),
  latex('xelatex', 'plain.tex'),
  latex('lualatex', 'plain.tex'),
  {
    name: 'cairo',
    debianPackage: 'librsvg2-bin',
    command: (folder, target) => ['rsvg-convert', '--format=pdf', '--output', target, join(folder, 'drawing.svg')],
  },
  {
    name: 'chromium',
    debianPackage: 'chromium',
    command: (folder, target) => [
      'chromium',
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      `--user-data-dir=${join(folder, 'chromium')}`,
      `--print-to-pdf=${target}`,
      pathToFileURL(join(folder, 'page.html')).href,
    ],
  },
  {
    name: 'wkhtmltopdf',
    debianPackage: 'wkhtmltopdf',
    command: (folder, target) => ['wkhtmltopdf', '-q', join(folder, 'page.html'), target],
  },
  {
    name: 'weasyprint',
    debianPackage: 'weasyprint',
    command: (folder, target) => ['weasyprint', join(folder, 'page.html'), target],
  },
  {
    name: 'fop',
    debianPackage: 'fop',
    command: (folder, target) => ['fop', '-fo', join(folder, 'page.fo'), '-pdf', target],
  },
  {
    name: 'groff',
    debianPackage: 'groff',
    command: (folder, target) => ['sh', '-c', 'groff -Tpdf -ms "$1" > "$2"', 'sh', join(folder, 'page.ms'), target],
  },
  {
    name: 'tcpdf',
    debianPackage: 'php-tcpdf',
    command: (folder, target) => ['php', join(folder, 'page.php'), target],
  },
  {
    name: 'mupdf',
    debianPackage: 'mupdf-tools',
    command: (folder, target) => ['mutool', 'create', '-o', target, join(folder, 'page.mu')],
  },
];

/** PDFs made here by programs of other people; what isn't installed is left out, and said. */
export async function collectMade(target: string, tell: (line: string) => void): Promise<void> {
  const made = join(target, 'made');
  const inputs = join(target, '.inputs');
  await mkdir(made, { recursive: true });
  await writeInputs(inputs);
  const missing = new Set<string>();
  let count = 0;
  for (const recipe of recipes) {
    const { name, debianPackage } = recipe;
    const file = join(made, `${name}.pdf`);
    const [program, ...args] = recipe.command(inputs, file);
    try {
      await runProgram(program, args, deadlineMs);
      count += (await take(file, inputs)) ? 1 : 0;
    } catch {
      missing.add(debianPackage);
    }
  }
  await rm(inputs, { recursive: true, force: true });
  tell(`made by programs: ${count} files`);
  if (missing.size > 0) tell(`more with: apt-get install --no-install-recommends ${[...missing].join(' ')}`);
}

/** LibreOffice and TeX choose the place themselves. */
async function take(file: string, inputs: string): Promise<boolean> {
  const places = [
    join(inputs, basename(file)),
    ...(await readdir(`${file}.d`).catch(() => [])).map((name) => join(`${file}.d`, name)),
  ];
  for (const place of places) {
    const bytes = await readFile(place).catch(() => undefined);
    if (bytes !== undefined) await writeFile(file, bytes);
  }
  await rm(`${file}.d`, { recursive: true, force: true });
  return (await readFile(file).catch(() => Buffer.alloc(0))).length > 0;
}

async function writeInputs(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const ps =
    '%!PS\n/Helvetica findfont 24 scalefont setfont 72 700 moveto (PostScript) show showpage (2) pop showpage\n';
  const mu = '%%MediaBox 0 0 500 700\n%%Font F Times-Roman\nBT /F 24 Tf 50 600 Td (mutool) Tj ET\n';
  for (const [name, text] of [
    ['page.html', html],
    ['drawing.svg', svg],
    ['page.ps', ps],
    ['page.fo', fo],
    ['page.php', php],
    ['page.mu', mu],
    ['page.ms', '.TL\nReport\n.PP\nA paragraph.\n.bp\nPage two.\n'],
    ['plain.tex', tex('', 'Plain text, $a^2 + b^2 = c^2$.')],
    [
      'linked.tex',
      tex(
        '\\usepackage{hyperref}',
        '\\tableofcontents\\url{http://example.com}\\begin{Form}\\TextField{Name}\\end{Form}',
      ),
    ],
  ] as const) {
    await writeFile(join(folder, name), text);
  }
}
