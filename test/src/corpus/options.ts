import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** What the command line of `npm run corpus` asks for. */
export interface CorpusOptions {
  /** Folder of PDFs; sub-folders belong to it. */
  readonly folder: string;
  /** Receives signed/, failed/ and results.tsv. */
  readonly out: string;
  /** Files at a time. */
  readonly jobs: number;
  /** Milliseconds for both signatures of one file, and for each run of a judge. */
  readonly deadlineMs: number;
  /** Resident memory of the process that signs one file. */
  readonly maxRssKb: number;
  /** User or owner password that encrypted files are opened with. */
  readonly password: string | undefined;
  /** Files with a line in results.tsv are left out. */
  readonly resume: boolean;
}

export const usage = `Usage: npm run corpus -- DIR --out OUT [options]
  DIR               folder with PDFs; sub-folders too. Files without the ending .pdf count if they begin like a PDF
  --out OUT         gets signed/NAME, failed/NAME and results.tsv
  --jobs N          files at a time (default: the number of processors)
  --deadline S      seconds for signing one file, and for each judge (default 60)
  --memory MB       resident memory that signing one file may take (default 512)
  --password TEXT   for encrypted files
  --resume          leaves out what results.tsv has already`;

/** Throws an Error with what is wrong; paths become absolute, from the folder in which npm was called. */
export function readOptions(args: readonly string[]): CorpusOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      jobs: { type: 'string' },
      deadline: { type: 'string', default: '60' },
      memory: { type: 'string', default: '512' },
      password: { type: 'string' },
      resume: { type: 'boolean', default: false },
    },
  });
  const [folder, ...others] = positionals;
  if (folder === undefined || others.length > 0) throw new Error('expected one folder');
  if (values.out === undefined) throw new Error('expected --out');
  const from = process.env['INIT_CWD'] ?? process.cwd();
  return {
    folder: resolve(from, folder),
    out: resolve(from, values.out),
    jobs: positive('--jobs', values.jobs ?? String(availableParallelism())),
    deadlineMs: positive('--deadline', values.deadline) * 1000,
    maxRssKb: positive('--memory', values.memory) * 1024,
    password: values.password,
    resume: values.resume,
  };
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`expected ${option} with a whole number above 0, found ${text}`);
  return value;
}
