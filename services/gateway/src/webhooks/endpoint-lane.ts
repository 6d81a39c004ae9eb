import { compareByTime, compareWithinSubject, type DeliveryName } from './delivery-name.js';

/** Deliveries that one lane knows by name; the rest stays in the store until there is room. */
export const laneWindow = 10_000;
/** Answers that come later than this count as slow. */
const promptMs = 2_000;
const promptAtATime = 8;
const slowAtATime = 4;
const longestPauseMs = 60_000;
/** So long, and so many times in a row, an endpoint has to be away for its return to make everything due. */
const awayForMs = 30_000;
const awayTries = 5;

/** What an attempt says of the endpoint. */
export interface LaneNews {
  readonly isAway: boolean;
  readonly durationMs: number;
  /** Milliseconds that the endpoint asked to wait; 0 when it did not. */
  readonly retryAfterMs: number;
}

interface Waiting {
  readonly name: DeliveryName;
  /** When it is next to be sent, by the lane's clock; undefined as long as its record was not read. */
  dueMs: number | undefined;
  isBusy: boolean;
}

/** A delivery that may be sent now. */
export interface Picked {
  readonly name: DeliveryName;
  /** False: its record may say that it is not due yet. */
  readonly isKnownDue: boolean;
}

/**
 * What waits for one endpoint, and what it bears: of a document only the first event is ever picked; an endpoint that answers
 * promptly gets several at a time, one that is away one at a time, with pauses. In memory only: the store has all of it.
 */
export class EndpointLane {
  /** By document or batch, in order; what was tried comes to the end, so that all have their turn. */
  private readonly subjects = new Map<string, Waiting[]>();
  private readonly names = new Set<string>();
  private busy = 0;
  private isPrompt = false;
  private awayTimes = 0;
  private awaySinceMs: number | undefined;
  private pausedUntilMs = 0;
  /** True when the store has deliveries of it that are not here. */
  hasMore = false;

  constructor(
    readonly clientId: string,
    readonly webhookId: string,
    /** Any clock that never goes back: one that is put back by a day would make endpoints wait for a day. */
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  get size(): number {
    return this.names.size;
  }

  /** True when it is worth asking the store for those that did not fit. */
  get isRunningLow(): boolean {
    return this.hasMore && this.names.size < laneWindow / 2;
  }

  /** Whether it takes its turn with those that answer promptly. */
  get answersPromptly(): boolean {
    return this.isPrompt;
  }

  /** True when it has failed several times in a row: what waits too long may be given up without a further try. */
  get isAway(): boolean {
    return this.awayTimes >= awayTries;
  }

  /** Adds one that was made just now; while older ones are not here, it waits in the store as they do. */
  add(name: DeliveryName): void {
    if (this.hasMore || this.names.size >= laneWindow) {
      this.hasMore ||= !this.names.has(name.name);
      return;
    }
    this.insert(name);
  }

  /** What a listing found: the oldest ones, and whether there are more. */
  refresh(names: readonly DeliveryName[], hasMore: boolean): void {
    for (const name of names) this.insert(name);
    this.hasMore = hasMore;
  }

  private insert(name: DeliveryName): void {
    if (this.names.has(name.name)) return;
    this.names.add(name.name);
    const waiting: Waiting = { name, dueMs: undefined, isBusy: false };
    const others = this.subjects.get(name.about);
    if (others === undefined) {
      this.subjects.set(name.about, [waiting]);
      return;
    }
    others.push(waiting);
    others.sort((a, b) => compareWithinSubject(a.name, b.name));
  }

  /** The next one that may be sent; it is busy until `finish` or `postpone`. */
  pick(): Picked | undefined {
    const nowMs = this.nowMs();
    if (this.busy >= this.atATime || nowMs < this.pausedUntilMs) return undefined;
    for (const waiting of this.heads()) {
      if (waiting.dueMs !== undefined && waiting.dueMs > nowMs) continue;
      waiting.isBusy = true;
      this.busy += 1;
      return { name: waiting.name, isKnownDue: waiting.dueMs !== undefined };
    }
    return undefined;
  }

  /** The oldest `limit` of events before `beforeMs` (since 1970), to be given up; busy until `finish` or `postpone`. */
  pickOlderThan(beforeMs: number, limit: number): DeliveryName[] {
    const old = [...this.heads()].filter(({ name }) => name.atMs < beforeMs);
    const picked = old.sort((a, b) => compareByTime(a.name, b.name)).slice(0, limit);
    for (const waiting of picked) waiting.isBusy = true;
    this.busy += picked.length;
    return picked.map(({ name }) => name);
  }

  /** The first of each document, but not where one of the document is being sent: also an older one that came late waits. */
  private *heads(): Iterable<Waiting> {
    for (const others of this.subjects.values()) {
      if (others[0] !== undefined && !others.some(({ isBusy }) => isBusy)) yield others[0];
    }
  }

  /** The delivery is over: it arrived, is a dead letter, or is not there any more. */
  finish({ name, about }: DeliveryName): void {
    const others = this.subjects.get(about) ?? [];
    const index = others.findIndex((one) => one.name.name === name);
    if (index < 0) return;
    if (others[index]?.isBusy === true) this.busy -= 1;
    others.splice(index, 1);
    this.names.delete(name);
    this.moveBack(about, others);
  }

  /** The delivery waits for so long, and the later ones of its document with it. */
  postpone({ name, about }: DeliveryName, waitMs: number): void {
    const others = this.subjects.get(about) ?? [];
    const waiting = others.find((one) => one.name.name === name);
    if (waiting === undefined) return;
    if (waiting.isBusy) this.busy -= 1;
    waiting.isBusy = false;
    waiting.dueMs = this.nowMs() + waitMs;
    this.moveBack(about, others);
  }

  private moveBack(about: string, others: Waiting[]): void {
    this.subjects.delete(about);
    if (others.length > 0) this.subjects.set(about, others);
  }

  /** Learns from an attempt how much the endpoint bears. */
  heard({ isAway, durationMs, retryAfterMs }: LaneNews): void {
    const nowMs = this.nowMs();
    this.isPrompt = !isAway && durationMs <= promptMs;
    if (isAway) {
      this.awayTimes += 1;
      this.awaySinceMs ??= nowMs;
      const pauseMs = Math.min(longestPauseMs, 1_000 * 2 ** Math.min(10, this.awayTimes - 1));
      // A first failure may be a matter of that one request.
      this.pausedUntilMs = nowMs + Math.max(this.awayTimes < 2 ? 0 : pauseMs, retryAfterMs);
      return;
    }
    const wasAway = this.awayTimes >= awayTries && nowMs - (this.awaySinceMs ?? nowMs) >= awayForMs;
    this.awayTimes = 0;
    this.awaySinceMs = undefined;
    this.pausedUntilMs = 0;
    if (wasAway) this.makeAllDue();
  }

  /** The endpoint is back: what failed while it was away need not wait for its hour. */
  private makeAllDue(): void {
    for (const others of this.subjects.values()) for (const waiting of others) waiting.dueMs &&= this.nowMs();
  }

  private get atATime(): number {
    if (this.awayTimes > 0) return 1;
    return this.isPrompt ? promptAtATime : slowAtATime;
  }
}
