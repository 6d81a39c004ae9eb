import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { SigningError } from '@kyso/contracts';

/** The shortest service token that is accepted; 32 base64url characters hold 192 random bits. */
export const minServiceTokenLength = 32;

/** Compares `Authorization: Bearer …` (RFC 6750, 2.1) with the service token. */
export class ServiceTokenCheck {
  readonly #digest: Buffer;

  /** Throws an Error when the token is shorter than 32 characters. */
  constructor(serviceToken: string) {
    if (serviceToken.length < minServiceTokenLength) {
      throw new Error(
        `Service token: expected at least ${minServiceTokenLength} characters, found ${serviceToken.length}`,
      );
    }
    this.#digest = sha256(serviceToken);
  }

  /** Throws SigningError UNAUTHENTICATED unless the header carries the token. */
  assert(authorization: string | undefined): void {
    const presented = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '')?.[1];
    // Digests are compared, in constant time: neither the token's characters nor its length can be learnt from the answer's
    // delay.
    if (presented === undefined || !timingSafeEqual(sha256(presented), this.#digest)) {
      throw new SigningError('UNAUTHENTICATED', {
        expected: 'Authorization: Bearer with the service token',
        found: presented === undefined ? 'no bearer token' : 'another token',
      });
    }
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * Guard for controllers that only our own services may call: `@UseGuards(ServiceTokenGuard)` on the class. Needs no module
 * import: runService provides it everywhere.
 */
@Injectable()
export class ServiceTokenGuard implements CanActivate {
  constructor(@Inject(ServiceTokenCheck) private readonly check: ServiceTokenCheck) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
    this.check.assert(request.headers.authorization);
    return true;
  }
}
