/** Fault switches of the HTTP server, per endpoint; tests flip them while it runs. */
export interface SandboxFaults {
  tsa?:
    | 'down'
    | 'slow'
    /** 429: the quota is used up. */
    | 'rate-limited'
    | 'wrong-imprint'
    | 'wrong-nonce'
    | 'rejection'
    | 'garbage'
    | 'wrong-eku'
    | 'bad-signature'
    /** A policy that was not asked for. */
    | 'wrong-policy'
    /** genTime ten minutes ahead. */
    | 'wrong-time'
    /** A time-stamping unit that signed its own certificate. */
    | 'untrusted'
    /** ESSCertIDv2 of another certificate (RFC 5816). */
    | 'wrong-signing-certificate';
  ocsp?:
    | 'down'
    | 'slow'
    | 'rate-limited'
    | 'unknown'
    | 'garbage'
    | 'try-later'
    | 'unauthorised-responder'
    | 'bad-signature'
    | 'wrong-serial'
    | 'stale';
  crl?: 'down' | 'slow' | 'rate-limited' | 'garbage' | 'bad-signature' | 'stale';
  /** How long `slow` holds an answer back, in milliseconds; default 3,000. */
  slowMs?: number;
}

/** The values that each switch takes; `POST /faults` is checked against it. */
export const faultModes = {
  tsa: [
    'down',
    'slow',
    'rate-limited',
    'wrong-imprint',
    'wrong-nonce',
    'rejection',
    'garbage',
    'wrong-eku',
    'bad-signature',
    'wrong-policy',
    'wrong-time',
    'untrusted',
    'wrong-signing-certificate',
  ],
  ocsp: [
    'down',
    'slow',
    'rate-limited',
    'unknown',
    'garbage',
    'try-later',
    'unauthorised-responder',
    'bad-signature',
    'wrong-serial',
    'stale',
  ],
  crl: ['down', 'slow', 'rate-limited', 'garbage', 'bad-signature', 'stale'],
} as const satisfies { [K in 'tsa' | 'ocsp' | 'crl']: readonly NonNullable<SandboxFaults[K]>[] };

/** Sets the switches to what a JSON body says; absent or null: no fault. Throws on an unknown key or value. */
export function setFaults(faults: SandboxFaults, wanted: unknown): void {
  if (typeof wanted !== 'object' || wanted === null) throw new Error('expected a JSON object');
  const next: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(wanted)) {
    if (value === null) continue;
    const modes: readonly unknown[] | undefined = Object.hasOwn(faultModes, key)
      ? faultModes[key as keyof typeof faultModes]
      : undefined;
    const fits = key === 'slowMs' ? typeof value === 'number' && value >= 0 : modes?.includes(value);
    if (fits !== true) throw new Error(`expected ${key} to be one of ${modes?.join(', ') ?? 'the known switches'}`);
    next[key] = value;
  }
  delete faults.tsa;
  delete faults.ocsp;
  delete faults.crl;
  delete faults.slowMs;
  Object.assign(faults, next);
}
