import { objectKeys, versionTurnSchema, type VersionTurn } from '@kyso/contracts';
import { readJob, readOutcome } from './job-records.js';
import { createJson, getJson } from './json-object.js';
import type { ObjectStore } from './object-store.js';

/**
 * A signer makes its version, and a gateway stores its job, within seconds of taking the turn; one that did not so long is
 * gone, or the request was refused after all.
 */
const unusedTurnMs = 600_000;
const maxGenerations = 1_000;

/** The version of a document that somebody wants to make. */
export interface WantedVersion {
  readonly documentId: string;
  readonly version: number;
}

/**
 * Takes the turn to make a version. Gives undefined when it is ours (also from before), else who has it and has not ended.
 * Jobs and later time-stamps ask for it where both may want the same version, so that no job that was accepted finds its
 * version taken by a time-stamp of our own.
 */
export async function takeTurn(
  store: ObjectStore,
  wanted: WantedVersion,
  mine: VersionTurn,
): Promise<VersionTurn | undefined> {
  for (let generation = 1; generation <= maxGenerations; generation++) {
    const key = objectKeys.turn(wanted.documentId, wanted.version, generation);
    if (await createJson(store, key, mine)) return undefined;
    const turn = await getJson(store, key, versionTurnSchema);
    if (turn === undefined || (await hasEnded(store, turn, Date.parse(mine.at)))) continue;
    return turn.holder === mine.holder ? undefined : turn;
  }
  return { holder: 'timestamp', at: mine.at };
}

async function hasEnded(store: ObjectStore, turn: VersionTurn, nowMs: number): Promise<boolean> {
  const ageMs = nowMs - Date.parse(turn.at);
  if (turn.holder === 'timestamp') return ageMs > unusedTurnMs;
  const job = await readJob(store, turn.holder);
  return job === undefined ? ageMs > unusedTurnMs : (await readOutcome(store, job)) !== undefined;
}
