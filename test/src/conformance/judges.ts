import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Registries answer within this or not at all. */
const fetchTimeoutMs = 600_000;

/** What a judge said of one signature (or, for veraPDF, of one file). */
export interface Judgement {
  readonly file: string;
  readonly judge: string;
  readonly subject: string;
  readonly verdict: string;
  readonly more: readonly string[];
}

/** A judge that is ready, or why it can't be had. */
export type Judge =
  | { readonly name: string; judge(lines: readonly string[]): Promise<Judgement[]> }
  | { readonly name: string; readonly missing: string };

/** pyHanko, in a virtual environment below `folder`; fetched from PyPI when it isn't there. */
export async function pyHanko(sources: string, folder: string, anchors: readonly string[]): Promise<Judge> {
  const name = 'pyHanko';
  try {
    const venv = await once(
      join(folder, 'pyhanko'),
      [join(sources, 'pyhanko/requirements.txt')],
      async (made, [list]) => {
        await run('python3', ['-m', 'venv', made], { timeout: fetchTimeoutMs });
        await run(join(made, 'bin/pip'), ['install', '--quiet', '-r', list ?? ''], { timeout: fetchTimeoutMs });
      },
    );
    const command = [join(venv, 'bin/python'), join(sources, 'pyhanko/judge.py'), ...anchors];
    return { name, judge: (lines) => talk(command, lines) };
  } catch (error) {
    return { name, missing: reason(error) };
  }
}

/** EU DSS and veraPDF, compiled below `folder`; fetched with Maven when they aren't there. */
export async function javaJudges(sources: string, folder: string, anchors: readonly string[]): Promise<Judge> {
  const name = 'EU DSS and veraPDF';
  try {
    const inputs = [join(sources, 'dss/pom.xml'), join(sources, 'dss/Judge.java')];
    const made = await once(join(folder, 'java'), inputs, async (target, [pom, source]) => {
      const libraries = join(target, 'lib');
      const copy = ['-q', '-B', '-f', pom ?? '', 'dependency:copy-dependencies', `-DoutputDirectory=${libraries}`];
      await run('mvn', copy, { timeout: fetchTimeoutMs });
      await run('javac', ['-cp', `${libraries}/*`, '-d', target, source ?? ''], { timeout: fetchTimeoutMs });
    });
    const command = ['java', '-Xmx2g', '-cp', `${made}:${made}/lib/*`, 'Judge', ...anchors];
    return { name, judge: (lines) => talk(command, lines) };
  } catch (error) {
    return { name, missing: reason(error) };
  }
}

/** Makes a folder once for what its inputs hold; a folder without its stamp was left half made. */
async function once(
  folder: string,
  inputs: readonly string[],
  make: (folder: string, inputs: readonly string[]) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(await readFile(input));
  const target = `${folder}-${hash.digest('hex').slice(0, 12)}`;
  const stamp = join(target, 'made');
  if (!existsSync(stamp)) {
    await mkdir(target, { recursive: true });
    await make(target, inputs);
    await writeFile(stamp, '');
  }
  return target;
}

/** Gives a judge its lines and reads its answers. Throws when it ends with another code than 0. */
async function talk([command = '', ...args]: readonly string[], lines: readonly string[]): Promise<Judgement[]> {
  const judge = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let answers = '';
  let complaints = '';
  judge.stdout.setEncoding('utf8').on('data', (text: string) => (answers += text));
  judge.stderr.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-4_000)));
  judge.stdin.end(lines.map((line) => `${line}\n`).join(''));
  const code = await new Promise<number | null>((resolve, reject) =>
    judge.once('error', reject).once('close', resolve),
  );
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${complaints}`);
  return answers
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [file = '', name = '', subject = '', verdict = '', ...more] = line.split('\t');
      return { file, judge: name, subject, verdict, more };
    });
}

function reason(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr === undefined || stderr === '' ? message : stderr)
    .trim()
    .split('\n')
    .slice(-2)
    .join(' ')
    .slice(0, 300);
}
