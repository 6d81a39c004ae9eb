import type { ObjectStore } from '@kyso/storage';
import type { RunStepPorts } from '../src/run-step.js';

/** What a process that was killed throws, so to speak. */
export class Crash extends Error {}

/** Throws at the n-th call of any port, before the call's effect or after it, and at every later one: the process is dead. */
export class Killer {
  calls = 0;
  log: string[] = [];

  constructor(
    private readonly at: number,
    private readonly when: 'before' | 'after',
  ) {}

  async call<T>(name: string, work: () => Promise<T>): Promise<T> {
    const number = ++this.calls;
    this.log.push(name);
    if (number > this.at || (number === this.at && this.when === 'before')) throw new Crash(`at ${name}`);
    const result = await work();
    if (number === this.at) throw new Crash(`after ${name}`);
    return result;
  }

  get crashed(): boolean {
    return this.calls >= this.at;
  }

  wrap(ports: RunStepPorts): RunStepPorts {
    const { store, signer, timestamps, revocation, audit, queue } = ports;
    const killed: ObjectStore = {
      put: (key, body) => this.call(`put ${key}`, () => store.put(key, body)),
      create: (key, body) => this.call(`create ${key}`, () => store.create(key, body)),
      get: (key) => this.call(`get ${key}`, () => store.get(key)),
      openRead: (key, range) => this.call(`openRead ${key}`, () => store.openRead(key, range)),
      stat: (key) => this.call(`stat ${key}`, () => store.stat(key)),
      delete: (key) => this.call(`delete ${key}`, () => store.delete(key)),
      list: (prefix) => store.list(prefix),
      ping: () => store.ping(),
    };
    return {
      ...ports,
      store: killed,
      signer: {
        sign: (request) => this.call('sign', () => signer.sign(request)),
        replaceSessions: (token, wrong) => this.call('replaceSessions', () => signer.replaceSessions(token, wrong)),
      },
      timestamps: { respond: (der, context) => this.call('timestamp', () => timestamps.respond(der, context)) },
      revocation: {
        evidenceFor: (chain, context) => this.call('evidence', () => revocation.evidenceFor(chain, context)),
      },
      audit: { write: (entry) => this.call(`audit ${entry.event}`, () => audit.write(entry)) },
      queue: { add: (job, index) => this.call('queue', () => queue.add(job, index)) },
    };
  }
}
