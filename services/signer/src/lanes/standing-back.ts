import type { ObjectStore } from '@kyso/storage';
import type { SigningPorts } from '../signing-ports.js';

/**
 * The ports for documents of batches: after each use of the store or a key they wait until they may go on, so that a document
 * that was begun stands back as well, between any two of its stages. Nothing else about the ports is different.
 */
export function standingBack<P extends SigningPorts>(ports: P, mayGoOn: () => Promise<void>): P {
  const { signer } = ports;
  return {
    ...ports,
    store: new PatientStore(ports.store, mayGoOn),
    signer: {
      sign: (request) => thenStandBack(signer.sign(request), mayGoOn),
      replaceSessions: (token, wrong) => signer.replaceSessions(token, wrong),
    },
  };
}

async function thenStandBack<T>(operation: Promise<T>, mayGoOn: () => Promise<void>): Promise<T> {
  try {
    return await operation;
  } finally {
    await mayGoOn();
  }
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
      this.openObject = (...asked) => this.#patiently(Promise.resolve(store.openObject?.(...asked)));
    }
    if (store.createFrom !== undefined) {
      this.createFrom = (...asked) => this.#patiently(Promise.resolve(store.createFrom?.(...asked)));
    }
  }

  put(...[key, body]: Parameters<ObjectStore['put']>): Promise<void> {
    return this.#patiently(this.store.put(key, body));
  }

  create(...[key, body]: Parameters<ObjectStore['create']>): Promise<boolean> {
    return this.#patiently(this.store.create(key, body));
  }

  get(key: string): ReturnType<ObjectStore['get']> {
    return this.#patiently(this.store.get(key));
  }

  openRead(...[key, range]: Parameters<ObjectStore['openRead']>): ReturnType<ObjectStore['openRead']> {
    return this.#patiently(this.store.openRead(key, range));
  }

  stat(key: string): ReturnType<ObjectStore['stat']> {
    return this.#patiently(this.store.stat(key));
  }

  delete(key: string): Promise<void> {
    return this.#patiently(this.store.delete(key));
  }

  list(prefix: string): ReturnType<ObjectStore['list']> {
    return this.store.list(prefix);
  }

  ping(): Promise<void> {
    return this.store.ping();
  }

  #patiently<T>(operation: Promise<T>): Promise<T> {
    return thenStandBack(operation, this.mayGoOn);
  }
}
