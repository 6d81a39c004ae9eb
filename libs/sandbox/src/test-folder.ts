import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder and the way to get rid of it. For the tests of this package. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'kyso-sandbox-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Runs a program without a shell: its exit code and everything it said. For the tests of this package. */
export function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ code: number; text: string; stdout: Buffer }> {
  return new Promise((resolve) => {
    execFile(program, args, { env, encoding: 'buffer', timeout: 20_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, text: `${stdout.toString('utf8')}${stderr.toString('utf8')}`, stdout });
    });
  });
}
