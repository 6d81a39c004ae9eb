export * from './cluster.js';
export { freePort } from './free-port.js';
export { isLive, ManagedProcess } from './managed-process.js';
