export { demoCredentials, type CredentialPlan, type KeyKind, type SandboxCredential } from './credentials.js';
export { sandboxTsaPolicy } from './oids.js';
export type { SandboxFaults } from './faults.js';
export { createSandbox, openSandbox, rememberedBaseUrl, type Sandbox, type SandboxOptions } from './sandbox.js';
export { buildShim, type Shim, type ShimRecord } from './pkcs11-shim.js';
export { makeSoftwareSigners, type SoftwareSigner } from './software-signers.js';
export { startSandboxServer, type SandboxServer, type SandboxServerOptions } from './server.js';
export { findSofthsmModule } from './softhsm.js';
export { makeSameKeyTokens, type SameKeyTokens } from './same-key-tokens.js';
