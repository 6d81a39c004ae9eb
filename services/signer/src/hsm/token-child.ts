import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromTokenHost, ReadContent, ToTokenHost } from './token-host-messages.js';

const mainFile = fileURLToPath(new URL('./token-host-main.js', import.meta.url));

/** One forked token host process and the messages to and from it. It ends at most once; `ended` says how. */
export class TokenChild {
  /** Resolves when the process is gone or can't be talked to. Never rejects. */
  readonly ended: Promise<string>;
  onMessage: (message: FromTokenHost) => void = () => undefined;
  /** Told of what lies on the token, whatever else is waited for. */
  onContent: (content: ReadContent) => void = () => undefined;
  readonly #process: ChildProcess;
  #ended = false;

  /** Forks it. `environment` is for the PKCS#11 module (such as SOFTHSM2_CONF). */
  constructor(options: { readonly environment: NodeJS.ProcessEnv; readonly threads: number }) {
    this.#process = fork(mainFile, [], {
      serialization: 'advanced',
      // A token host takes no inspector, no loader and no flag of its parent.
      execArgv: [],
      env: { ...options.environment, UV_THREADPOOL_SIZE: String(Math.max(4, options.threads + 1)) },
      // Modules print, and a tracing module prints the PIN: its output goes nowhere.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#process.on('message', (received) => {
      const message = received as FromTokenHost;
      if (message.kind === 'content') this.onContent(message.content);
      else this.onMessage(message);
    });
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#ended = true;
        resolve(how);
      };
      this.#process.once('error', (error) => end(error.message));
      this.#process.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  send(message: ToTokenHost): void {
    if (this.#ended || !this.#process.connected) return;
    this.#process.send(message, undefined, undefined, () => undefined);
  }

  /** A hung C_Sign can't be interrupted in any other way. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Waits for the first message of one of these kinds; undefined when the child ended or the time was over. */
  async expect<K extends FromTokenHost['kind']>(
    kinds: readonly K[],
    timeoutMs: number,
  ): Promise<Extract<FromTokenHost, { kind: K }> | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const message = new Promise<Extract<FromTokenHost, { kind: K }>>((resolve) => {
      this.onMessage = (received) => {
        if ((kinds as readonly string[]).includes(received.kind)) {
          resolve(received as Extract<FromTokenHost, { kind: K }>);
        }
      };
    });
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), timeoutMs);
    });
    try {
      return await Promise.race([message, late, this.ended.then(() => undefined)]);
    } finally {
      clearTimeout(timer);
      this.onMessage = () => undefined;
    }
  }
}
