import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, openSync, closeSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Standard output and error are appended here. */
  readonly logFile: string;
  /** Resolves when the process does its work; called again after each restart. */
  readonly ready: () => Promise<boolean>;
}

const readyTimeoutMs = 60_000;
const stopTimeoutMs = 15_000;

/**
 * A process that is started again when it ends by itself (0.1 s later, up to 5 s after repeated ends). It dies with us: on
 * Linux the kernel ends it when the launcher is gone, however that went (`setpriv --pdeathsig`).
 */
export class ManagedProcess {
  readonly name: string;
  private child: ChildProcess | undefined;
  private stopping = false;
  private startedAtMs = 0;
  private delayMs = 100;
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly spec: ProcessSpec,
    private readonly onRestart: (name: string, pid: number) => void,
  ) {
    this.name = spec.name;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  async start(): Promise<void> {
    this.spawn();
    const deadline = Date.now() + readyTimeoutMs;
    while (!(await this.spec.ready().catch(() => false))) {
      if (Date.now() > deadline)
        throw new Error(`${this.name} was not ready after ${readyTimeoutMs / 1000} s; see ${this.spec.logFile}`);
      await sleep(25);
    }
  }

  private spawn(): void {
    const log = openSync(this.spec.logFile, 'a', 0o600);
    const wrapped = existsSync('/usr/bin/setpriv')
      ? { command: '/usr/bin/setpriv', args: ['--pdeathsig', 'TERM', '--', this.spec.command, ...this.spec.args] }
      : { command: this.spec.command, args: [...this.spec.args] };
    // A group of its own: Ctrl-C reaches the launcher alone, which then stops everything in order.
    const child = spawn(wrapped.command, wrapped.args, {
      env: this.spec.env,
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.child = child;
    this.startedAtMs = Date.now();
    this.ended = new Promise((resolve) => {
      const onEnd = (): void => {
        resolve();
        if (!this.stopping) void this.restart();
      };
      child.once('exit', onEnd);
      child.once('error', onEnd);
    });
  }

  private async restart(): Promise<void> {
    this.delayMs = Date.now() - this.startedAtMs > 10_000 ? 100 : Math.min(this.delayMs * 2, 5_000);
    await sleep(this.delayMs);
    if (this.stopping) return;
    this.spawn();
    this.onRestart(this.name, this.pid);
  }

  /** SIGTERM, and SIGKILL when that was not enough. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.child === undefined || this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    const abort = new AbortController();
    const killer = sleep(stopTimeoutMs, undefined, { signal: abort.signal }).then(
      () => this.child?.kill('SIGKILL'),
      () => undefined,
    );
    await this.ended;
    abort.abort();
    await killer;
  }
}

/** True when an HTTP server on the port answers; of our services the open liveness endpoint is asked. */
export function isLive(port: number, path = '/livez'): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path, timeout: 2_000 }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 500);
    });
    call.once('error', () => resolve(false));
    call.once('timeout', () => call.destroy());
    call.end();
  });
}
