export * from './byte-source.js';
export * from './stub.js';
