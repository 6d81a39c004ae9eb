import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { SigningError } from '@kyso/contracts';

export interface BodyLimits {
  /** More bytes than that end in DOCUMENT_TOO_LARGE. */
  readonly maxBytes: number;
  /** Milliseconds without a byte that end in REQUEST_TIMEOUT: against senders that hold a slot and send nothing. */
  readonly idleMs: number;
}

/**
 * A request’s body while it arrives: counted, hashed, limited, and never held whole. It is given up at the first failure:
 * libs/service then reads on and throws away, so that the connection stays for the answer that says why.
 */
export class MeteredBody {
  private readonly hash: Hash = createHash('sha256');
  private readonly source: AsyncIterator<Uint8Array>;
  private readonly early: Uint8Array[] = [];
  private received = 0;
  private ended = false;
  private failed: SigningError | undefined;

  constructor(
    private readonly request: Readable,
    private readonly limits: BodyLimits,
  ) {
    this.source = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  }

  /** Bytes that have arrived so far. */
  get sizeBytes(): number {
    return this.received;
  }

  /** Why it ended early; whoever consumed it may have wrapped the error. */
  get failure(): SigningError | undefined {
    return this.failed;
  }

  /** SHA-256 of everything, hexadecimal; once, after the end. */
  sha256(): string {
    return this.hash.digest('hex');
  }

  /** The whole body when it ends within `maxBytes`; undefined when it is longer, and then `chunks` gives all of it. */
  async wholeWithin(maxBytes: number): Promise<Uint8Array | undefined> {
    while (this.received <= maxBytes) {
      const chunk = await this.pull();
      if (chunk === undefined) return this.early.length === 1 ? this.early[0] : Buffer.concat(this.early);
      this.early.push(chunk);
    }
    return undefined;
  }

  /** What was read so far, then the rest as it comes. Throws DOCUMENT_TOO_LARGE, REQUEST_TIMEOUT, REQUEST_INVALID. */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let chunk = this.early.shift(); chunk !== undefined; chunk = this.early.shift()) yield chunk;
    for (let chunk = await this.pull(); chunk !== undefined; chunk = await this.pull()) yield chunk;
  }

  private async pull(): Promise<Uint8Array | undefined> {
    if (this.ended) return undefined;
    const result = await this.next();
    if (result.done === true) {
      this.ended = true;
      // A sender that went away in the middle must never pass for one that was done.
      if (this.request.errored !== null || !this.request.readableEnded) throw this.fail(connectionLost());
      return undefined;
    }
    this.received += result.value.byteLength;
    if (this.received > this.limits.maxBytes) throw this.fail(tooLarge(this.limits.maxBytes, this.received));
    this.hash.update(result.value);
    return result.value;
  }

  private async next(): Promise<IteratorResult<Uint8Array>> {
    let timer: NodeJS.Timeout | undefined;
    const idle = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new SigningError('REQUEST_TIMEOUT', { expected: `data within ${this.limits.idleMs} ms` }));
      }, this.limits.idleMs);
    });
    const next = this.source.next();
    next.catch(() => undefined);
    try {
      return await Promise.race([next, idle]);
    } catch (error) {
      throw this.fail(error instanceof SigningError ? error : connectionLost());
    } finally {
      clearTimeout(timer);
    }
  }

  private fail(error: SigningError): SigningError {
    this.failed = error;
    this.ended = true;
    this.request.destroy();
    return error;
  }
}

/** The refusal of a file of `found` bytes, as far as they are known. */
export function tooLarge(maxBytes: number, found: number): SigningError {
  return new SigningError('DOCUMENT_TOO_LARGE', { expected: `at most ${maxBytes} bytes`, found: `${found} bytes` });
}

function connectionLost(): SigningError {
  return new SigningError('REQUEST_INVALID', { expected: 'the whole body', found: 'a connection that was closed' });
}
