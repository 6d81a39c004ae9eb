/** The longest wait that is granted, in seconds. */
export const maxWaitSeconds = 60;

/**
 * Seconds of `Prefer: wait=N` (RFC 7240, 4.3), at most 60; undefined when the preference is absent or no whole number, since
 * a preference that is not understood is ignored (RFC 7240, 2). The first one counts.
 */
export function preferredWait(header: string | readonly string[] | undefined): number | undefined {
  const preferences = (typeof header === 'string' ? header : (header ?? []).join(',')).split(',');
  for (const preference of preferences) {
    const match = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(;.*)?$/i.exec(preference);
    if (match !== null) return Math.min(Number(match[1]), maxWaitSeconds);
  }
  return undefined;
}
