import type { Drain } from '@kyso/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoginResult, PinGuard } from './pin-guard.js';
import { TokenChild } from './token-child.js';
import type { TokenSettings } from './token-settings.js';

/** How starting a token host ended. */
export type Started =
  | { readonly kind: 'ready'; readonly child: TokenChild }
  | { readonly kind: 'quarantined'; readonly reason: string }
  /** An operator has taken the token out of use: nothing was loaded. */
  | { readonly kind: 'drained' }
  | { readonly kind: 'absent'; readonly code: string };

/** What a start needs to know. */
export interface StartOptions {
  readonly settings: TokenSettings;
  readonly guard: PinGuard;
  readonly drainOf: (token: string) => Promise<Drain | undefined>;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /**
   * A person took the token out of quarantine while this signer looked on: one try is allowed although the token says that
   * the last one was wrong (its flag goes away only with a right one). On the last try before it locks, never.
   */
  readonly cleared: boolean;
}

/** Pause before the cluster's login lock is asked for again. */
const lockRetryMs = 150;

/**
 * Forks a token host, lets it find its token and log in, once; without a PIN file, find it. Every way out but `ready` leaves
 * no process behind: a module that failed once is not asked again (SoftHSM doesn't see a token that came back without a new
 * C_Initialize).
 */
export async function startTokenChild(options: StartOptions): Promise<Started> {
  const { settings, guard } = options;
  let child: TokenChild | undefined;
  let started: Started = { kind: 'absent', code: 'START_FAILED' };
  try {
    if ((await options.drainOf(settings.name)) !== undefined) return { kind: 'drained' };
    const quarantine = await guard.quarantineOf(settings.name);
    if (quarantine !== undefined) return { kind: 'quarantined', reason: quarantine.reason };
    child = new TokenChild({ environment: options.environment, threads: settings.sessions });
    started = await openAndLogIn(child, options);
    return started;
  } catch {
    // The store or Redis can't be reached: without them nobody may try a PIN.
    return { kind: 'absent', code: 'PIN_GUARD_UNAVAILABLE' };
  } finally {
    if (child !== undefined && started.kind !== 'ready') {
      child.kill();
      await child.ended;
    }
  }
}

async function openAndLogIn(child: TokenChild, options: StartOptions): Promise<Started> {
  const { settings, guard } = options;
  const deadlineMs = performance.now() + settings.startTimeoutMs;
  const { modulePath, label, serial, mode, sessions, signTimeoutMs } = settings;
  child.send({
    kind: 'open',
    signTimeoutMs,
    address: {
      modulePath,
      mode,
      sessions,
      ...(label === undefined ? {} : { label }),
      ...(serial === undefined ? {} : { serial }),
    },
  });
  const opened = await child.expect(['opened', 'absent', 'failed'], settings.startTimeoutMs);
  if (opened === undefined) return { kind: 'absent', code: 'START_TIMEOUT' };
  if (opened.kind !== 'opened') return { kind: 'absent', code: opened.code };
  const warning = opened.pinWarning === 'PIN_COUNT_LOW' && options.cleared ? undefined : opened.pinWarning;
  const { pinFile } = settings;
  let attempt: () => Promise<LoginResult>;
  // A warning is stored under the lock as well: whose try it comes from first stores what really happened.
  if (warning !== undefined) attempt = () => Promise.resolve({ kind: 'refused', reason: warning });
  else if (pinFile !== undefined) attempt = () => logIn(child, { ...options, pinFile });
  // Whose PIN is sealed to an activation is logged in to with that, for as long as it takes.
  else return { kind: 'ready', child };
  while (performance.now() < deadlineMs && !options.signal.aborted) {
    const result = await guard.login(settings.name, attempt);
    switch (result.kind) {
      case 'logged-in':
        return { kind: 'ready', child };
      case 'quarantined':
        return { kind: 'quarantined', reason: result.quarantine.reason };
      case 'refused':
        return { kind: 'quarantined', reason: result.reason };
      case 'failed':
        return { kind: 'absent', code: result.code };
      case 'abandoned':
        return { kind: 'absent', code: 'LOGIN_TIMEOUT' };
      case 'busy':
        await sleep(lockRetryMs);
    }
  }
  return { kind: 'absent', code: 'LOGIN_LOCKED' };
}

async function logIn(
  child: TokenChild,
  { settings, cleared, pinFile }: StartOptions & { readonly pinFile: string },
): Promise<LoginResult> {
  child.send({ kind: 'login', pinFile, despiteCountLow: cleared });
  const answer = await child.expect(['logged-in', 'login-refused', 'login-failed', 'failed'], settings.startTimeoutMs);
  if (answer === undefined) return { kind: 'abandoned' };
  switch (answer.kind) {
    case 'logged-in':
      return { kind: 'logged-in' };
    case 'login-refused':
      return { kind: 'refused', reason: answer.reason };
    case 'login-failed':
      return { kind: 'failed', code: answer.code };
    case 'failed':
      return { kind: 'abandoned' };
  }
}
