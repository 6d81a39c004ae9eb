const maxKeyLength = 512;
const segment = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

/**
 * Throws TypeError unless the key is segments of `A-Za-z0-9._-` joined by `/`, none of which begins with a dot or a hyphen, 512
 * characters in all. That leaves no `..`, no absolute path, no NUL, nothing that a file system or an S3 server treats specially.
 */
export function assertKey(key: string): void {
  if (key.length > maxKeyLength || !key.split('/').every((part) => segment.test(part))) {
    throw new TypeError(`Object key: expected segments of A-Za-z0-9._- joined by /, found ${describe(key)}`);
  }
}

/** Throws TypeError unless the text can begin a key: empty, a key, or a key and a `/`. */
export function assertPrefix(prefix: string): void {
  if (prefix !== '') assertKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
}

function describe(key: string): string {
  return JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
}
