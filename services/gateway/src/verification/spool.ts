import { open, unlink, type FileHandle } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { bufferSource, fileSource, type ByteSource } from '@kyso/pdf';
import { smallBodyBytes } from '../documents/small-body.js';
import type { MeteredBody } from '../documents/metered-body.js';

/** A body that can be read at random. */
export interface Spooled {
  readonly source: ByteSource;
  readonly sha256: string;
  close(): Promise<void>;
}

/**
 * Takes a body in: a small one in memory, a larger one in a file of `folder` that has no name any more once it is open, so
 * that nothing stays behind whatever happens. Throws what the body throws.
 */
export async function spool(body: MeteredBody, folder: string): Promise<Spooled> {
  const small = await body.wholeWithin(smallBodyBytes);
  if (small !== undefined) {
    return { source: bufferSource(small), sha256: body.sha256(), close: async () => undefined };
  }
  const file = await openNameless(folder);
  try {
    for await (const chunk of body.chunks()) await file.writeFile(chunk);
    const source = fileSource(file, body.sizeBytes);
    return { source, sha256: body.sha256(), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openNameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `kyso-verification-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}
