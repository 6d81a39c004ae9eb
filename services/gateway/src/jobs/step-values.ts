import { assertDocumentDate, parseDocumentNumber, type SigningStep, type StoredStep } from '@kyso/contracts';

/** Number, date and note of a step as they are drawn and stored. Throws NUMBER_INVALID, DATE_INVALID. */
export function checkedValues(
  { number, date, note }: SigningStep,
  now: Date,
): Pick<StoredStep, 'number' | 'date' | 'note'> {
  if (date !== undefined) assertDocumentDate(date, now);
  return {
    ...(number === undefined ? {} : { number: parseDocumentNumber(number).text }),
    ...(date === undefined ? {} : { date }),
    ...(note === undefined ? {} : { note }),
  };
}
