import type { TokenChild } from './token-child.js';
import type { ReadContent } from './token-host-messages.js';

/**
 * When it is read what lies on a token: by the first host that finds it, and then every `everyMs`, whichever host there is.
 * Not by each new host: a USB token takes a second for it, and a signature may be waiting.
 */
export class ContentReading {
  #readAtMs = -Infinity;

  constructor(
    private readonly everyMs: number,
    private readonly onContent: (content: ReadContent) => void,
  ) {}

  /** Has this host read it when it is time; gives what ends that. */
  by(child: TokenChild): () => void {
    const ask = (): void => child.send({ kind: 'read-content' });
    child.onContent = (content) => {
      if (!('unreadable' in content)) this.#readAtMs = performance.now();
      this.onContent(content);
    };
    if (performance.now() - this.#readAtMs >= this.everyMs) ask();
    const timer = setInterval(ask, this.everyMs);
    return () => clearInterval(timer);
  }

  /** The token was away: another one may have come back. */
  forget(): void {
    this.#readAtMs = -Infinity;
  }
}
