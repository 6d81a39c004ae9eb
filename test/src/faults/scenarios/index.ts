import type { Scenario } from '../scenario.js';
import { authorityScenarios } from './authorities.js';
import { clockScenarios } from './clock.js';
import { processScenarios } from './processes.js';
import { redisScenarios } from './redis.js';
import { storeScenarios } from './stores.js';
import { tokenScenarios } from './token.js';

/** Those of one lane run one after the other, the lanes beside each other, each in clusters of its own. */
export const lanes: readonly (readonly Scenario[])[] = [
  [...tokenScenarios, ...authorityScenarios],
  [...processScenarios, ...redisScenarios],
  [...storeScenarios, ...clockScenarios],
];

/** Every fault, in the order of the table. */
export const scenarios: readonly Scenario[] = lanes.flat();
