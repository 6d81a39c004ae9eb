import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Cluster } from '@kyso/cli';
import type { KysoClient } from '@kyso/client';
import type { Shim } from '@kyso/sandbox';
import type { ObjectStore } from '@kyso/storage';
import { tellAuthority } from '../authority.js';
import { portalOf } from '../portal.js';
import type { Ballast } from './ballast.js';
import type { FaultyClock } from './faulty-clock.js';
import type { FaultyProxy } from './faulty-proxy.js';

/**
 * plain: two signers, store in a folder; small-disk: everything on a tmpfs that can be filled; s3: versitygw behind a proxy
 * that misbehaves; clock: the services' clock is libfaketime's.
 */
export type WorldKind = 'plain' | 'small-disk' | 's3' | 'clock';

/** What a world is made of; some of it only certain kinds have. */
export interface WorldParts {
  readonly kind: WorldKind;
  readonly cluster: Cluster;
  readonly shim: Shim;
  /** The object store itself, past whatever misbehaves before it. */
  readonly store: ObjectStore;
  readonly auditFiles: readonly string[];
  readonly ballast?: { readonly store: Ballast; readonly disk: Ballast };
  readonly proxy?: FaultyProxy;
  readonly clock?: FaultyClock;
  readonly close: () => Promise<void>;
}

/** A running cluster and everything in it that can be broken. */
export class World {
  readonly client: KysoClient;

  constructor(readonly parts: WorldParts) {
    this.client = portalOf(parts.cluster);
  }

  get shim(): Shim {
    return this.parts.shim;
  }

  pidOf(name: string): number {
    const pid = this.parts.cluster.processes().find((process) => process.name === name)?.pid ?? 0;
    if (pid === 0) throw new Error(`expected a process ${name}`);
    return pid;
  }

  signal(name: string, signal: NodeJS.Signals): void {
    process.kill(this.pidOf(name), signal);
  }

  /** Names of all signers. */
  signers(): string[] {
    return this.parts.cluster.processes().flatMap(({ name }) => (name.startsWith('signer') ? [name] : []));
  }

  /** Process ids of the token hosts of one signer. */
  async tokenHosts(signer: string): Promise<number[]> {
    const pid = this.pidOf(signer);
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    return children.split(' ').filter(Boolean).map(Number);
  }

  /** Waits until a signature is being made for this signer, with a token that is slow; five seconds at the most. */
  async untilSigning(signer: string): Promise<void> {
    const hosts = await this.tokenHosts(signer);
    const before = (await this.shim.records()).length;
    const end = performance.now() + 5_000;
    while (performance.now() < end) {
      const records = (await this.shim.records()).slice(before);
      if (records.some(({ call, pid }) => call === 'fault' && hosts.includes(pid))) return;
      await sleep(20);
    }
  }

  /** SIGKILL for token hosts; waits for the first ones where signers are just starting theirs. */
  async killTokenHosts(signers = this.signers()): Promise<void> {
    for (const signer of signers) {
      let hosts = await this.tokenHosts(signer);
      for (let tries = 0; hosts.length === 0 && tries < 100; tries++) {
        await sleep(100);
        hosts = await this.tokenHosts(signer);
      }
      for (const pid of hosts) killIfThere(pid);
    }
  }

  /** What the sandbox's TSA, OCSP responder and CRLs do from now on. */
  authorities(faults: Record<string, unknown>): Promise<void> {
    return tellAuthority(this.parts.cluster, '/faults', faults);
  }

  /** One command for Redis, by redis-cli. */
  async redis(...command: string[]): Promise<string> {
    const { port, password } = this.parts.cluster.redis;
    const env = { PATH: process.env['PATH'] ?? '', REDISCLI_AUTH: password };
    const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(port), ...command], { env });
    return stdout.trim();
  }

  /** Waits until every token is ready at every signer, as operators see it. */
  async tokensReady(deadlineMs = 60_000): Promise<void> {
    const end = performance.now() + deadlineMs;
    for (;;) {
      const { data } = await this.client.api.GET('/v1/tokens').catch(() => ({ data: undefined }));
      const tokens = data?.tokens ?? [];
      const signers = this.signers().length;
      const ready = tokens.every(
        (token) => token.state === 'ready' && token.signers.filter(({ state }) => state === 'ready').length >= signers,
      );
      if (tokens.length > 0 && ready) return;
      if (performance.now() > end) throw new Error(`tokens are not ready: ${JSON.stringify(tokens.map(brief))}`);
      await sleep(200);
    }
  }

  /** Lifts every quarantine, as an operator does who has put the PIN right. */
  async liftQuarantines(): Promise<void> {
    const { data } = await this.client.api.GET('/v1/tokens');
    for (const { token, quarantine } of data?.tokens ?? []) {
      if (quarantine === undefined) continue;
      const query = { at: quarantine.at, actor: 'faults' };
      await this.client.api.DELETE('/v1/tokens/{token}/quarantine', { params: { path: { token }, query } });
    }
  }

  close(): Promise<void> {
    return this.parts.close();
  }
}

function brief({ token, state, signers }: { token: string; state: string; signers: readonly unknown[] }): unknown {
  return { token, state, signers };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone by itself.
  }
}
