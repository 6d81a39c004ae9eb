import type { SigningError, StoredJob } from '@kyso/contracts';
import type { JobStepEnd } from '../run-step.js';

/** Failures in a row from which a place is held. */
const failuresToHold = 3;
/** So long nobody tries a place that is held; twice as long after each try that failed. */
const firstHoldMs = 1_000;
const longestHoldMs = 30_000;
/** Somebody tries it just now. */
const probeMs = 500;

/** Why an item can't be tried now. */
export interface Held {
  readonly place: string;
  readonly error: SigningError;
  /** Until it may be tried again, in milliseconds. */
  readonly retryInMs: number;
}

/** An item that may be tried, and the places that it needs for it. */
export interface Turn {
  readonly places: readonly string[];
  /** Those of them that it tries for everybody. */
  readonly probes: ReadonlySet<string>;
}

/** How it went: all places are well; one failed; or nothing can be said of them, as when the document was at fault. */
export type TurnEnd = 'well' | 'unknown' | { readonly place: string; readonly error: SigningError };

interface PlaceState {
  failures: number;
  /** By performance.now(). */
  heldUntilMs: number;
  holdMs: number;
  probing: boolean;
  error: SigningError;
}

/**
 * What items of batches need and can't have at the moment, as this signer sees it. After a few failures in a row a place is held:
 * items that need it are not begun, whichever batch they are of, and now and then one of them tries it for all. Items that need
 * other places go on. It is kept in memory only: another signer, or this one after a restart, finds out with three items.
 */
export class PlaceHolds {
  readonly #places = new Map<string, PlaceState>();

  constructor(
    private readonly onChange: (place: string, error: SigningError | undefined) => void,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Gives the item its turn, or says why it has none now. Whoever has a turn ends it with `end`. */
  begin(places: readonly string[]): Turn | { readonly held: Held } {
    for (const place of places) {
      const held = this.look(place);
      if (held !== undefined) return { held };
    }
    const probes = new Set<string>();
    for (const place of places) {
      const state = this.#places.get(place);
      if (state === undefined || state.holdMs === 0) continue;
      state.probing = true;
      probes.add(place);
    }
    return { places, probes };
  }

  /** Why nobody may try the place now; undefined when one may. */
  look(place: string): Held | undefined {
    const state = this.#places.get(place);
    if (state === undefined || state.holdMs === 0) return undefined;
    const restMs = state.heldUntilMs - this.nowMs();
    if (restMs <= 0 && !state.probing) return undefined;
    return { place, error: state.error, retryInMs: Math.max(restMs, probeMs) };
  }

  end({ places, probes }: Turn, end: TurnEnd): void {
    for (const probe of probes) {
      const state = this.#places.get(probe);
      if (state !== undefined) state.probing = false;
    }
    if (end === 'unknown') return;
    if (end === 'well') for (const place of places) this.#free(place);
    else this.#failed(end.place, end.error, probes.has(end.place));
  }

  #free(place: string): void {
    const state = this.#places.get(place);
    if (state === undefined) return;
    this.#places.delete(place);
    if (state.holdMs > 0) this.onChange(place, undefined);
  }

  #failed(place: string, error: SigningError, wasProbe: boolean): void {
    const state = this.#places.get(place) ?? { failures: 0, heldUntilMs: 0, holdMs: 0, probing: false, error };
    this.#places.set(place, state);
    const wasHeld = state.holdMs > 0;
    // Begun before it was held: it tells nothing new.
    if (wasHeld && !wasProbe) return;
    const isOther = state.error.code !== error.code;
    state.error = error;
    state.failures += 1;
    if (state.failures < failuresToHold) return;
    state.holdMs = wasHeld ? Math.min(longestHoldMs, state.holdMs * 2) : firstHoldMs;
    state.heldUntilMs = this.nowMs() + state.holdMs;
    if (!wasHeld || isOther) this.onChange(place, error);
  }
}

/** What a step of a job needs besides its document. */
export function placesOf(job: StoredJob, step: number): string[] {
  const wanted = job.steps[step];
  if (wanted === undefined) return [];
  const { token, credentialId, level } = wanted;
  const places = [`token ${token}`, `credential ${credentialId}`, `revocation of ${credentialId} for ${level}`];
  return level === 'B-B' || job.policy?.timestamp === 'deferred' ? places : [...places, 'time-stamps'];
}

/** The place that a failure is of; undefined where it is none of the step's. */
export function failedPlace(job: StoredJob, step: number, { code }: SigningError): string | undefined {
  const [token, credential, revocation] = placesOf(job, step);
  switch (code) {
    case 'TOKEN_UNAVAILABLE':
    case 'TOKEN_QUARANTINED':
    case 'PIN_INCORRECT':
      return token;
    case 'KEY_NOT_FOUND':
    case 'OUTSIDE_HOURS':
    case 'CREDENTIAL_DISABLED':
      return credential;
    case 'REVOCATION_UNAVAILABLE':
      return revocation;
    case 'TSA_UNAVAILABLE':
      return 'time-stamps';
    default:
      return undefined;
  }
}

/** What the end of an item says of its places. One that was released by an earlier run says nothing. */
export function turnEndOf(job: StoredJob, step: number, end: JobStepEnd): TurnEnd {
  if (end.kind === 'released' && end.result !== undefined) return 'well';
  if (end.kind !== 'waits') return 'unknown';
  const place = failedPlace(job, step, end.error);
  return place === undefined ? 'unknown' : { place, error: end.error };
}
