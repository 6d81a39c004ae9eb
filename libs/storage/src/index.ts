export * from './object-store.js';
export * from './stub.js';
