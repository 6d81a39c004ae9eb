import { hash } from 'node:crypto';
import { fstatSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SigningError } from '@kyso/contracts';

/** One fact for the audit log; the names `at` and `prev` are the log's own. */
export interface AuditEntry {
  readonly event: string;
  readonly jobId: string;
  readonly [fact: string]: unknown;
}

/**
 * Append-only log of what was done with keys. Each line is a JSON object `{ at, event, jobId, …, prev }`, where `at` is ISO
 * 8601 UTC and `prev` is the SHA-256 (hexadecimal) of the line before it without its newline, so that a line that is changed
 * or taken out shows (`verifyAudit`); the first line's `prev` is 64 zeros.
 */
export interface Audit {
  /**
   * Resolves when the line is on the disk (fdatasync; one for all that wait at the same time).
   * Throws SigningError STORE_FULL when the disk is full, STORE_UNAVAILABLE when it can't be written or is closed; TypeError
   * when the entry is not JSON, is larger than 64 KiB, or uses a reserved name.
   */
  write(entry: AuditEntry): Promise<void>;
  /** Waits for the writes under way, then closes the file. */
  close(): Promise<void>;
}

/** Bytes of one line. Limits what is read back at start, and keeps documents out. */
export const maxAuditLineBytes = 65_536;
/** `prev` of the first line. */
export const auditChainStart = '0'.repeat(64);
/** `event` of the line that follows a torn one. */
export const auditRepairEvent = 'audit.repaired';

const newline = 0x0a;
const fileMode = 0o600;

/** Digest of a line’s bytes without its newline. */
export function auditLineDigest(line: Uint8Array): string {
  return hash('sha256', line, 'hex');
}

/**
 * Opens (creating it with mode 0600) the audit log of one process; two processes must not share a file. A last line that a
 * crash tore is ended where it is and followed by a line that says so; nothing that was written is ever taken away.
 * Throws SigningError STORE_UNAVAILABLE.
 */
export async function openAudit(file: string): Promise<Audit> {
  try {
    const handle = await open(file, 'a+', fileMode);
    try {
      await handle.chmod(fileMode);
      const log = new AuditLog(file, handle);
      await log.recover();
      // The new file's name must be on the disk as well, or a power cut takes the whole file.
      const folder = await open(dirname(file), 'r');
      await folder.sync().finally(() => folder.close());
      return log;
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw asStoreError(error, file);
  }
}

interface Waiting {
  readonly json: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class AuditLog implements Audit {
  #prev = auditChainStart;
  #sizeBytes = 0;
  #waiting: Waiting[] = [];
  #committing: Promise<void> | undefined;
  #needsRecovery = false;
  #closed = false;
  /** Set once the log can't be trusted any more; every later write gets it. */
  #failure: SigningError | undefined;

  constructor(
    private readonly file: string,
    private readonly handle: FileHandle,
  ) {}

  write(entry: AuditEntry): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      // The entry becomes text now: the caller may change it while it waits.
      this.#waiting.push({ json: entryJson(entry), resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure ??= new SigningError('STORE_UNAVAILABLE', { expected: 'an open audit log', found: 'a closed one' });
    await this.#committing;
    await this.handle.close();
  }

  /** Group commit: while one fdatasync runs, others queue up and share the next one. */
  async #commitAll(): Promise<void> {
    // Others that go on in this turn of the event loop, resumed by the same answer as the first, come into the same batch.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#commit(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(asStoreError(error, this.file));
      }
    }
    this.#committing = undefined;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    if (this.#needsRecovery) await this.recover();
    // Synchronous: what goes no further than the system's cache costs a tenth of what another thread would.
    const { size } = fstatSync(this.handle.fd);
    if (size !== this.#sizeBytes) {
      // Somebody else writes to the file: the chain would fork, and no one could tell which line is missing.
      throw this.#failFor(`a file of ${this.#sizeBytes} bytes that only this process writes`, `${size} bytes`);
    }
    let prev = this.#prev;
    const lines: Buffer[] = [];
    for (const { json } of batch) {
      const line = Buffer.from(`${json.slice(0, -1)},"prev":"${prev}"}\n`);
      prev = auditLineDigest(line.subarray(0, -1));
      lines.push(line);
    }
    const bytes = Buffer.concat(lines);
    // From here on the file may hold part of the batch. Those lines are unconfirmed; the next commit reads back what is there.
    this.#needsRecovery = true;
    for (let written = 0; written < bytes.length;) written += writeSync(this.handle.fd, bytes, written);
    await this.#sync();
    this.#needsRecovery = false;
    this.#prev = prev;
    this.#sizeBytes += bytes.length;
  }

  async #sync(): Promise<void> {
    await this.handle.datasync().catch((error: unknown) => {
      // After a failed fsync the kernel may drop the pages and report success next time: nothing can be promised any more.
      throw this.#failFor('fdatasync to succeed', describeCode(error));
    });
  }

  /** Reads the last line back, ends it where it is torn, and continues the chain from it. */
  async recover(): Promise<void> {
    const { size } = await this.handle.stat();
    if (size === 0) {
      this.#prev = auditChainStart;
      this.#sizeBytes = 0;
      this.#needsRecovery = false;
      return;
    }
    const length = Math.min(size, maxAuditLineBytes + 1);
    const tail = Buffer.alloc(length);
    const { bytesRead } = await this.handle.read(tail, 0, length, size - length);
    if (bytesRead !== length) throw this.#failFor(`${length} bytes at the end`, `${bytesRead}`);
    const torn = tail[length - 1] !== newline;
    const end = torn ? length : length - 1;
    const start = end === 0 ? 0 : tail.lastIndexOf(newline, end - 1) + 1;
    if (start === 0 && length < size) {
      throw this.#failFor(`a last line of at most ${maxAuditLineBytes} bytes`, 'a longer one');
    }
    let prev = auditLineDigest(tail.subarray(start, end));
    let added = Buffer.alloc(0);
    if (torn) {
      const facts = { at: new Date().toISOString(), event: auditRepairEvent, tornBytes: end - start, prev };
      const note = Buffer.from(JSON.stringify(facts));
      prev = auditLineDigest(note);
      added = Buffer.concat([Buffer.from('\n'), note, Buffer.from('\n')]);
      await this.handle.appendFile(added);
      await this.#sync();
    }
    this.#prev = prev;
    this.#sizeBytes = size + added.length;
    this.#needsRecovery = false;
  }

  #failFor(expected: string, found: string): SigningError {
    this.#failure = new SigningError('STORE_UNAVAILABLE', { expected: `audit log ${this.file}: ${expected}`, found });
    return this.#failure;
  }
}

function entryJson(entry: AuditEntry): string {
  if ('at' in entry || 'prev' in entry) throw new TypeError('Audit entry: the names at and prev are the log’s own');
  const json = JSON.stringify({ at: new Date().toISOString(), ...entry });
  const bytes = Buffer.byteLength(json) + auditChainStart.length + 10;
  if (bytes > maxAuditLineBytes) {
    throw new TypeError(`Audit entry: expected at most ${maxAuditLineBytes} bytes, found ${bytes}`);
  }
  return json;
}

function describeCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? String(error);
}

function asStoreError(error: unknown, file: string): SigningError {
  if (error instanceof SigningError) return error;
  const code = describeCode(error);
  return new SigningError(code === 'ENOSPC' || code === 'EDQUOT' ? 'STORE_FULL' : 'STORE_UNAVAILABLE', {
    expected: `an audit log at ${file} that can be written`,
    found: code,
    cause: error,
  });
}
