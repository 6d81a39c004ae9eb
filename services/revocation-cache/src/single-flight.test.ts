import { describe, expect, it } from '@jest/globals';
import { SingleFlight } from './single-flight.js';

const fail = async (): Promise<number> => {
  throw new Error('no');
};

describe('SingleFlight', () => {
  it('works once for askers at the same time, and again for later ones', async () => {
    const flights = new SingleFlight<number>();
    let runs = 0;
    const work = async (): Promise<number> => ++runs;
    expect(await Promise.all([flights.run('a', work), flights.run('a', work), flights.run('b', work)])).toEqual([
      1, 1, 2,
    ]);
    expect(await flights.run('a', work)).toBe(3);
  });
  it('gives an error to all of them and remembers none', async () => {
    const flights = new SingleFlight<number>();
    const results = await Promise.allSettled([flights.run('a', fail), flights.run('a', fail)]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    expect(await flights.run('a', async () => 1)).toBe(1);
  });
});
