import { describe, expect, it } from '@jest/globals';
import { firstSuccess, type Candidate } from './first-success.js';

const gives = <T>(name: string, value: T): Candidate<T> => ({ name, run: async () => value });
const fails = (name: string, why = 'no'): Candidate<never> => ({
  name,
  run: async () => {
    throw new Error(why);
  },
});
const hangs = (name: string): Candidate<never> => ({ name, run: () => new Promise(() => undefined) });
const failsLater = (name: string, ms: number): Candidate<never> => ({
  name,
  run: () => new Promise((_resolve, reject) => setTimeout(() => reject(new Error('late')), ms)),
});

describe('firstSuccess', () => {
  it('does not start the second where the first succeeds', async () => {
    let started = false;
    const second = {
      name: 'second',
      run: async () => {
        started = true;
        return 2;
      },
    };
    expect(await firstSuccess([gives('first', 1), second], 10)).toEqual({ value: 1, problems: [] });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(started).toBe(false);
  });
  it('goes on after a failure and tells of it', async () => {
    expect(await firstSuccess([fails('a'), fails('b', 'down'), gives('c', 3)], 10_000)).toEqual({
      value: 3,
      problems: ['a: no', 'b: down'],
    });
  });
  it('goes on beside one that hangs', async () => {
    const { value, problems } = await firstSuccess([hangs('a'), gives('b', 2)], 5);
    expect(value).toBe(2);
    expect(problems).toEqual(['a: no answer yet when another one was there']);
  });
  it('ends when all have failed, in whichever order', async () => {
    expect(await firstSuccess([failsLater('a', 30), fails('b'), fails('c')], 5)).toEqual({
      value: undefined,
      problems: ['a: late', 'b: no', 'c: no'],
    });
  });
  it('ends at once where there is nothing to try', async () => {
    expect(await firstSuccess([], 10_000)).toEqual({ value: undefined, problems: [] });
  });
});
