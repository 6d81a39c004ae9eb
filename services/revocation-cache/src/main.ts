import { createLogger, loadConfig, runService } from '@kyso/service';
import { AppModule } from './app.module.js';
import { configSchema } from './config.js';

const config = loadConfig(configSchema, process.env);
const logger = createLogger({ service: 'revocation-cache', level: config.logLevel });
await runService({ name: 'revocation-cache', module: AppModule.of(config), config, logger });
