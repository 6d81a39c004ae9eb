import { createLogger, loadConfig, runService } from '@kyso/service';
import { AppModule } from './app.module.js';
import { configSchema, moduleEnvironment } from './config.js';

const config = loadConfig(configSchema, process.env);
const logger = createLogger({ service: 'signer', level: config.logLevel });
await runService({
  name: 'signer',
  module: AppModule.of(config, { moduleEnvironment: moduleEnvironment(process.env) }),
  config,
  logger,
});
