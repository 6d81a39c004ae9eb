const width = 30;
/** Where nobody looks (a log file), one line in so many milliseconds. */
const quietMs = 5_000;

/** Shows how far something is: a bar that is drawn again on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  #lastMs = -Infinity;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  show(what: string, of: { readonly done: number; readonly total: number; readonly rest?: string }): void {
    const { done, total, rest = '' } = of;
    const share = total === 0 ? 1 : done / total;
    const text = `${what} ${done}/${total} (${Math.floor(share * 100)} %)${rest === '' ? '' : `  ${rest}`}`;
    if (this.stream.isTTY) {
      const filled = Math.round(share * width);
      this.stream.write(`\r\x1b[K[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${text}`);
      return;
    }
    if (performance.now() - this.#lastMs < quietMs && done < total) return;
    this.#lastMs = performance.now();
    this.stream.write(`${text}\n`);
  }

  end(): void {
    if (this.stream.isTTY) this.stream.write('\n');
  }
}
