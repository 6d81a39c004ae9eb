import { availableParallelism } from 'node:os';

// Jest runs the compiled output; `npm run build` comes first.
const project = (folder) => ({
  displayName: folder,
  rootDir: folder,
  testMatch: ['<rootDir>/dist/**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  extensionsToTreatAsEsm: [],
  testPathIgnorePatterns: ['/node_modules/'],
});

export default {
  projects: [
    'libs/contracts',
    'libs/pdf',
    'libs/cms',
    'libs/validation',
    'libs/storage',
    'libs/preparation',
    'libs/service',
    'libs/sandbox',
    'services/gateway',
    'services/signer',
    'services/tsa-proxy',
    'services/revocation-cache',
    'clients/typescript',
    'test',
  ].map(project),
  testTimeout: 30_000,
  // Tests wait for servers and other programs as much as they compute; more than a few would wait for each other.
  maxWorkers: Math.min(4, availableParallelism()),
};
