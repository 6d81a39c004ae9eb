import { z } from 'zod';
import { timeOfDay, weekdays, weekdaySchema } from './credential.js';

/** Vietnam’s zone, UTC+07:00 since 1975, without summer time. */
const vietnamOffsetMs = 7 * 3_600_000;
const dayMs = 86_400_000;

/** When a batch is worked on. Vietnam’s zone. */
export const batchWindowSchema = z
  .strictObject({
    from: timeOfDay('23:59').describe('HH:MM in Vietnam, included'),
    until: timeOfDay('24:00').describe('HH:MM in Vietnam, not included; at or before `from`: on the next day'),
    days: z
      .array(weekdaySchema)
      .min(1)
      .max(7)
      .default([...weekdays])
      .describe('On which it opens: a night belongs to the day of its evening'),
    atEnd: z
      .enum(['wait', 'finish'])
      .default('wait')
      .describe('What becomes of items that are left at its end: they wait for the next window, or are finished now'),
  })
  .meta({ id: 'BatchWindow' });
export type BatchWindow = z.infer<typeof batchWindowSchema>;

/** Whether the window is open at an instant, and when that changes next. */
export interface WindowState {
  readonly isOpen: boolean;
  readonly changesAt: Date;
}

/** Looks at the window of yesterday evening, of today and of the seven days after. */
export function windowAt({ from, until, days }: Omit<BatchWindow, 'atEnd'>, now: Date): WindowState {
  const localMidnightMs = Math.floor((now.getTime() + vietnamOffsetMs) / dayMs) * dayMs;
  const fromMs = minutesOf(from) * 60_000;
  const lengthMs = minutesOf(until) * 60_000 - fromMs;
  for (let day = -1; day <= 8; day++) {
    const midnightMs = localMidnightMs + day * dayMs;
    const weekday = weekdays[new Date(midnightMs).getUTCDay()];
    if (weekday === undefined || !days.includes(weekday)) continue;
    const opensMs = midnightMs + fromMs - vietnamOffsetMs;
    const closesMs = opensMs + (lengthMs > 0 ? lengthMs : lengthMs + dayMs);
    if (now.getTime() < opensMs) return { isOpen: false, changesAt: new Date(opensMs) };
    if (now.getTime() < closesMs) return { isOpen: true, changesAt: new Date(closesMs) };
  }
  throw new RangeError('expected a window of at least one day of the week');
}

/** When work that takes `remainingMs` of open time will be done, if it goes on as it does; undefined beyond 60 windows. */
export function expectedEnd(window: BatchWindow | undefined, now: Date, remainingMs: number): Date | undefined {
  if (window === undefined) return new Date(now.getTime() + remainingMs);
  let at = now;
  let leftMs = remainingMs;
  for (let changes = 0; changes < 120; changes++) {
    const { isOpen, changesAt } = windowAt(window, at);
    const spanMs = changesAt.getTime() - at.getTime();
    if (isOpen && (leftMs <= spanMs || window.atEnd === 'finish')) return new Date(at.getTime() + leftMs);
    if (isOpen) leftMs -= spanMs;
    at = changesAt;
  }
  return undefined;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
