// Paragraphs of mixed styles on a page, as a word processor sets them: greedy lines, justified, first line indented.

import {
  beginText,
  endText,
  PDFName,
  pushGraphicsState,
  popGraphicsState,
  setFontAndSize,
  setTextMatrix,
  showText,
} from 'pdf-lib';

/** A4 and the margins of Nghị định 30/2020/NĐ-CP, annex I (20 mm top and bottom, 30 left, 15 right), in points. */
export const page = { width: 595.28, height: 841.89, top: 56.7, bottom: 56.7, left: 85.04, right: 42.52 };
export const textWidth = page.width - page.left - page.right;

/**
 * Draws `runs` ([text, font] pairs, or a plain text in `style.font`) from `top` downwards and returns the new top.
 * `style`: font, size, x, width, align ('left' | 'centre' | 'justify'), indent, leading (of the size), after (points).
 */
export function paragraph(canvas, runs, top, style) {
  const { size, x = page.left, width = textWidth, align = 'justify', indent = 0, leading = 1.2, after = 0 } = style;
  const words = wordsOf(typeof runs === 'string' ? [[runs, style.font]] : runs, size);
  const lines = breakLines(words, { width, indent });
  let y = top;
  for (const [index, line] of lines.entries()) {
    y -= size * leading;
    const inset = index === 0 ? indent : 0;
    const free = width - inset - lineWidth(line);
    const stretched = align === 'justify' && index < lines.length - 1;
    const gap = stretched ? free / (line.length - 1) : 0;
    let at = x + inset + (align === 'centre' ? free / 2 : 0);
    for (const word of line) {
      drawWord(canvas, word, { at, y, size });
      at += word.width + word.spaceWidth + gap;
    }
  }
  return y - after;
}

/** A horizontal rule of `width`, centred on `centre`. */
export function rule(canvas, centre, y, width) {
  canvas.drawLine({ start: { x: centre - width / 2, y }, end: { x: centre + width / 2, y }, thickness: 0.7 });
}

/** Cut at spaces; a word may be made of pieces in several fonts ("Điều 1." bold, then upright). */
function wordsOf(runs, size) {
  const words = [];
  let open;
  for (const [text, font] of runs) {
    for (const [index, part] of text.split(' ').entries()) {
      if (index > 0) open = undefined;
      if (part === '') continue;
      if (open === undefined) {
        open = { pieces: [], width: 0, spaceWidth: font.widthOfTextAtSize(' ', size) };
        words.push(open);
      }
      const width = font.widthOfTextAtSize(part, size);
      open.pieces.push({ text: part, font, width });
      open.width += width;
    }
  }
  return words;
}

function breakLines(words, { width, indent }) {
  const lines = [[]];
  let room = width - indent;
  for (const word of words) {
    const line = lines.at(-1);
    if (line.length > 0 && lineWidth([...line, word]) > room) {
      lines.push([word]);
      room = width;
    } else {
      line.push(word);
    }
  }
  return lines;
}

function lineWidth(line) {
  return line.reduce((sum, word, index) => sum + word.width + (index < line.length - 1 ? word.spaceWidth : 0), 0);
}

function drawWord(canvas, word, { at, y, size }) {
  let x = at;
  for (const [index, { text, font, width }] of word.pieces.entries()) {
    // The space is part of the word, so that text search finds phrases.
    drawText(canvas, index === word.pieces.length - 1 ? `${text} ` : text, { x, y, size, font });
    x += width;
  }
}

/** PDFPage.drawText names the font anew in the page's resources at each call, which makes 15 kB of a page like this. */
function drawText(canvas, text, { x, y, size, font }) {
  const key = PDFName.of(font.name.replace(/^.*-/, ''));
  canvas.node.setFontDictionary(key, font.ref);
  canvas.pushOperators(
    pushGraphicsState(),
    beginText(),
    setFontAndSize(key, size),
    setTextMatrix(1, 0, 0, 1, x, y),
    showText(font.encodeText(text)),
    endText(),
    popGraphicsState(),
  );
}
