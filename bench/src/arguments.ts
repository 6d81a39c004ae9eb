import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { levelSchema, type Level } from '@kyso/contracts';

export interface BenchArguments {
  /** Replaces the input PDF. */
  readonly pdf?: string;
  /** Replaces the signature image (PNG). */
  readonly image?: string;
  readonly rounds: number;
  /** Documents of one measurement, where a benchmark has no rounds. */
  readonly documents?: number;
  /** What of a benchmark is run, where it has more than one level. */
  readonly levels: readonly Level[];
}

/** `--pdf FILE --image FILE --rounds N --documents N --levels B-B,B-T`; files are relative to where ./kyso was called. */
export function readArguments(args: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      pdf: { type: 'string' },
      image: { type: 'string' },
      rounds: { type: 'string' },
      documents: { type: 'string' },
      levels: { type: 'string' },
    },
  });
  const callerDir = process.env['KYSO_CALLER_DIR'] ?? process.cwd();
  const rounds = Number(values.rounds ?? 5);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
    throw new Error(`--rounds: expected 1 to 100, found ${values.rounds}`);
  const documents = values.documents === undefined ? undefined : Number(values.documents);
  if (documents !== undefined && !(Number.isInteger(documents) && documents > 0 && documents <= 1_000_000)) {
    throw new Error(`--documents: expected 1 to 1,000,000, found ${values.documents}`);
  }
  return {
    ...(documents === undefined ? {} : { documents }),
    ...(values.pdf === undefined ? {} : { pdf: resolve(callerDir, values.pdf) }),
    ...(values.image === undefined ? {} : { image: resolve(callerDir, values.image) }),
    rounds,
    levels: (values.levels ?? 'B-B,B-T,B-LT').split(',').map((level) => levelSchema.parse(level)),
  };
}
