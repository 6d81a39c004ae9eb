import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findSofthsmModule } from '@kyso/sandbox';

/** The checks that need the built code; `./kyso doctor` does the others before. One line each; exit 1 when one is wrong. */
const run = promisify(execFile);
let wrong = false;

function report(good: boolean, text: string): void {
  process.stdout.write(`${good ? 'ok     ' : 'wrong  '}  ${text}\n`);
  if (!good) wrong = true;
}

const module = findSofthsmModule();
report(module !== undefined, module === undefined ? 'SoftHSM module not found' : `SoftHSM module ${module}`);

const redis = await run('redis-server', ['--version']).then(
  ({ stdout }) => /v=(\d+)\./.exec(stdout)?.[1],
  () => undefined,
);
report(redis !== undefined && Number(redis) >= 6, `redis-server ${redis ?? 'not found'} (BullMQ needs 6.2 or newer)`);

const skewFloor = Date.UTC(2026, 0, 1);
report(Date.now() > skewFloor, `clock ${new Date().toISOString()}`);
process.exitCode = wrong ? 1 : 0;
