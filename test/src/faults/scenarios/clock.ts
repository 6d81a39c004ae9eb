import type { FailureCode } from '@kyso/contracts';
import type { Scenario } from '../scenario.js';
import type { World } from '../world.js';

const skewed: readonly FailureCode[] = ['CLOCK_SKEWED'];

function clockOf(world: World): NonNullable<World['parts']['clock']> {
  const { clock } = world.parts;
  if (clock === undefined) throw new Error('expected a clock that can be shifted');
  return clock;
}

function shifted(seconds: number, about: Pick<Scenario, 'name' | 'broken' | 'healing' | 'expected'>): Scenario {
  return {
    world: 'clock',
    breakIt: (world) => clockOf(world).shift(seconds),
    healIt: (world) => clockOf(world).shift(0),
    ...about,
  };
}

export const clockScenarios: readonly Scenario[] = [
  shifted(15, {
    name: 'clock-steps-ahead',
    broken: 'the clock of all services jumps ahead by 15 s',
    healing: 'nothing to do: within `KYSO_MAX_CLOCK_SKEW_MS`',
    expected: { kind: 'completed' },
  }),
  shifted(-15, {
    name: 'clock-steps-back',
    broken: 'the clock of all services jumps back by 15 s',
    healing: 'nothing to do: within `KYSO_MAX_CLOCK_SKEW_MS`',
    expected: { kind: 'completed' },
  }),
  shifted(3_600, {
    name: 'clock-hour-ahead',
    broken: 'the clock of all services is an hour ahead, then right again',
    healing: 'by hand: NTP; what failed is sent again by its sender',
    expected: { kind: 'failed', codes: skewed },
  }),
  shifted(-3_600, {
    name: 'clock-hour-behind',
    broken: 'the clock of all services is an hour behind, then right again',
    healing: 'by hand: NTP; what failed is sent again by its sender',
    expected: { kind: 'failed', codes: skewed },
  }),
];
