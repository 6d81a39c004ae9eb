import { checkCades } from '@kyso/cms';
import {
  SigningError,
  objectKeys,
  type Release,
  type StepResult,
  type StoredJob,
  type UncertainKeyUse,
} from '@kyso/contracts';
import { PdfDocument, bufferSource } from '@kyso/pdf';
import { AuditUses, accountForUses, type KeyUse } from '@kyso/service';
import { storedUseRecords, type ObjectStore } from '@kyso/storage';
import { AnswerLost } from '../src/hsm/index.js';
import type { RunStepPorts } from '../src/run-step.js';
import { Workbench, sha256, step } from './workbench.js';

/** A line of the audit log about a use of a key. */
export interface UseEntry {
  readonly event: string;
  readonly jobId: string;
  readonly useId?: string;
  readonly [fact: string]: unknown;
}

type Answer = (sign: () => Promise<Uint8Array>) => Promise<Uint8Array>;

/** The token is away: it was not asked. */
export const absent: Answer = () => Promise.reject(new SigningError('TOKEN_UNAVAILABLE'));
/** The token has signed, and nobody knows. */
export const answerLost: Answer = async (sign) => {
  await sign();
  throw new AnswerLost('desk', 'SIGKILL');
};
/** The signature is another one than the key made. */
export const lie: Answer = async (sign) => {
  const signature = Buffer.from(await sign());
  signature.writeUInt8(signature.readUInt8(20) ^ 1, 20);
  return signature;
};

/** The first call is answered as said, the others by the token. */
export function answersFirst(ports: RunStepPorts, first: Answer): RunStepPorts {
  let calls = 0;
  const { signer } = ports;
  return {
    ...ports,
    signer: {
      ...signer,
      sign: (request) => (calls++ === 0 ? first(() => signer.sign(request)) : signer.sign(request)),
    },
  };
}

/** A workbench that counts what the token signs, and holds the audit log against it. */
export class KeyUseBench {
  /** Signatures that the token made, SHA-256 of each. */
  atToken: string[] = [];

  private constructor(readonly bench: Workbench) {}

  static async start(): Promise<KeyUseBench> {
    return new KeyUseBench(await Workbench.start());
  }

  async reset(): Promise<void> {
    await this.bench.reset();
    this.atToken = [];
  }

  entries(event?: string): UseEntry[] {
    return (this.bench.audited as UseEntry[]).filter((entry) => event === undefined || entry.event === event);
  }

  async resultOf(job: StoredJob): Promise<StepResult | undefined> {
    return (await this.bench.outcome(job))?.steps[0];
  }

  async submit(credentialId: string, level: StepResult['level'] = 'B-B'): Promise<StoredJob> {
    return this.bench.submit(await this.bench.upload(), [step(level, { credentialId })]);
  }

  storedIntent(job: StoredJob): Record<string, unknown> {
    const stored = this.bench.store.objects.get(objectKeys.intent(job.documentId, 1));
    return JSON.parse(String(stored)) as Record<string, unknown>;
  }

  /** A signer that remembers nothing of earlier ones, with the token counted. */
  newSigner(uncertainKeyUse: UncertainKeyUse, store: ObjectStore = this.bench.store): RunStepPorts {
    const ports = this.bench.makePorts(store);
    const { signer } = ports;
    return {
      ...ports,
      policy: { ...ports.policy, uncertainKeyUse },
      signer: {
        sign: async (request) => {
          const signature = await signer.sign(request);
          this.atToken.push(sha256(signature));
          return signature;
        },
        replaceSessions: () => Promise.resolve(),
      },
    };
  }

  /**
   * What is wrong with the audit log, to the eyes of the operator's tool and with the token as witness; empty when every use is
   * explained and the token made no signature without one.
   */
  async complaints(job: StoredJob): Promise<string[]> {
    const { bench, atToken } = this;
    const audit = new AuditUses();
    for (const entry of bench.audited) audit.add({ at: '2026-01-01T00:00:00.000Z', ...entry }, 'audit.jsonl');
    const { uses, releasedWithoutUse } = await accountForUses(audit, storedUseRecords(bench.store));
    const pdf = bench.version(job.documentId, 1);
    const released = pdf === undefined ? undefined : await signatureIn(pdf);
    const record = bench.store.objects.get(objectKeys.release(job.documentId, 1));
    const recorded = record === undefined ? undefined : (JSON.parse(String(record)) as Release).signatureSha256;
    const countReleased = uses.filter(({ fate }) => fate === 'released').length;
    return [
      ...audit.unreadable.map(({ event }) => `unreadable ${event}`),
      ...uses.filter(({ fate }) => fate === 'unexplained' || fate === 'gone').map(({ useId }) => `no word of ${useId}`),
      ...releasedWithoutUse.map(({ version }) => `version ${version} without a use`),
      ...(uses.length < atToken.length ? [`${atToken.length} signatures, ${uses.length} uses`] : []),
      ...(released !== undefined && !atToken.includes(released) ? ['the token did not make what was released'] : []),
      ...(recorded === released ? [] : [`recorded ${recorded}, released ${released}`]),
      ...(countReleased === (released === undefined ? 0 : 1) ? [] : [`${countReleased} released uses`]),
      ...uses.filter((use) => !this.#isClosed(use, released)).map(({ useId }) => `use ${useId} is left open`),
    ];
  }

  /** By the entries of its own id alone, whatever the tool concludes from others. */
  #isClosed({ useId }: KeyUse, released: string | undefined): boolean {
    return this.entries().some(
      (one) =>
        one.useId === useId &&
        (one.event === 'key-use-lost' ||
          (one.event === 'key-use-failed' && one['used'] === 'no') ||
          (one.event === 'key-use-ended' && (one['signature'] === 'wrong' || one['signatureSha256'] === released))),
    );
  }
}

/** SHA-256 of the signature value that a version with one signature holds. */
async function signatureIn(pdf: Buffer): Promise<string> {
  const [signature] = await (await PdfDocument.open(bufferSource(pdf))).signatures();
  if (signature === undefined) throw new Error('expected a signature');
  const { signatureValue } = await checkCades(signature.cmsDer, () => Promise.resolve(new Uint8Array(32)));
  return sha256(signatureValue);
}
