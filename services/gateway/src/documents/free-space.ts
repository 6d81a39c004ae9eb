import { statfs } from 'node:fs/promises';
import { SigningError } from '@kyso/contracts';

/**
 * Refuses new uploads while the store's disk is nearly full, so that what was accepted can still be signed and stored. An S3
 * store has no folder: there the store's own STORE_FULL decides.
 */
export class FreeSpace {
  private freeBytes = Infinity;
  private readAtMs = -Infinity;

  constructor(
    private readonly folder: string | undefined,
    private readonly minFreeBytes: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Throws STORE_FULL when `incomingBytes` would leave less than the reserve. */
  async assertRoomFor(incomingBytes: number): Promise<void> {
    if (this.folder === undefined) return;
    if (this.nowMs() - this.readAtMs > 1_000) {
      this.readAtMs = this.nowMs();
      const disk = await statfs(this.folder).catch((cause: unknown) => {
        throw new SigningError('STORE_UNAVAILABLE', { cause });
      });
      this.freeBytes = disk.bavail * disk.bsize;
    }
    if (this.freeBytes - incomingBytes < this.minFreeBytes) {
      throw new SigningError('STORE_FULL', {
        expected: `${this.minFreeBytes} bytes left free`,
        found: `${this.freeBytes} bytes free, ${incomingBytes} to come`,
      });
    }
  }
}
