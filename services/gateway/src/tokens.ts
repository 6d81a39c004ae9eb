/** Injects the ObjectStore. */
export const STORE = Symbol('object store');
/** Injects the parsed Config. */
export const CONFIG = Symbol('config');
