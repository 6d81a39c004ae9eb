import { SigningError } from '@kyso/contracts';
import type { DigestSigner } from './digest-signer.js';
import { toTokenFault } from './pkcs11-errors.js';
import type { Pkcs11Token } from './pkcs11-token.js';
import { AnswerLost, toSigningError, unavailable } from './token-failures.js';
import { toSignatureValue, toTokenInput, toTokenMechanism } from './token-mechanism.js';

/**
 * A DigestSigner that calls a logged-in token on this thread, for benchmarks and tests that want no second process. Never
 * in a service: it blocks the event loop, can't be interrupted, and puts the PIN and the module into its process.
 */
export function inProcessSigner(token: Pkcs11Token): DigestSigner {
  return {
    async sign(request) {
      try {
        const output = token.sign(request.keyId, toTokenMechanism(request), toTokenInput(request));
        return toSignatureValue(request, output);
      } catch (error) {
        const { code, scope, mayHaveSigned } = toTokenFault(error);
        if (mayHaveSigned) throw new AnswerLost(request.token, code);
        throw scope === 'request' ? toSigningError(code, request.token) : unavailable(request.token, code);
      }
    },
    replaceSessions: (name) => Promise.reject(new SigningError('TOKEN_UNAVAILABLE', { found: `no host of ${name}` })),
  };
}
