import { z } from 'zod';

const factsSchema = z.object({
  at: z.string(),
  jobId: z.string(),
  step: z.number(),
  documentId: z.string(),
  version: z.number(),
  signedDigest: z.string().optional(),
  useId: z.string().optional(),
});
const entrySchema = z.discriminatedUnion('event', [
  factsSchema.extend({
    event: z.literal('key-use-begins'),
    signedDigest: z.string(),
    credentialId: z.string(),
    token: z.string(),
  }),
  factsSchema.extend({
    event: z.literal('key-use-ended'),
    signatureSha256: z.string(),
    /** Absent in entries from before it was kept. */
    signature: z.enum(['valid', 'wrong']).optional(),
  }),
  factsSchema.extend({
    event: z.literal('key-use-failed'),
    code: z.string(),
    used: z.enum(['no', 'unknown']).optional(),
  }),
  factsSchema.extend({ event: z.literal('key-use-lost'), reason: z.string(), code: z.string().optional() }),
]);
type Entry = z.infer<typeof entrySchema>;

/** One use of a key, as the audit logs of all signers tell it. */
export interface KeyUse {
  readonly at: string;
  readonly file: string;
  /** Absent in entries from before uses had ids. */
  readonly useId?: string;
  readonly jobId: string;
  readonly step: number;
  readonly documentId: string;
  readonly version: number;
  readonly credentialId: string;
  readonly token: string;
  readonly signedDigest: string;
  /** Undefined when its signer did not live to say. */
  end:
    | { readonly kind: 'signed'; readonly signatureSha256: string; readonly isWrong: boolean }
    | { readonly kind: 'failed'; readonly wasAsked: boolean; readonly code: string }
    | undefined;
}

/** Why a use gave nothing that is released; `code` of the job that failed. */
export interface Loss {
  readonly reason: string;
  readonly code?: string;
}

/** What the old claims say of a use of which nobody kept the id. */
const unknownUse = 'unknown';

/** Gathers the uses of keys from the lines of any number of audit logs, in any order of files. About 1 kB of memory for each. */
export class AuditUses {
  readonly uses: KeyUse[] = [];
  /** Entries about uses that can't be read: written by something else than a signer. */
  readonly unreadable: { readonly file: string; readonly event: string }[] = [];
  readonly #open = new Map<string, KeyUse[]>();
  readonly #lost = new Map<string, Loss>();

  /** Takes in one line; those that are not about uses are passed over. `file`: where it stood. */
  add(entry: Readonly<Record<string, unknown>>, file: string): void {
    const event = entry['event'];
    if (typeof event !== 'string' || !event.startsWith('key-use-')) return;
    const parsed = entrySchema.safeParse(entry);
    if (!parsed.success) {
      this.unreadable.push({ file, event });
      return;
    }
    this.#take(parsed.data, file);
  }

  /** What was put down, by whichever signer, of a use that gave nothing. */
  lossOf(use: KeyUse): Loss | undefined {
    return this.#lost.get(use.useId ?? unknownKey(use));
  }

  #take(entry: Entry, file: string): void {
    switch (entry.event) {
      case 'key-use-begins': {
        const { event: _, ...facts } = entry;
        const { useId, ...rest } = facts;
        const use: KeyUse = { ...rest, file, end: undefined, ...(useId === undefined ? {} : { useId }) };
        this.uses.push(use);
        const key = pairKey(entry, file);
        this.#open.set(key, [...(this.#open.get(key) ?? []), use]);
        return;
      }
      case 'key-use-ended':
        return this.#end(entry, file, {
          kind: 'signed',
          signatureSha256: entry.signatureSha256,
          isWrong: entry.signature === 'wrong',
        });
      case 'key-use-failed': {
        const { code } = entry;
        return this.#end(entry, file, { kind: 'failed', wasAsked: entry.used !== 'no', code });
      }
      case 'key-use-lost': {
        const { useId, reason, code } = entry;
        const key = useId === undefined || useId === unknownUse ? unknownKey(entry) : useId;
        this.#lost.set(key, { reason, ...(code === undefined ? {} : { code }) });
      }
    }
  }

  #end(entry: Entry, file: string, end: NonNullable<KeyUse['end']>): void {
    const key = pairKey(entry, file);
    const open = this.#open.get(key);
    const use = open?.shift();
    if (open?.length === 0) this.#open.delete(key);
    // The end of a use of which the beginning stands in an older log.
    if (use === undefined) this.unreadable.push({ file, event: `${entry.event} without its beginning` });
    else use.end = end;
  }
}

/** Beginning and end stand in the same log. Without an id they are joined by what they are about. */
function pairKey({ useId, jobId, step, signedDigest }: Entry, file: string): string {
  return useId ?? JSON.stringify([file, jobId, step, signedDigest]);
}

function unknownKey({ jobId, step, version }: Pick<KeyUse, 'jobId' | 'step' | 'version'>): string {
  return JSON.stringify([jobId, step, version]);
}
