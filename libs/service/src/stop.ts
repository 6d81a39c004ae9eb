import type { INestApplication } from '@nestjs/common';
import type { Logger } from 'pino';

/**
 * On the first SIGTERM or SIGINT closes the application (no new connections, running requests answered, shutdown hooks run)
 * and exits 0; exits 1 when that takes longer than `timeoutMs` or fails. Later signals are ignored: a terminal and a
 * supervisor often send one each. `app.close()` called by hand removes the handlers.
 */
export function stopOnSignals(options: {
  app: INestApplication;
  /** Aborts when the application begins to close, whoever asked for it. */
  stopSignal: AbortSignal;
  logger: Logger;
  timeoutMs: number;
  exit: (code: number) => void;
}): void {
  const { app, stopSignal, logger, timeoutMs, exit } = options;
  let stopping = false;
  const close = async (): Promise<number> => {
    try {
      await app.close();
      logger.info('stopped');
      return 0;
    } catch (error) {
      logger.error({ err: error }, 'stopping failed');
      return 1;
    }
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal, timeoutMs }, 'stopping');
    const deadline = setTimeout(() => {
      logger.error({ timeoutMs }, 'stopping took too long; running work is cut off');
      exit(1);
    }, timeoutMs);
    void close().then((code) => {
      clearTimeout(deadline);
      return exit(code);
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  stopSignal.addEventListener('abort', () => {
    if (stopping) return;
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  });
}
