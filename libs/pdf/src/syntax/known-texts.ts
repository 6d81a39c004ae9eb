/** Texts that are kept; a fixed number, so that a hostile file's names replace others and never take more memory. */
const slots = 1024;
/** Longer ones are no names of the standard. */
const maxKeptLength = 32;

const kept: (string | undefined)[] = Array.from({ length: slots }, () => undefined);

/**
 * The text of `bytes` from `start` to `end`, one character a byte; the same string as the last time where it is kept. Nearly
 * all names of a document are the few of the standard: comparing is faster than making them anew for each dictionary.
 */
export function knownText(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length > maxKeptLength) {
    return bytes.toString('latin1', start, end);
  }
  let hash = length;
  for (let at = start; at < end; at += 1) {
    hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
  }
  const slot = (hash ^ (hash >>> 10)) & (slots - 1);
  const known = kept[slot];
  if (known?.length === length && isText(known, bytes, start)) {
    return known;
  }
  const text = bytes.toString('latin1', start, end);
  kept[slot] = text;
  return text;
}

function isText(text: string, bytes: Buffer, start: number): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) !== bytes[start + index]) {
      return false;
    }
  }
  return true;
}
