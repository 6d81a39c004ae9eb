import { mkdir, mkdtemp, rename, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { SoftwareSigner } from '@kyso/sandbox';
import type { CorpusFile } from './corpus-files.js';
import { judgeFile } from './judge.js';
import type { CorpusOptions } from './options.js';
import { printableName, type Result } from './results.js';
import { signInProcess } from './signing-process.js';

/** What all files of a run have in common. */
export interface Run {
  readonly options: CorpusOptions;
  readonly anchorPem: string;
  readonly signers: readonly [SoftwareSigner, SoftwareSigner];
  readonly imagePng: string;
}

/** Signs and judges one file. Throws nothing: what goes wrong is in the result. */
export async function runFile(run: Run, file: CorpusFile, number: number): Promise<Result> {
  const name = printableName(file.name);
  const workFolder = join(run.options.out, 'work');
  let work = workFolder;
  try {
    // A name that nothing has yet, whatever an earlier run left or another one does.
    work = await mkdtemp(join(workFolder, `${number}-`));
    // Programs get names without surprises: no leading -, no bytes that aren't UTF-8.
    const originalPath = join(work, 'original.pdf');
    await symlink(file.path, originalPath);
    return await signAndJudge(run, file, { name, work, originalPath });
  } catch (error) {
    const found = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { name, outcome: 'failed', code: 'RUNNER', found, ms: 0, peakRssKb: 0 };
  } finally {
    if (work !== workFolder) await rm(work, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function signAndJudge(
  { options, anchorPem, signers, imagePng }: Run,
  file: CorpusFile,
  { name, work, originalPath }: { readonly name: string; readonly work: string; readonly originalPath: string },
): Promise<Result> {
  const signedPath = join(work, 'signed.pdf');
  const { password, deadlineMs } = options;
  const task = { originalPath, signedPath, password, anchorPem, signers, imagePng };
  const answer = await signInProcess(task, options);
  const { ms, peakRssKb } = answer;
  if (answer.outcome !== 'signed') {
    const { code, found } = answer;
    // Not a fault of ours, and not the file's content: the system doesn't let us read it.
    const outcome = code === 'UNREADABLE' ? 'refused' : answer.outcome;
    return { name, outcome, code, found, ms, peakRssKb };
  }
  const { objections, notes } = await judgeFile({ originalPath, signedPath, answer, password, deadlineMs });
  const outcome = objections.length === 0 ? 'signed' : 'failed';
  await keep(signedPath, [options.out, outcome, file.name]);
  const found = [...objections.map(({ code, text }) => `${code}: ${text}`), ...notes].join('; ');
  return { name, outcome, code: objections[0]?.code ?? '', found, ms, peakRssKb };
}

/** Moves the file to OUT/signed/NAME or, to be looked at, to OUT/failed/NAME. */
async function keep(path: string, [out, folder, name]: readonly [string, string, Buffer]): Promise<void> {
  const target = Buffer.concat([Buffer.from(`${join(out, folder)}/`), name]);
  await mkdir(target.subarray(0, target.lastIndexOf('/')), { recursive: true });
  await rename(path, target);
  await stat(target);
}
