import { appendFile, readFile, writeFile } from 'node:fs/promises';

export type Outcome = 'signed' | 'refused' | 'failed';

/** A line of results.tsv. */
export interface Result {
  readonly name: string;
  readonly outcome: Outcome;
  /** Of a refusal that of PdfError; of a failure what went wrong; else empty. */
  readonly code: string;
  /** For people: what was expected and found, and what judges had to leave open. */
  readonly found: string;
  /** Both signatures, without the judges. */
  readonly ms: number;
  readonly peakRssKb: number;
}

const columns = ['name', 'outcome', 'code', 'found', 'ms', 'peak RSS kB'];

/** results.tsv: a line is there as soon as a file is done, so that a run that was cut off can go on. */
export class ResultsFile {
  private constructor(
    private readonly path: string,
    readonly results: Result[],
  ) {}

  static async open(path: string, resume: boolean): Promise<ResultsFile> {
    const earlier = resume ? await readFile(path, 'utf8').catch(() => '') : '';
    const results = earlier.split('\n').slice(1).flatMap(parseLine);
    const file = new ResultsFile(path, results);
    await file.writeWhole();
    return file;
  }

  async add(result: Result): Promise<void> {
    this.results.push(result);
    await appendFile(this.path, lineOf(result));
  }

  /** In the order of the names, whatever order the files were done in. */
  async finish(): Promise<void> {
    this.results.sort((a, b) => (a.name < b.name ? -1 : 1));
    await this.writeWhole();
  }

  private async writeWhole(): Promise<void> {
    await writeFile(this.path, `${columns.join('\t')}\n${this.results.map(lineOf).join('')}`);
  }
}

const escape = (byte: string): string => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;

/** A name as results.tsv writes it: control characters and the backslash as `\xHH`, bytes that are not UTF-8 too. */
export function printableName(name: Buffer): string {
  const text = name.toString('utf8');
  if (Buffer.from(text).equals(name)) return text.replaceAll(/[\p{Cc}\\]/gu, escape);
  return name.toString('latin1').replaceAll(/[^ -~]|\\/g, escape);
}

/** One line, without tabs. */
export function oneLine(text: string, maxLength = 500): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}

function lineOf({ name, outcome, code, found, ms, peakRssKb }: Result): string {
  return `${[name, outcome, code, oneLine(found), Math.round(ms), peakRssKb].join('\t')}\n`;
}

function parseLine(line: string): Result[] {
  const [name, outcome, code, found, ms, peakRssKb, ...rest] = line.split('\t');
  if (peakRssKb === undefined || rest.length > 0 || name === undefined) return [];
  if (outcome !== 'signed' && outcome !== 'refused' && outcome !== 'failed') return [];
  return [{ name, outcome, code: code ?? '', found: found ?? '', ms: Number(ms), peakRssKb: Number(peakRssKb) }];
}

/** Counts by outcome and code, for people. */
export function summary(results: readonly Result[]): string {
  const counts = new Map<string, number>();
  for (const { outcome, code } of results) {
    for (const key of code === '' ? [outcome] : [outcome, `${outcome} ${code}`]) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const lines = [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, count]) => {
      const [outcome = '', code] = key.split(' ');
      return code === undefined ? `${outcome}: ${count}` : `  ${code}: ${count}`;
    });
  return [`${results.length} files`, ...lines].join('\n');
}
