import { SigningError } from '@kyso/contracts';
import { assertDrawable } from '@kyso/pdf';
import { fillLine, lineVariables, type LineFacts } from '@kyso/preparation';
import { refusing } from '../documents/pdf-refusal.js';

/** Any time does: it is drawn with digits and marks that stand for every other instant. */
const sampleSigningTime = new Date('2026-12-31T16:59:59Z');
const known: ReadonlySet<string> = new Set(lineVariables);
/** Which value of the step a name in braces draws. */
const drawnValue: Readonly<Record<string, 'number' | 'date' | 'note'>> = {
  number: 'number',
  serial: 'number',
  date: 'date',
  day: 'date',
  month: 'date',
  year: 'date',
  note: 'note',
};

/**
 * Refuses lines that could not be drawn once their names in braces are filled in (TEXT_NOT_DRAWABLE), names that nobody fills
 * in, and those of values that the step doesn't give (REQUEST_INVALID): they would stand on the document for ever, or leave a
 * gap in it.
 */
export async function assertLinesDrawable(
  lines: readonly string[],
  facts: Omit<LineFacts, 'signingTime'>,
): Promise<void> {
  for (const line of lines) {
    for (const [variable, name = ''] of line.matchAll(/\{([A-Za-z]+)\}/g)) {
      if (!known.has(name)) {
        const expected = lineVariables.map((one) => `{${one}}`).join(', ');
        throw new SigningError('REQUEST_INVALID', { expected, found: variable });
      }
      const value = drawnValue[name];
      if (value !== undefined && facts[value] === undefined) {
        throw new SigningError('REQUEST_INVALID', { expected: `${value}, which ${variable} draws`, found: 'none' });
      }
    }
    const text = fillLine(line, { ...facts, signingTime: sampleSigningTime });
    await refusing(async () => assertDrawable(text));
  }
}
