import { failureCodes, type FailureCode } from './failure-codes.js';

export interface FailureFacts {
  /** What would have been accepted, in one short English phrase with units. */
  readonly expected?: string;
  /** What was found. Never a PIN, a token or document bytes. */
  readonly found?: string;
  readonly cause?: unknown;
}

/** The one error that crosses a process boundary; the gateway renders it as RFC 9457 problem+json. */
export class SigningError extends Error {
  override readonly name = 'SigningError';
  readonly expected: string | undefined;
  readonly found: string | undefined;

  constructor(
    readonly code: FailureCode,
    facts: FailureFacts = {},
  ) {
    super(
      [
        failureCodes[code].en,
        facts.expected === undefined ? '' : `Expected: ${facts.expected}.`,
        facts.found === undefined ? '' : `Found: ${facts.found}.`,
      ]
        .filter((part) => part !== '')
        .join(' '),
      facts.cause === undefined ? undefined : { cause: facts.cause },
    );
    this.expected = facts.expected;
    this.found = facts.found;
  }

  get retryable(): boolean {
    return failureCodes[this.code].retryable;
  }
}
