import type { Random } from '../../random.js';
import type { Expectation, Scenario } from '../scenario.js';
import type { World } from '../world.js';

const recovered: Expectation = { kind: 'recovered' };
const restarted = 'by itself: it is started again';

function killed(
  name: string,
  broken: string,
  kill: (world: World, random: Random) => void | Promise<void>,
  healing = restarted,
): Scenario {
  return {
    name,
    world: 'plain',
    slowToken: true,
    broken,
    healing,
    expected: recovered,
    async breakIt(world, random) {
      await kill(world, random);
    },
  };
}

const plainly = ['gateway', 'tsa-proxy', 'revocation-cache', 'sandbox-authority', 'redis'] as const;

export const processScenarios: readonly Scenario[] = [
  ...plainly.map((name) =>
    killed(
      `${name}-killed`,
      name === 'sandbox-authority' ? 'SIGKILL of the process that is TSA, OCSP and CRL' : `SIGKILL of ${article(name)}`,
      (world) => world.signal(name, 'SIGKILL'),
    ),
  ),
  killed(
    'signer-killed',
    'SIGKILL of one of two signers',
    async (world, random) => {
      const name = random.pick(world.signers());
      await world.untilSigning(name);
      world.signal(name, 'SIGKILL');
    },
    'by itself: the other one goes on, and takes the steps of the dead one when their locks have run out (10 s)',
  ),
  killed('signers-killed', 'SIGKILL of all signers at once', (world) => {
    for (const name of world.signers()) world.signal(name, 'SIGKILL');
  }),
  killed(
    'token-host-killed',
    'SIGKILL of the token hosts of one signer',
    async (world, random) => {
      const name = random.pick(world.signers());
      await world.untilSigning(name);
      await world.killTokenHosts([name]);
    },
    'by itself: a new token host, a new login',
  ),
  killed('all-killed', 'SIGKILL of every process at once, as in a power cut', (world) => {
    for (const { name } of world.parts.cluster.processes()) world.signal(name, 'SIGKILL');
  }),
  {
    name: 'signer-frozen',
    world: 'plain',
    slowToken: true,
    broken: 'one of two signers stands still in the middle of its work, longer than its locks last',
    healing: 'by itself: the other one does its steps; when it wakes up, nothing is released twice',
    expected: { kind: 'completed' },
    async breakIt(world) {
      await world.untilSigning('signer');
      world.signal('signer', 'SIGSTOP');
    },
    async healIt(world) {
      world.signal('signer', 'SIGCONT');
    },
  },
];

function article(name: string): string {
  return name === 'redis' ? 'Redis' : `the ${name}`;
}
