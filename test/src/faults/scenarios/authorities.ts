import type { Expectation, Scenario } from '../scenario.js';

const afterHealing: Expectation = { kind: 'completed-after-healing' };
const noTimestamp = 'when an authority answers well; B-B goes on, others wait (`KYSO_LEVEL_WAIT_MS`)';
const noEvidence = 'when a source answers well; B-B and B-T go on, B-LT waits (`KYSO_LEVEL_WAIT_MS`)';

type About = Pick<Scenario, 'name' | 'broken'> & Partial<Scenario>;

/** The time-stamp authority does what the word says. */
function tsa(word: string, about: About): Scenario {
  return {
    world: 'plain',
    healing: noTimestamp,
    expected: afterHealing,
    breakIt: (world) => world.authorities({ tsa: word, slowMs: 1_500 }),
    healIt: (world) => world.authorities({}),
    ...about,
  };
}

/** OCSP and CRL do what the word says, and the revocation cache has forgotten what it had. */
function revocation(word: string, about: About): Scenario {
  return {
    world: 'plain',
    healing: noEvidence,
    expected: afterHealing,
    async breakIt(world) {
      await world.authorities({ ocsp: word, crl: word, slowMs: 1_500 });
      world.signal('revocation-cache', 'SIGKILL');
    },
    healIt: (world) => world.authorities({}),
    brokenMs: [2_500, 4_000],
    ...about,
  };
}

export const authorityScenarios: readonly Scenario[] = [
  tsa('slow', {
    name: 'tsa-slow',
    broken: 'every time-stamp comes 1.5 s late',
    healing: 'nothing to do: documents take longer',
    expected: { kind: 'completed' },
  }),
  tsa('down', { name: 'tsa-dead', broken: 'the TSA cuts every connection' }),
  tsa('rate-limited', { name: 'tsa-rate-limited', broken: 'the TSA answers 429: the quota is used up' }),
  tsa('garbage', { name: 'tsa-garbage', broken: 'the TSA answers with HTML' }),
  tsa('rejection', { name: 'tsa-rejection', broken: 'the TSA refuses every request, in good form' }),
  tsa('untrusted', { name: 'tsa-untrusted', broken: 'time-stamps of a unit that signed its own certificate' }),
  tsa('wrong-imprint', { name: 'tsa-wrong-imprint', broken: 'time-stamps of something else' }),
  tsa('wrong-nonce', { name: 'tsa-wrong-nonce', broken: 'time-stamps with a nonce that is not ours: replayed ones' }),
  tsa('bad-signature', { name: 'tsa-bad-signature', broken: 'time-stamps with a wrong signature' }),
  tsa('wrong-time', {
    name: 'tsa-wrong-time',
    broken: 'the TSA’s clock is ten minutes ahead',
    healing: 'by hand: look at both clocks; what failed is sent again by its sender',
    expected: { kind: 'failed', codes: ['CLOCK_SKEWED'] },
  }),
  revocation('slow', {
    name: 'revocation-slow',
    broken: 'OCSP and CRL come 1.5 s late, with an empty cache',
    healing: 'nothing to do: documents take longer',
    expected: { kind: 'completed' },
  }),
  revocation('down', { name: 'revocation-dead', broken: 'OCSP and CRL cut every connection, with an empty cache' }),
  revocation('down', {
    name: 'revocation-dead-cached',
    broken: 'OCSP and CRL cut every connection, with evidence in the cache',
    warmCache: true,
    healing: 'nothing to do until the nextUpdate of what is in the cache',
    expected: { kind: 'completed' },
    breakIt: (world) => world.authorities({ ocsp: 'down', crl: 'down' }),
  }),
  revocation('rate-limited', {
    name: 'revocation-rate-limited',
    broken: 'OCSP and CRL answer 429, with an empty cache',
  }),
  revocation('bad-signature', {
    name: 'revocation-bad-signature',
    broken: 'OCSP answers and CRLs with a wrong signature, with an empty cache',
  }),
  revocation('wrong-serial', {
    name: 'ocsp-lying',
    broken: 'OCSP answers about another certificate, with an empty cache; the CRLs are well',
    healing: 'nothing to do: the CRL is asked',
    expected: { kind: 'completed' },
    async breakIt(world) {
      await world.authorities({ ocsp: 'wrong-serial' });
      world.signal('revocation-cache', 'SIGKILL');
    },
  }),
  revocation('stale', { name: 'revocation-stale', broken: 'OCSP answers and CRLs of yesterday, with an empty cache' }),
];
