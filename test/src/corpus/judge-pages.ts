import type { JudgedFile, Judgement } from './judge.js';
import { runProgram } from './program.js';

/** Enough to see a line of text move; a page of A0 has 1.9 million pixels. */
const dotsPerInch = 50;
/** Anti-aliasing at the edge of the appearance. */
const edgePx = 2;

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
      if (found.objection !== undefined) objections.push(`page ${page}: ${found.objection}`);
      if (found.note !== undefined) notes.push(found.note);
    }
  }
  return { objections, notes };
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
): { objection?: string; note?: string } {
  const { width, height } = before;
  if (after.width !== width || after.height !== height) {
    return { objection: `${width} × ${height} pixels before, ${after.width} × ${after.height} after` };
  }
  const mask = drawn && maskOf(before, drawn);
  let [outside, inside] = [0, 0];
  for (let y = 0; y < height; y += 1) {
    const row = y * width;
    const end = row + width;
    if (before.pixels.compare(after.pixels, row, end, row, end) === 0) continue;
    for (let x = 0; x < width; x += 1) {
      if (before.pixels[row + x] === after.pixels[row + x]) continue;
      const isInside = mask && x >= mask.left && x <= mask.right && y >= mask.top && y <= mask.bottom;
      if (isInside) inside += 1;
      else outside += 1;
    }
  }
  if (outside > 0) return { objection: `${outside} of ${width * height} pixels differ outside the appearance` };
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
