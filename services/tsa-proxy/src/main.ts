import { createLogger, loadConfig, runService } from '@kyso/service';
import { AppModule } from './app.module.js';
import { configSchema } from './config.js';

const config = loadConfig(configSchema, process.env);
const logger = createLogger({ service: 'tsa-proxy', level: config.logLevel });
await runService({
  name: 'tsa-proxy',
  module: AppModule.of(config),
  config,
  logger,
  bodyLimitBytes: 65_536,
  rawBodies: { 'application/timestamp-query': 'buffer' },
});
