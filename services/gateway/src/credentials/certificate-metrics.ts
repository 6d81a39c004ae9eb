import { Gauge, type Registry } from 'prom-client';
import type { CredentialRegistry } from './credential-registry.js';
import { daysUntil } from './usable.js';

/** `kyso_certificate_days_left`: asked of the registry at every scrape, which reads the store about once a minute. */
export function watchCertificates(
  registry: Registry,
  credentials: Pick<CredentialRegistry, 'all'>,
  now: () => Date = () => new Date(),
): void {
  const gauge = new Gauge({
    name: 'kyso_certificate_days_left',
    help: 'Days until the certificate of a credential that is switched on expires; negative: it has',
    labelNames: ['credential'],
    registers: [],
    async collect() {
      // A scrape must not fail because the store does: the other figures are wanted most then.
      const all = await credentials.all().catch(() => []);
      this.reset();
      for (const { record, certificate } of all) {
        if (record.enabled) this.set({ credential: record.credentialId }, daysUntil(certificate.notAfter, now()));
      }
    },
  });
  registry.registerMetric(gauge);
}
