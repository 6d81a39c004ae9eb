import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

const text = (message: unknown): string => (message instanceof Error ? message.message : String(message));
const facts = (message: unknown, rest: unknown[]): object => ({
  ...(message instanceof Error ? { err: message } : {}),
  nest: rest.at(-1),
});

/** Nest's own messages in our log. Its chatter at start (modules, routes) is debug. */
export function nestLogger(logger: Logger): LoggerService {
  return {
    log: (message: unknown, ...rest: unknown[]) => logger.debug(facts(message, rest), text(message)),
    debug: (message: unknown, ...rest: unknown[]) => logger.debug(facts(message, rest), text(message)),
    verbose: (message: unknown, ...rest: unknown[]) => logger.trace(facts(message, rest), text(message)),
    warn: (message: unknown, ...rest: unknown[]) => logger.warn(facts(message, rest), text(message)),
    error: (message: unknown, ...rest: unknown[]) => logger.error(facts(message, rest), text(message)),
    fatal: (message: unknown, ...rest: unknown[]) => logger.fatal(facts(message, rest), text(message)),
  };
}
