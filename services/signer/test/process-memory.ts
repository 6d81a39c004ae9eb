import { open, readFile } from 'node:fs/promises';

const chunkBytes = 4 * 1_048_576;

/** True when the writable memory of a process of ours holds the bytes (proc(5), /proc/[pid]/mem). */
export async function memoryHolds(pid: number, wanted: Buffer): Promise<boolean> {
  const maps = (await readFile(`/proc/${pid}/maps`, 'utf8')).split('\n');
  const memory = await open(`/proc/${pid}/mem`, 'r');
  try {
    for (const line of maps) {
      const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      if (start === undefined || end === undefined) continue;
      if (await regionHolds(memory, { start: parseInt(start, 16), end: parseInt(end, 16) }, wanted)) return true;
    }
    return false;
  } finally {
    await memory.close();
  }
}

async function regionHolds(
  memory: Awaited<ReturnType<typeof open>>,
  { start, end }: { readonly start: number; readonly end: number },
  wanted: Buffer,
): Promise<boolean> {
  const buffer = Buffer.alloc(chunkBytes);
  // Addresses have 47 bits (Documentation/arch/x86/x86_64/mm.rst), so that numbers hold them.
  for (let at = start; at < end; at += chunkBytes - wanted.length + 1) {
    const length = Math.min(chunkBytes, end - at);
    // A region may go while it is read; then it holds nothing.
    const read = await memory.read({ buffer, length, position: at }).catch(() => ({ bytesRead: 0 }));
    if (buffer.subarray(0, read.bytesRead).includes(wanted)) return true;
    if (length < chunkBytes) break;
  }
  return false;
}
