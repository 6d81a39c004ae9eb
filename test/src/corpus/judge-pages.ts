import type { JudgedFile, Judgement } from './judge.js';
import { runProgram } from './program.js';
import { writeUnchangedUpdate } from './unchanged-update.js';

/** Enough to see a line of text move; a page of A0 has 1.9 million pixels. */
const dotsPerInch = 50;
/** Anti-aliasing at the edge of the appearance. */
const edgePx = 2;
/** Of 255: what the edge of a letter may differ by where poppler trembles; one that comes or goes differs by more. */
const tremblingGrey = 64;

/** Of two pictures: how many pixels differ, and by how much of 255 at most. */
interface Difference {
  readonly pixels: number;
  readonly most: number;
}

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Grey, row by row from the top. */
  readonly pixels: Buffer;
}

/** First and last page look the same, but for the appearance on page 1; and there something is drawn. */
export async function judgePages(file: JudgedFile): Promise<Judgement> {
  const pages = await pageCount(file);
  if (typeof pages === 'string') return { objections: [], notes: [pages] };
  const objections: string[] = [];
  const notes: string[] = [];
  for (const page of new Set([1, pages])) {
    const before = await render(file, file.originalPath, page);
    if (typeof before === 'string') {
      notes.push(`page ${page} of the original: ${before}`);
      continue;
    }
    const after = await render(file, file.signedPath, page);
    if (typeof after === 'string') objections.push(`page ${page}: ${after}`);
    else {
      const found = compare({ before, after }, page === 1 ? file.answer : undefined);
      const isTrembling = found.outside !== undefined && (await trembles(file, page, { before, found: found.outside }));
      if (isTrembling) notes.push(`page ${page}: poppler draws it otherwise after an update that changes nothing, too`);
      else if (found.objection !== undefined) objections.push(`page ${page}: ${found.objection}`);
      if (found.note !== undefined) notes.push(found.note);
    }
  }
  return { objections, notes };
}

/**
 * True where poppler draws the page otherwise too when an update follows that changes nothing: at least half as many pixels.
 * A file with twenty subsets of one font is known to do that.
 */
async function trembles(
  file: JudgedFile,
  page: number,
  { before, found }: { readonly before: Picture; readonly found: Difference },
): Promise<boolean> {
  const controlPath = `${file.signedPath}.control.pdf`;
  if (!(await writeUnchangedUpdate(file.originalPath, controlPath))) return false;
  const after = await render(file, controlPath, page);
  const control = typeof after === 'string' ? undefined : compare({ before, after }, undefined).outside;
  return control !== undefined && found.pixels <= 2 * control.pixels && found.most <= tremblingGrey;
}

/** As poppler counts them in the original; text says why it can't. */
async function pageCount({ originalPath, password, deadlineMs }: JudgedFile): Promise<number | string> {
  const { stdout, trouble } = await runProgram('pdfinfo', [...passwordOptions(password), originalPath], deadlineMs);
  const pages = Number(/^Pages:\s+(\d+)/m.exec(stdout.toString('latin1'))?.[1] ?? 0);
  return pages > 0 ? pages : (trouble ?? "poppler can't open the original");
}

async function render(file: JudgedFile, path: string, page: number): Promise<Picture | string> {
  const range = ['-f', String(page), '-l', String(page), '-r', String(dotsPerInch)];
  const args = ['-gray', '-cropbox', '-q', ...range, ...passwordOptions(file.password), path];
  const { stdout, trouble } = await runProgram('pdftoppm', args, file.deadlineMs);
  if (trouble !== undefined) return trouble;
  const header = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(stdout.toString('latin1', 0, 40));
  if (header === null) return 'pdftoppm draws nothing';
  return { width: Number(header[1]), height: Number(header[2]), pixels: stdout.subarray(header[0].length) };
}

const passwordOptions = (password: string | undefined): string[] =>
  password === undefined ? [] : ['-upw', password, '-opw', password];

function compare(
  { before, after }: { readonly before: Picture; readonly after: Picture },
  drawn: Pick<JudgedFile['answer'], 'page' | 'rectangle'> | undefined,
): { objection?: string; outside?: Difference; note?: string } {
  const { width, height } = before;
  if (after.width !== width || after.height !== height) {
    return { objection: `${width} × ${height} pixels before, ${after.width} × ${after.height} after` };
  }
  const mask = drawn && maskOf(before, drawn);
  let [outside, inside, most] = [0, 0, 0];
  for (let y = 0; y < height; y += 1) {
    const row = y * width;
    const end = row + width;
    if (before.pixels.compare(after.pixels, row, end, row, end) === 0) continue;
    for (let x = 0; x < width; x += 1) {
      if (before.pixels[row + x] === after.pixels[row + x]) continue;
      const isInside = mask && x >= mask.left && x <= mask.right && y >= mask.top && y <= mask.bottom;
      if (isInside) inside += 1;
      else {
        outside += 1;
        most = Math.max(most, Math.abs((before.pixels[row + x] ?? 0) - (after.pixels[row + x] ?? 0)));
      }
    }
  }
  if (outside > 0) {
    const objection = `${outside} of ${width * height} pixels differ outside the appearance`;
    return { objection, outside: { pixels: outside, most } };
  }
  return mask && inside === 0 ? { note: 'poppler draws no appearance' } : {};
}

/** The appearance in pixels from the top left. poppler knows no UserUnit: the scale is the picture's, not the page's. */
function maskOf(picture: Picture, { page, rectangle }: Pick<JudgedFile['answer'], 'page' | 'rectangle'>) {
  const [scaleX, scaleY] = [picture.width / page.widthPt, picture.height / page.heightPt];
  return {
    left: Math.floor(rectangle.xPt * scaleX) - edgePx,
    right: Math.ceil((rectangle.xPt + rectangle.widthPt) * scaleX) + edgePx,
    top: Math.floor((page.heightPt - rectangle.yPt - rectangle.heightPt) * scaleY) - edgePx,
    bottom: Math.ceil((page.heightPt - rectangle.yPt) * scaleY) + edgePx,
  };
}
