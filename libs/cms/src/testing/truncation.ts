import { expect } from '@jest/globals';
import { CmsError } from '../errors.js';

/** What a function threw, or undefined. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The code of the CmsError that a function threw; anything else is thrown again. */
export function codeOf(action: () => unknown): string | undefined {
  const error = thrownBy(action);
  if (error !== undefined && !(error instanceof CmsError)) throw error;
  return error?.code;
}

/** Every prefix of a structure must give a CmsError: no other exception, no success, no hang. */
export function expectEveryTruncationRefused(der: Uint8Array, read: (cut: Uint8Array) => unknown): void {
  for (let length = 0; length < der.length; length++) {
    const error = thrownBy(() => read(der.subarray(0, length)));
    // One assertion for each length would take longer than the reading.
    if (!(error instanceof CmsError)) expect({ length, error }).toEqual({ length, error: expect.any(CmsError) });
  }
}

const FLIPS = [0x01, 0x80, 0xff, 0x04];

/** Every byte changed in turn must give a CmsError or a result: no other exception. Returns how many gave a result. */
export function countSurvivingMutations(der: Uint8Array, read: (mutant: Uint8Array) => unknown): number {
  let survivors = 0;
  for (let index = 0; index < der.length; index++) {
    const mutant = Uint8Array.from(der);
    mutant[index]! ^= FLIPS[index % FLIPS.length]!;
    const error = thrownBy(() => read(mutant));
    if (error === undefined) survivors++;
    else if (!(error instanceof CmsError)) throw error;
  }
  return survivors;
}
