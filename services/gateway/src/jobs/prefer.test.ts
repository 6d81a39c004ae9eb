import { describe, expect, it } from '@jest/globals';
import { preferredWait } from './prefer.js';

describe('preferredWait', () => {
  it.each([
    ['wait=10', 10],
    ['respond-async, wait=10', 10],
    ['Wait = "7"; foo=bar', 7],
    ['wait=600', 60],
    ['wait=0', 0],
    ['wait=-1', undefined],
    ['wait=abc', undefined],
    ['return=minimal', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %s', (header, expected) => {
    expect(preferredWait(header)).toBe(expected);
  });
});
