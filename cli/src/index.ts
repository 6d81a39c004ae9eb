export * from './cluster.js';
export * from './gateway-client.js';
export { freePort } from './free-port.js';
export { isLive, ManagedProcess } from './managed-process.js';
