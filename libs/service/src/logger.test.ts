import { describe, expect, it } from '@jest/globals';
import type { Logger } from 'pino';
import { createLogger } from './logger.js';

function collecting(): { logger: Logger; lines: () => Record<string, unknown>[]; text: () => string } {
  let text = '';
  const logger = createLogger({ service: 'signer', level: 'info' }, { write: (line) => void (text += line) });
  return {
    logger,
    text: () => text,
    lines: () =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('the logger', () => {
  it('writes one JSON object a line with time, level, service and the ids it is given', () => {
    const { logger, lines } = collecting();
    logger.child({ requestId: 'req_1' }).info({ jobId: 'job_1' }, 'signed');
    logger.debug('not shown');
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        service: 'signer',
        requestId: 'req_1',
        jobId: 'job_1',
        msg: 'signed',
      },
    ]);
  });

  it('hides secrets by their names, wherever they lie', () => {
    const { logger, text, lines } = collecting();
    const secret = 'hunter2';
    const request = { headers: { authorization: secret, 'X-Api-Key': secret, accept: 'x' } };
    logger.info({ pin: secret, apiKey: secret, Token: secret, a: [{ b: { c: { password: secret } } }], request }, 'x');
    logger.child({ token: secret }).info('y');
    expect(text()).not.toContain(secret);
    expect(lines()[0]).toMatchObject({
      pin: '[redacted]',
      request: { headers: { authorization: '[redacted]', accept: 'x' } },
    });
  });

  it('leaves what it was given as it was', () => {
    const { logger } = collecting();
    const facts = { inner: { pin: '1234' } };
    logger.info(facts, 'x');
    expect(facts.inner.pin).toBe('1234');
  });

  it('writes no bytes and no endless trees', () => {
    const { logger, text } = collecting();
    const cycle: Record<string, unknown> = { document: Buffer.from('%PDF-1.7 secret dossier') };
    cycle['self'] = cycle;
    logger.info({ cycle }, 'x');
    expect(text()).toContain('[23 bytes]');
    expect(text()).not.toContain('37,80,68');
    expect(text().length).toBeLessThan(2_000);
  });

  it('writes an error with its causes and code, and nothing that clients hang on it', () => {
    const { logger, lines, text } = collecting();
    const cause = Object.assign(new Error('WRONGPASS'), {
      code: 'EAUTH',
      command: { name: 'auth', args: ['hunter2'] },
    });
    logger.error({ err: new Error('no redis', { cause }) }, 'x');
    expect(text()).not.toContain('hunter2');
    expect(lines()[0]?.['err']).toMatchObject({
      message: 'no redis',
      stack: expect.stringContaining('logger.test'),
      cause: { message: 'WRONGPASS', code: 'EAUTH' },
    });
  });
});
