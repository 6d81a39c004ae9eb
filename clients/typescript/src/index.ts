export { Batches, type SentManifest } from './batches.js';
export type * from './generated/api.js';
export { KysoClient, type KysoClientOptions, type UploadBody } from './kyso-client.js';
export { JobFailed, KysoError } from './kyso-error.js';
export type { RepeatRules } from './repeating-fetch.js';
export { sealPin, type PinUse } from './seal-pin.js';
export { verifyWebhook, WebhookRefused, type VerifyOptions, type WebhookHeaders } from './verify-webhook.js';
