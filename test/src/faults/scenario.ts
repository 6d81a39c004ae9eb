import type { FailureCode, Level } from '@kyso/contracts';
import type { Random } from '../random.js';
import type { KeyUseMark } from './key-uses.js';
import type { World, WorldKind } from './world.js';

/**
 * What must have become of the documents:
 * - `completed`: all of them while it is broken, nobody heals it before;
 * - `completed-after-healing`: all of them, and at least one had to wait for the healing;
 * - `recovered`: all of them; what was broken heals by itself (a process is started again);
 * - `failed`: at least one failed, and every one that did says one of these codes; the others are completed.
 */
export type Expectation =
  | { readonly kind: 'completed' | 'completed-after-healing' | 'recovered' }
  | { readonly kind: 'failed'; readonly codes: readonly FailureCode[] };

/** One fault, as data: what is broken, how it heals, what must come of it. */
export interface Scenario {
  readonly name: string;
  /** Which cluster it needs. */
  readonly world: WorldKind;
  /** For the table: what is broken, in the operator's words. */
  readonly broken: string;
  /** For the table: how it ends, and what the operator does about it. */
  readonly healing: string;
  readonly expected: Expectation;
  /** Levels that are asked for, in turn; default B-B, B-T, B-LT. */
  readonly levels?: readonly Level[];
  /** Least and most milliseconds from breaking to healing; default 1,500 to 3,000. */
  readonly brokenMs?: readonly [number, number];
  /** How long every document may take after the healing, milliseconds; default 120,000. */
  readonly patienceMs?: number;
  /** Every signature takes 300 ms longer, so that documents are in every queue and hand when it breaks. */
  readonly slowToken?: boolean;
  /** Before anything else a sealed B-LT document is signed, so that the evidence of both signers is in the cache. */
  readonly warmCache?: boolean;
  /** Documents that are sent after the fault is there, at least; default one of each level. */
  readonly sentAfter?: number;
  breakIt(world: World, random: Random): Promise<void>;
  /** Absent where it heals by itself. */
  healIt?(world: World): Promise<void>;
  /** True when the fault was felt; for faults that every document survives, so that they can't pass by doing nothing. */
  wasFelt?(world: World, since: KeyUseMark): Promise<boolean>;
}
