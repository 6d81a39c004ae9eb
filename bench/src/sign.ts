import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { checkout } from '@kyso/cli';
import { createSandbox, demoCredentials } from '@kyso/sandbox';
import type { BenchArguments } from './arguments.js';
import { printResult } from './figures.js';
import { makeInput } from './input-files.js';

const child = fileURLToPath(new URL('sign-child.js', import.meta.url));
const run = promisify(execFile);

/**
 * Documents signed a second on one core (B-B, visible, 200 kB, RSA-2048 in SoftHSM), against raw C_Sign of the same token in
 * the same run. The whole of `signDocument` runs: claim, screening, increment, digest, audit on disk, signature, its check,
 * self-check, release; the object store is in memory. `hostProcess` is the same with the token behind its host process, as in
 * production, both processes on the one core.
 */
export async function benchSign(args: BenchArguments): Promise<void> {
  const folder = join(checkout, 'var/bench');
  const file = args.pdf ?? join(folder, '200kB.pdf');
  if (args.pdf === undefined) await makeInput(file, { pages: 3, sizeBytes: 200_000 });
  const image = args.image ?? join(checkout, 'samples/chu-ky-lanh-dao.png');
  const sandbox = await createSandbox({
    folder: join(folder, 'sign-sandbox'),
    publicBaseUrl: 'http://127.0.0.1:9',
    credentials: demoCredentials.filter(({ credentialId }) => credentialId === 'leader'),
  });
  const measure = async (mode: string): Promise<Record<string, unknown>> => {
    const node = [child, mode, sandbox.folder, file, image, String(args.rounds)];
    const pinned = existsSync('/usr/bin/taskset');
    const { stdout } = await run(
      pinned ? 'taskset' : process.execPath,
      pinned ? ['-c', '0', process.execPath, ...node] : node,
      {
        // SoftHSM reads it when it is loaded, so it must be there from the start.
        env: { ...process.env, SOFTHSM2_CONF: sandbox.softhsmConf },
      },
    );
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const inProcess = await measure('in-process');
  const hostProcess = await measure('host-process');
  printResult('sign', { ...inProcess, hostProcess, pinnedToOneCore: existsSync('/usr/bin/taskset') });
}
