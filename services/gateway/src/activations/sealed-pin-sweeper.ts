import { objectKeys } from '@kyso/contracts';
import type { ObjectStore } from '@kyso/storage';
import type { Logger } from 'pino';

/** Deletes sealed PINs whose time is over; nobody could open an activation with them any more. */
export class SealedPinSweeper {
  constructor(
    private readonly parts: { readonly store: ObjectStore; readonly logger: Logger; readonly nowMs?: () => number },
  ) {}

  /** Gives how many were deleted. Throws STORE_UNAVAILABLE. */
  async run(): Promise<number> {
    const { store, logger, nowMs = Date.now } = this.parts;
    let deleted = 0;
    for await (const { key } of store.list(objectKeys.sealedPinsPrefix)) {
      const expiresAtMs = Number(key.slice(objectKeys.sealedPinsPrefix.length).split('.', 1)[0]);
      if (!(expiresAtMs < nowMs())) continue;
      await store.delete(key);
      deleted++;
    }
    if (deleted > 0) logger.info({ deleted }, 'sealed PINs of expired activations deleted');
    return deleted;
  }
}
