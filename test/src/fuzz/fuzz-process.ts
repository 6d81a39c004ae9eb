import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FuzzSigner } from './demands.js';
import type { FuzzAnswer, FuzzMessage } from './fuzz-worker-main.js';

const program = fileURLToPath(new URL('fuzz-worker-main.js', import.meta.url));
/** Engine and validation stop by themselves after 2 and 10 s; what is not back by then hangs. */
const hangMs = 60_000;
const heapMb = 512;

/** The process in which inputs are tried; a new one is started where an input ended it. */
export class FuzzProcess {
  private child: ChildProcess | undefined;

  constructor(
    private readonly signer: FuzzSigner,
    private readonly folders: readonly string[],
  ) {}

  /** Tries one input; a hang, a crash and too much memory are problems like any other. */
  try(number: number, measure: boolean): Promise<FuzzAnswer> {
    const child = (this.child ??= this.start());
    return new Promise((resolve) => {
      const finish = (answer: FuzzAnswer): void => {
        clearTimeout(timer);
        child.removeAllListeners('message');
        child.removeAllListeners('exit');
        resolve(answer);
      };
      const fail = (problem: string): void => {
        child.kill('SIGKILL');
        this.child = undefined;
        finish({ number, problem });
      };
      const timer = setTimeout(() => fail(`hang: no answer within ${hangMs / 1000} s`), hangMs);
      child.once('message', (message) => finish(message as FuzzAnswer));
      child.once('exit', (status, signal) => fail(`crash: the process ended with ${signal ?? status}`));
      child.send({ kind: 'try', number, measure } satisfies FuzzMessage);
    });
  }

  stop(): void {
    this.child?.kill('SIGKILL');
  }

  private start(): ChildProcess {
    const execArgv = [`--max-old-space-size=${heapMb}`, '--expose-gc', '--enable-source-maps'];
    const child = fork(program, [], { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.send({ kind: 'start', signer: this.signer, folders: this.folders } satisfies FuzzMessage);
    return child;
  }
}
