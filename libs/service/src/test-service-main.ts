import { createLogger } from './logger.js';
import { runService } from './run-service.js';
import { TestModule } from './test-service.js';

// A whole service in a process of its own, for what signals do.
await runService({
  name: 'test',
  module: TestModule,
  config: { listenHost: '127.0.0.1', listenPort: 0, shutdownTimeoutMs: Number(process.argv[2] ?? 5_000) },
  serviceToken: 't'.repeat(32),
  logger: createLogger({ service: 'test', level: 'info' }),
});
