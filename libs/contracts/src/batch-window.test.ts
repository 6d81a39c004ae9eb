import { describe, expect, it } from '@jest/globals';
import { batchWindowSchema, expectedEnd, windowAt } from './batch-window.js';

/** 22:00 to 05:30 of working days. 23 November 2026 is a Monday. */
const night = batchWindowSchema.parse({
  from: '22:00',
  until: '05:30',
  days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
});
const vietnam = (text: string): Date => new Date(`${text}:00+07:00`);

describe('the window of a batch', () => {
  it.each([
    ['2026-11-23T21:59', false, '2026-11-23T22:00'],
    ['2026-11-23T22:00', true, '2026-11-24T05:30'],
    ['2026-11-24T05:29', true, '2026-11-24T05:30'],
    ['2026-11-24T05:30', false, '2026-11-24T22:00'],
    // The night of Friday ends on Saturday; that of Sunday is none.
    ['2026-11-28T03:00', true, '2026-11-28T05:30'],
    ['2026-11-28T23:00', false, '2026-11-30T22:00'],
    ['2026-11-30T03:00', false, '2026-11-30T22:00'],
  ])('at %s is open: %s, until %s', (at, isOpen, changesAt) => {
    expect(windowAt(night, vietnam(at))).toEqual({ isOpen, changesAt: vietnam(changesAt) });
  });

  it('of the whole day is always open', () => {
    const always = batchWindowSchema.parse({ from: '00:00', until: '24:00' });
    expect(windowAt(always, vietnam('2026-11-23T00:00'))).toMatchObject({ isOpen: true });
    expect(windowAt(always, vietnam('2026-11-23T23:59'))).toMatchObject({ isOpen: true });
  });

  it('divides the rest of the work among nights, or finishes it in the first', () => {
    const hour = 3_600_000;
    const now = vietnam('2026-11-23T22:00');
    expect(expectedEnd(undefined, now, hour)).toEqual(vietnam('2026-11-23T23:00'));
    expect(expectedEnd(night, now, hour)).toEqual(vietnam('2026-11-23T23:00'));
    expect(expectedEnd(night, now, 8 * hour)).toEqual(vietnam('2026-11-24T22:30'));
    expect(expectedEnd({ ...night, atEnd: 'finish' }, now, 8 * hour)).toEqual(vietnam('2026-11-24T06:00'));
    expect(expectedEnd(night, vietnam('2026-11-28T12:00'), hour)).toEqual(vietnam('2026-11-30T23:00'));
  });
});
