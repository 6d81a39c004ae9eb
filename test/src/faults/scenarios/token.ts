import type { FailureCode } from '@kyso/contracts';
import type { Expectation, Scenario } from '../scenario.js';
import type { World } from '../world.js';

const quarantined: readonly FailureCode[] = ['PIN_INCORRECT', 'TOKEN_QUARANTINED'];
const afterHealing: Expectation = { kind: 'completed-after-healing' };
const completed: Expectation = { kind: 'completed' };

/** The shim before SoftHSM does what the word says, at every call until it is healed, or once. */
function token(word: string, about: Pick<Scenario, 'name' | 'broken' | 'healing' | 'expected'>): Scenario {
  return {
    ...about,
    world: 'plain',
    breakIt: (world) => world.shim.order(word),
    healIt: async (world) => {
      await world.shim.order();
      await world.tokensReady();
    },
    wasFelt: async (world, { records }) =>
      (await world.shim.records()).slice(records).some((record) => record.call === 'fault'),
  };
}

/** A login that fails: token hosts are killed so that there is one. */
function login(word: string, about: Pick<Scenario, 'name' | 'broken'>): Scenario {
  return {
    ...token(word, {
      ...about,
      healing: 'by hand: put the PIN right, lift the quarantine; what failed is sent again by its sender',
      expected: { kind: 'failed', codes: quarantined },
    }),
    brokenMs: [4_000, 5_500],
    async breakIt(world) {
      await world.shim.order(word);
      await world.killTokenHosts();
    },
    async healIt(world: World) {
      await world.shim.order();
      await world.liftQuarantines();
      await world.tokensReady();
    },
  };
}

export const tokenScenarios: readonly Scenario[] = [
  token('slow', {
    name: 'token-slow',
    broken: 'every signature takes 300 ms longer',
    healing: 'nothing to do: documents take longer',
    expected: completed,
  }),
  token('hang-once', {
    name: 'token-hangs-once',
    broken: 'one C_Sign never returns',
    healing: 'by itself: its token host is killed after `signTimeoutMs` and replaced',
    expected: completed,
  }),
  token('hang', {
    name: 'token-hangs',
    broken: 'no C_Sign returns',
    healing: 'when the token answers again; documents wait',
    expected: afterHealing,
  }),
  token('device-error-once', {
    name: 'token-device-error-once',
    broken: 'one CKR_DEVICE_ERROR',
    healing: 'by itself: a new token host, a new try',
    expected: completed,
  }),
  token('device-error', {
    name: 'token-device-error',
    broken: 'every C_Sign answers CKR_DEVICE_ERROR',
    healing: 'when the HSM is repaired; documents wait',
    expected: afterHealing,
  }),
  token('device-removed', {
    name: 'token-removed',
    broken: 'the token is pulled out',
    healing: 'when it is plugged in again; documents wait',
    expected: afterHealing,
  }),
  token('session-invalid-once', {
    name: 'token-session-lost',
    broken: 'one CKR_SESSION_HANDLE_INVALID',
    healing: 'by itself: a new session, a new try',
    expected: completed,
  }),
  token('session-invalid', {
    name: 'token-sessions-lost',
    broken: 'every C_SignInit answers CKR_SESSION_HANDLE_INVALID',
    healing: 'when the HSM keeps sessions again; documents wait',
    expected: afterHealing,
  }),
  token('wrong-once', {
    name: 'token-wrong-once',
    broken: 'one signature is wrong',
    healing: 'by itself: it is noticed, the token host is replaced, the key is used once more',
    expected: completed,
  }),
  {
    ...token('wrong', {
      name: 'token-wrong',
      broken: 'every signature is wrong',
      healing: 'by hand: another token or module; what failed is sent again by its sender',
      expected: { kind: 'failed', codes: ['SIGNATURE_WRONG'] },
    }),
    // Long enough for a new token host, and the second try that it gets.
    brokenMs: [5_000, 6_500],
  },
  token('crash-once', {
    name: 'token-crash-once',
    broken: 'the module crashes its process, the key having been used',
    healing: 'by itself: a new token host, a new try',
    expected: completed,
  }),
  token('crash', {
    name: 'token-crash',
    broken: 'the module crashes at every C_Sign',
    healing: 'when the module is repaired; documents wait',
    expected: afterHealing,
  }),
  login('pin-incorrect', {
    name: 'token-pin-incorrect',
    broken: 'the PIN file is wrong: CKR_PIN_INCORRECT at a login',
  }),
  login('locked', { name: 'token-pin-locked', broken: 'the token is locked: CKR_PIN_LOCKED at a login' }),
];
