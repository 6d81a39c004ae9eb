/** Keys on PKCS#11 tokens, each behind a host process of its own. */
export type { DigestRequest, DigestSigner } from './digest-signer.js';
export { createPinGuard, type LoginResult, type PinGuard } from './pin-guard.js';
export { AnswerLost } from './token-failures.js';
export { inProcessSigner } from './in-process-signer.js';
export { Pkcs11Token } from './pkcs11-token.js';
export { toInventory } from './token-inventory.js';
export type { ReadContent } from './token-host-messages.js';
export { TokenFleet, type TokenFleetOptions } from './token-fleet.js';
export { defaultTokenHostTiming, type TokenEvent, type TokenHostTiming } from './token-host.js';
export { servedName, tokenSettingsSchema, tokensFileSchema, type TokenSettings } from './token-settings.js';
