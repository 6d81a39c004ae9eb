export { openAudit, type Audit, type AuditEntry } from './audit.js';
export { accountForUses, type AccountedUse, type UseAccount, type UseRecords } from './audit-account.js';
export { AuditUses, type KeyUse } from './audit-uses.js';
export { verifyAudit, type AuditVerdict } from './audit-verify.js';
export { describeConfig, environmentName, loadConfig, type ConfigOutlet } from './config.js';
export {
  commaList,
  readStoreSettings,
  fetchConfigShape,
  readFetchRules,
  readRedisUrl,
  redisConfigShape,
  serviceConfigShape,
  storeConfigShape,
  wholeNumber,
  type StoreSettings,
} from './config-shapes.js';
export { createLogger, describeError } from './logger.js';
export { problemMediaType, RequestInvalid, toProblem, type RequestIssue } from './problem.js';
export { Readiness, type ReadinessCheck, type ReadinessResult } from './readiness.js';
export { connectRedis, type RedisOptions } from './redis.js';
export { runService, type ServiceOptions } from './run-service.js';
export { LOGGER, METRICS, STOP_SIGNAL } from './runtime.module.js';
export { readScreeningPolicy, screeningConfigShape } from './screening-policy.js';
export { readSecretFile } from './secret-file.js';
export { ServiceTokenCheck, ServiceTokenGuard } from './service-token.js';
export {
  createServiceClient,
  type ServiceCall,
  type ServiceClient,
  type ServiceClientOptions,
} from './service-client.js';
export {
  createGuardedFetch,
  type FetchParts,
  type FetchRequest,
  type FetchRules,
  type GuardedFetch,
} from './guarded-fetch.js';
export { ExchangeError } from './http-exchange.js';
