import { describe, expect, it } from '@jest/globals';
import { parseTimestampRequest, type TimestampRequest } from '@kyso/cms';
import type { SigningError } from '@kyso/contracts';
import { Breaker } from './breaker.js';
import { obtainTimestamp, type Attempt, type TimestampPorts, type TimestampSource } from './obtain-timestamp.js';

const request: TimestampRequest = {
  messageImprint: Buffer.alloc(32, 7),
  digestAlgorithm: 'sha256',
  certReq: true,
};

function portsOf(...sources: TimestampSource[]): TimestampPorts & { attempts: Attempt[] } {
  const attempts: Attempt[] = [];
  return {
    sources,
    trustAnchors: [],
    intermediates: [],
    maxSkewMs: 1_000,
    now: () => new Date(),
    attempts,
    observe: (attempt) => attempts.push(attempt),
  };
}

function failing(name: string, more: Partial<TimestampSource> = {}): TimestampSource & { asked: TimestampRequest[] } {
  const asked: TimestampRequest[] = [];
  return {
    name,
    breaker: new Breaker({ failures: 1, openMs: 60_000 }),
    asked,
    ask: async (requestDer) => {
      asked.push(parseTimestampRequest(requestDer));
      throw new Error('connection refused');
    },
    ...more,
  };
}

const refusal = async (promise: Promise<unknown>): Promise<SigningError> =>
  promise.then(
    () => {
      throw new Error('expected a refusal');
    },
    (error: unknown) => error as SigningError,
  );

describe('obtainTimestamp', () => {
  it('asks in order, with the same nonce, and tells what each one said', async () => {
    const [first, second] = [failing('first'), failing('second')];
    const ports = portsOf(first, second);
    const error = await refusal(obtainTimestamp(request, ports));
    expect(error.code).toBe('TSA_UNAVAILABLE');
    expect(error.found).toBe('first: connection refused; second: connection refused');
    expect(ports.attempts.map((attempt) => [attempt.source, attempt.outcome])).toEqual([
      ['first', 'no-answer'],
      ['second', 'no-answer'],
    ]);
    expect(first.asked[0]?.nonce).toBeGreaterThan(2n ** 63n);
    expect(second.asked[0]?.nonce).toBe(first.asked[0]?.nonce);
  });

  it('never asks without a nonce, and takes the client’s where there is one', async () => {
    const source = failing('only');
    await refusal(obtainTimestamp({ ...request, nonce: 5n }, portsOf(source)));
    expect(source.asked[0]?.nonce).toBe(5n);
    const again = failing('only');
    await refusal(obtainTimestamp(request, portsOf(again)));
    expect(again.asked[0]?.nonce).toBeDefined();
  });

  it('takes different nonces for different requests', async () => {
    const [one, other] = [failing('one'), failing('other')];
    await refusal(obtainTimestamp(request, portsOf(one)));
    await refusal(obtainTimestamp(request, portsOf(other)));
    expect(one.asked[0]?.nonce).not.toBe(other.asked[0]?.nonce);
  });

  it('asks for the policy of the TSA where the client names none', async () => {
    const source = failing('first', { policy: '2.999.1' });
    await refusal(obtainTimestamp(request, portsOf(source)));
    expect(source.asked[0]?.policy).toBe('2.999.1');
  });

  it('skips a TSA with another policy without counting it as a failure', async () => {
    const source = failing('first', { policy: '2.999.1' });
    const error = await refusal(obtainTimestamp({ ...request, policy: '2.999.2' }, portsOf(source)));
    expect(error.found).toBe('first: skipped, expected policy 2.999.2, it has 2.999.1');
    expect(source.breaker.state).toBe('closed');
    expect(source.asked).toHaveLength(0);
  });

  it('does not ask a TSA whose breaker is open', async () => {
    const source = failing('first');
    await refusal(obtainTimestamp(request, portsOf(source)));
    const error = await refusal(obtainTimestamp(request, portsOf(source)));
    expect(error.found).toBe('first: skipped after failures');
    expect(source.asked).toHaveLength(1);
  });

  it('treats an answer that is not one as a failure', async () => {
    const source = failing('first', { ask: async () => Buffer.from('3000', 'hex') });
    const error = await refusal(obtainTimestamp(request, portsOf(source)));
    expect(error.found).toMatch(/^first: MALFORMED/);
    expect(source.breaker.state).toBe('open');
  });
});
