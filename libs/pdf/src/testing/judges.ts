import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `use` with a folder that is gone afterwards. */
export function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'kyso-pdf-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function withFile<T>(pdf: Uint8Array, use: (path: string, folder: string) => T): T {
  return inFolder((folder) => {
    const path = join(folder, 'in.pdf');
    writeFileSync(path, pdf);
    return use(path, folder);
  });
}

/** What `qpdf --check` complains of; empty for a sound file. */
export function qpdfComplaints(pdf: Uint8Array, ...options: string[]): string {
  return withFile(pdf, (path) => {
    const { status, stderr } = spawnSync('qpdf', ['--check', ...options, path], { encoding: 'utf8' });
    return status === 0 ? '' : stderr || `status ${status}`;
  });
}

/** The file without its encryption, its streams expanded, by qpdf. */
export function qpdfDecrypted(pdf: Uint8Array, password: string): string {
  return withFile(pdf, (path, folder) => {
    const output = join(folder, 'out.pdf');
    execFileSync('qpdf', ['--decrypt', '--qdf', `--password=${password}`, path, output]);
    return readFileSync(output, 'latin1');
  });
}

/** The file as qpdf writes it with these options. */
export function qpdf(pdf: Uint8Array, ...options: string[]): Buffer {
  return withFile(pdf, (path, folder) => {
    const output = join(folder, 'out.pdf');
    execFileSync('qpdf', [...options, '--deterministic-id', path, output]);
    return readFileSync(output);
  });
}

function isForm(option: string): boolean {
  return /^--(object-streams=|linearize)/.test(option);
}

/** As `qpdf`, with encryption: `options` are those of --encrypt behind the two passwords, and those of the file's form. */
export function qpdfEncrypted(pdf: Uint8Array, user: string, owner: string, ...options: string[]): Buffer {
  const encrypt = [user, owner, ...options.filter((option) => !isForm(option))];
  return withFile(pdf, (path, folder) => {
    const output = join(folder, 'out.pdf');
    const form = ['--allow-weak-crypto', ...options.filter(isForm)];
    execFileSync('qpdf', [...form, '--encrypt', ...encrypt, '--', path, output]);
    return readFileSync(output);
  });
}

export function pdftotext(pdf: Uint8Array, ...options: string[]): string {
  return withFile(pdf, (path) => execFileSync('pdftotext', [...options, path, '-'], { encoding: 'utf8' }));
}

/** What `pdfsig` says, without checking certificates. */
export function pdfsig(pdf: Uint8Array, ...options: string[]): string {
  return withFile(pdf, (path) => spawnSync('pdfsig', ['-nocert', ...options, path], { encoding: 'utf8' }).stdout);
}

/** Names of the embedded fonts that a page shows, in the order of the alphabet. */
export function pdffonts(pdf: Uint8Array): string[] {
  const lines = withFile(pdf, (path) => execFileSync('pdffonts', [path], { encoding: 'utf8' })).split('\n');
  return lines
    .slice(2)
    .flatMap((line) => /^(\S*KysoSerif\S*)/.exec(line)?.[1] ?? [])
    .toSorted();
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Grey, 0 is black. */
  at(x: number, y: number): number;
  /** Bounding box of everything that isn't white; undefined for an empty page. */
  readonly ink:
    { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number } | undefined;
}

/** One page as poppler draws it, at 72 dpi unless told, from the CropBox. */
export function render(pdf: Uint8Array, page = 1, ...options: string[]): Picture {
  const pages = ['-f', String(page), '-l', String(page)];
  const bytes = withFile(pdf, (path) =>
    execFileSync('pdftoppm', ['-gray', '-cropbox', '-r', '72', ...pages, ...options, path], { maxBuffer: 1 << 28 }),
  );
  const header = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString('latin1', 0, 40));
  const width = Number(header?.[1]);
  const height = Number(header?.[2]);
  const pixels = bytes.subarray(header?.[0].length ?? 0);
  const at = (x: number, y: number): number => pixels[y * width + x] ?? 255;
  let ink: { left: number; top: number; right: number; bottom: number } | undefined;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (at(x, y) < 250) {
        ink ??= { left: x, top: y, right: x, bottom: y };
        ink = { ...ink, left: Math.min(ink.left, x), right: Math.max(ink.right, x), bottom: y };
      }
    }
  }
  return { width, height, at, ink };
}

let signer: { readonly key: string; readonly certificate: string } | undefined;

/** A detached CMS over `content` by a throw-away key, made by OpenSSL. */
export function opensslCms(content: Uint8Array): Buffer {
  signer ??= inFolder((folder) => {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const options = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', '/CN=Test signer'];
    execFileSync('openssl', ['req', ...options, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') };
  });
  const { key, certificate } = signer;
  return inFolder((folder) => {
    const paths = ['key.pem', 'certificate.pem', 'content'].map((name) => join(folder, name));
    const [keyPath = '', certificatePath = '', contentPath = ''] = paths;
    writeFileSync(keyPath, key);
    writeFileSync(certificatePath, certificate);
    writeFileSync(contentPath, content);
    const files = ['-inkey', keyPath, '-signer', certificatePath, '-in', contentPath];
    return execFileSync('openssl', ['cms', '-sign', '-binary', '-md', 'sha256', '-outform', 'DER', '-cades', ...files]);
  });
}
