import { beforeEach, describe, expect, it } from '@jest/globals';
import { SigningError, holdingCodes, type FailureCode, type StoredJob } from '@kyso/contracts';
import { failedPlace, placesOf, PlaceHolds, turnEndOf, type Turn } from './place-holds.js';

const away = new SigningError('TOKEN_UNAVAILABLE', { found: 'ABSENT' });
const job = (step: Partial<StoredJob['steps'][number]> = {}, more: Partial<StoredJob> = {}): StoredJob =>
  ({ steps: [{ credentialId: 'leader', token: 'a', role: 'leader', level: 'B-T', ...step }], ...more }) as StoredJob;

describe('PlaceHolds', () => {
  let nowMs: number;
  let told: string[];
  let holds: PlaceHolds;
  beforeEach(() => {
    nowMs = 1_000_000;
    told = [];
    holds = new PlaceHolds(
      (place, error) => told.push(`${place}: ${error?.code ?? 'well'}`),
      () => nowMs,
    );
  });

  const taken = (...places: string[]): Turn => {
    const turn = holds.begin(places);
    if ('held' in turn) throw new Error(`held by ${turn.held.place}`);
    return turn;
  };
  const fail = (place: string, error = away): void => holds.end(taken(place), { place, error });
  const isHeld = (...places: string[]): boolean => {
    const turn = holds.begin(places);
    if ('held' in turn) return true;
    holds.end(turn, 'unknown');
    return false;
  };

  it('holds a place after three failures in a row, and others not', () => {
    fail('a');
    fail('a');
    expect(isHeld('a')).toBe(false);
    fail('a');
    expect(holds.begin(['b', 'a'])).toEqual({ held: { place: 'a', error: away, retryInMs: 1_000 } });
    expect(isHeld('b')).toBe(false);
    expect(told).toEqual(['a: TOKEN_UNAVAILABLE']);
  });

  it('counts anew after a success in between', () => {
    fail('a');
    fail('a');
    holds.end(taken('a'), 'well');
    fail('a');
    fail('a');
    expect(isHeld('a')).toBe(false);
    expect(told).toEqual([]);
  });

  it('says nothing of a place when the document was at fault', () => {
    fail('a');
    fail('a');
    holds.end(taken('a'), 'unknown');
    fail('a');
    expect(isHeld('a')).toBe(true);
  });

  it('lets one item try for all, ever more seldom up to 30 s, until one passes', () => {
    for (let i = 0; i < 3; i++) fail('a');
    for (const holdMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      nowMs += holdMs - 1;
      expect(isHeld('a')).toBe(true);
      nowMs += 1;
      const probe = taken('a');
      expect(isHeld('a')).toBe(true);
      holds.end(probe, { place: 'a', error: away });
    }
    nowMs += 30_000;
    holds.end(taken('a'), 'well');
    expect(isHeld('a')).toBe(false);
    expect(told).toEqual(['a: TOKEN_UNAVAILABLE', 'a: well']);
  });

  it('lets the next item try at once when the one that tried told nothing', () => {
    for (let i = 0; i < 3; i++) fail('a');
    nowMs += 1_000;
    holds.end(taken('a'), 'unknown');
    expect(isHeld('a')).toBe(false);
  });

  it('does not hold longer for the many that had begun before', () => {
    const begun = Array.from({ length: 20 }, () => taken('a'));
    for (const turn of begun) holds.end(turn, { place: 'a', error: away });
    nowMs += 1_000;
    expect(isHeld('a')).toBe(false);
  });

  it('tells when another reason takes the place of the first', () => {
    for (let i = 0; i < 3; i++) fail('a');
    nowMs += 1_000;
    fail('a', new SigningError('TOKEN_QUARANTINED'));
    expect(told).toEqual(['a: TOKEN_UNAVAILABLE', 'a: TOKEN_QUARANTINED']);
  });
});

describe('the places of a step', () => {
  it('are its token, its credential, the evidence of that, and time-stamps where it waits for them', () => {
    expect(placesOf(job(), 0)).toEqual(['token a', 'credential leader', 'revocation of leader for B-T', 'time-stamps']);
    expect(placesOf(job({ level: 'B-B' }), 0)).not.toContain('time-stamps');
    expect(placesOf(job({}, { policy: { name: 'night', timestamp: 'deferred' } }), 0)).not.toContain('time-stamps');
    expect(placesOf(job(), 1)).toEqual([]);
  });

  it('include the place of every failure that holds, and of no other', () => {
    for (const code of holdingCodes) {
      expect(placesOf(job(), 0)).toContain(failedPlace(job(), 0, new SigningError(code)));
    }
    for (const code of ['PDF_DAMAGED', 'SIGNATURE_WRONG', 'CLOCK_SKEWED', 'STORE_FULL'] satisfies FailureCode[]) {
      expect(failedPlace(job(), 0, new SigningError(code))).toBeUndefined();
    }
  });

  it('are well when a step was signed now, and not when it had been before', () => {
    const result = {} as never;
    expect(turnEndOf(job(), 0, { kind: 'released', steps: 1, result })).toBe('well');
    expect(turnEndOf(job(), 0, { kind: 'released', steps: 1 })).toBe('unknown');
    expect(turnEndOf(job(), 0, { kind: 'failed', error: away })).toBe('unknown');
    expect(turnEndOf(job(), 0, { kind: 'waits', delayMs: 1, error: away })).toEqual({ place: 'token a', error: away });
  });
});
