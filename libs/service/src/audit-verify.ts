import { createReadStream } from 'node:fs';
import { auditChainStart, auditLineDigest, auditRepairEvent, maxAuditLineBytes } from './audit.js';

/** What verifyAudit says of a file. */
export interface AuditVerdict {
  /** True when every line names the digest of the line before it. */
  readonly intact: boolean;
  /** Whole lines read. */
  readonly lines: number;
  /** Lines that were torn by a crash and noted as such by the next one. */
  readonly repaired: number;
  /** Bytes after the last newline: a line that was being written, or torn and not repaired yet. */
  readonly tornTailBytes: number;
  /** The first line (from 1) that doesn't fit, and why. */
  readonly problem?: { readonly line: number; readonly expected: string; readonly found: string };
  /** SHA-256 of the last whole line. Kept elsewhere, it also shows that lines were cut off at the end. */
  readonly head: string;
}

/**
 * Reads an audit log from beginning to end, line by line, and checks its chain. `onEntry` gets each line that fits, as it is
 * read; torn lines are left out. Throws what reading the file throws.
 */
export async function verifyAudit(
  file: string,
  onEntry: (entry: Readonly<Record<string, unknown>>) => void = () => undefined,
): Promise<AuditVerdict> {
  let prev = auditChainStart;
  let lines = 0;
  let repaired = 0;
  let unparsed: number | undefined;
  let rest: Buffer = Buffer.alloc(0);
  const verdict = (problem?: AuditVerdict['problem']): AuditVerdict => ({
    intact: problem === undefined,
    lines,
    repaired,
    tornTailBytes: rest.length,
    ...(problem === undefined ? {} : { problem }),
    head: prev,
  });

  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a, start)) {
      const line = rest.subarray(start, end);
      start = end + 1;
      lines++;
      const parsed = parseLine(line);
      if (parsed === undefined) {
        // A torn line; it counts only if the next one says so. Two in a row were not made by us.
        if (unparsed !== undefined) return verdict(torn(unparsed));
        unparsed = lines;
      } else {
        if (parsed.prev !== prev)
          return verdict({ line: lines, expected: `prev ${prev}`, found: `prev ${parsed.prev}` });
        if (parsed.event === auditRepairEvent) repaired++;
        else if (unparsed !== undefined) return verdict(torn(unparsed));
        unparsed = undefined;
        onEntry(parsed.entry);
      }
      prev = auditLineDigest(line);
    }
    rest = rest.subarray(start);
    // A file without newlines must not be gathered in memory.
    if (rest.length > maxAuditLineBytes) {
      return verdict({ line: lines + 1, expected: `at most ${maxAuditLineBytes} bytes`, found: 'a longer line' });
    }
  }
  return verdict(unparsed === undefined ? undefined : torn(unparsed));
}

function torn(line: number): NonNullable<AuditVerdict['problem']> {
  return { line, expected: `a JSON line, or ${auditRepairEvent} after it`, found: 'neither' };
}

function parseLine(
  line: Buffer,
): { prev: string; event: string; entry: Readonly<Record<string, unknown>> } | undefined {
  try {
    const value = JSON.parse(line.toString('utf8')) as Readonly<Record<string, unknown>> | null;
    const { prev, event } = value ?? {};
    if (value !== null && typeof prev === 'string' && typeof event === 'string') {
      return { prev, event, entry: value };
    }
  } catch {
    // Not JSON: the caller decides.
  }
  return undefined;
}
