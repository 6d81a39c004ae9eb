import type { ObjectStore } from '@kyso/storage';
import type { SigningPorts } from '../signing-ports.js';

/**
 * The ports for documents of batches: before each use of the store or a key they wait until they may go on, so that a document
 * that was begun stands back as well, between any two of its stages. Nothing else about the ports is different.
 */
export function standingBack<P extends SigningPorts>(ports: P, mayGoOn: () => Promise<void>): P {
  const { signer } = ports;
  return {
    ...ports,
    store: new PatientStore(ports.store, mayGoOn),
    signer: {
      sign: async (request) => {
        await mayGoOn();
        return signer.sign(request);
      },
      replaceSessions: (token, wrong) => signer.replaceSessions(token, wrong),
    },
  };
}

class PatientStore implements ObjectStore {
  readonly openObject?: NonNullable<ObjectStore['openObject']>;
  readonly createFrom?: NonNullable<ObjectStore['createFrom']>;

  constructor(
    private readonly store: ObjectStore,
    private readonly mayGoOn: () => Promise<void>,
  ) {
    // What a store can't do shows by the method's absence.
    if (store.openObject !== undefined) {
      this.openObject = async (key, wholeBelowBytes) => {
        await mayGoOn();
        return store.openObject?.(key, wholeBelowBytes);
      };
    }
    if (store.createFrom !== undefined) {
      this.createFrom = async (key, body) => {
        await mayGoOn();
        return store.createFrom?.(key, body);
      };
    }
  }

  async put(...[key, body]: Parameters<ObjectStore['put']>): Promise<void> {
    await this.mayGoOn();
    return this.store.put(key, body);
  }

  async create(...[key, body]: Parameters<ObjectStore['create']>): Promise<boolean> {
    await this.mayGoOn();
    return this.store.create(key, body);
  }

  async get(key: string): ReturnType<ObjectStore['get']> {
    await this.mayGoOn();
    return this.store.get(key);
  }

  async openRead(...[key, range]: Parameters<ObjectStore['openRead']>): ReturnType<ObjectStore['openRead']> {
    await this.mayGoOn();
    return this.store.openRead(key, range);
  }

  async stat(key: string): ReturnType<ObjectStore['stat']> {
    await this.mayGoOn();
    return this.store.stat(key);
  }

  async delete(key: string): Promise<void> {
    await this.mayGoOn();
    return this.store.delete(key);
  }

  list(prefix: string): ReturnType<ObjectStore['list']> {
    return this.store.list(prefix);
  }

  ping(): Promise<void> {
    return this.store.ping();
  }
}
