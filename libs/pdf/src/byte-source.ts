/**
 * Random access to a file that is never read whole. Offsets count from the first byte of the file. The bytes behind a
 * source never change while it is in use: documents are written once.
 */
export interface ByteSource {
  /** Size in bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset`; fewer only where the file ends. The result may share memory with a cache:
   * treat it as read-only.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** The same at once, for bytes that are in memory; undefined where they must be waited for. Never throws. */
  peek?(offset: number, length: number): Uint8Array | undefined;
}
