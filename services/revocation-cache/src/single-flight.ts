/** Many askers for the same thing at the same time cause one piece of work; all of them get its result or its error. */
export class SingleFlight<V> {
  readonly #flights = new Map<string, Promise<V>>();

  /** Starts `work` unless it is running under this key. */
  run(key: string, work: () => Promise<V>): Promise<V> {
    const running = this.#flights.get(key);
    if (running !== undefined) return running;
    const flight = work().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }
}
