/** Before the first token has been seen: a token of a public TSA with its chain has 4 to 8 kB. */
const firstGuessBytes = 7_168;
/** Tokens of one TSA differ by a few bytes (serial number, fractions of a second). */
const spareBytes = 256;

/** Size of the largest time-stamp token lately seen, from which the placeholder is estimated. */
export class TokenSizeMemory {
  #largestBytes = 0;

  get estimateBytes(): number {
    return this.#largestBytes === 0 ? firstGuessBytes : this.#largestBytes + spareBytes;
  }

  saw(tokenBytes: number): void {
    this.#largestBytes = Math.max(this.#largestBytes, tokenBytes);
  }
}
