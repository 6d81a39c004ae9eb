import { cpus } from 'node:os';

/** The value in the middle (the mean of the two middle ones for an even count). */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Linear interpolation between the closest ranks; NaN for no values. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * fraction;
  const low = sorted[Math.floor(at)] ?? NaN;
  const high = sorted[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** Rounded to three significant digits, for printing. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** Prints the one line of a benchmark: its name and figures, then the machine and the versions. */
export function printResult(name: string, figures: Readonly<Record<string, unknown>>): void {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    node: process.version,
    openssl: process.versions.openssl,
  };
  process.stdout.write(`${JSON.stringify({ bench: name, ...figures, machine })}\n`);
}
