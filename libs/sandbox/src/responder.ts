import { publishers, readIdentity, type AuthorityId, type Publisher } from './authorities.js';
import type { Identity } from './certificate.js';
import { issueCrl, type Revocation } from './crl.js';
import type { SandboxFaults } from './faults.js';
import { readState, type IssuedCertificate } from './folder.js';
import { answerOcsp, ocspError, ocspStatus, type OcspKnowledge } from './ocsp.js';
import { answerTimestamp } from './timestamp.js';

/** What the sandbox answers, without HTTP. */
export interface Responder {
  timestamp(requestDer: Buffer): Buffer;
  ocsp(requestDer: Buffer): Promise<Buffer>;
  /** DER of the current CRL; undefined for a name that publishes none. */
  crl(name: string): Promise<Buffer | undefined>;
  caCertificate(name: string): Buffer | undefined;
  revoke(holder: string, at?: Date): void;
}

/** The liveliness of the answers and the switches that make them lie. */
export interface ResponderOptions {
  readonly faults: SandboxFaults;
  readonly now?: () => Date;
  readonly ocspLifeMs?: number;
  readonly crlLifeMs?: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** OCSP answers kept within one second; a request has at most 64 kB, an answer some 2 kB. */
const maxKeptAnswers = 64;

/** Reads the authorities of a sandbox and answers in their names. */
export async function createResponder(folder: string, options: ResponderOptions): Promise<Responder> {
  const state = await readState(folder);
  if (state === undefined) throw new Error(`expected a sandbox in ${folder}`);
  const ids: AuthorityId[] = [
    ...publishers,
    'tsa-unit',
    'ocsp-responder',
    'bystander',
    'bystander-tsa',
    'untrusted-tsa',
  ];
  const identities = new Map(await Promise.all(ids.map(async (id) => [id, await readIdentity(folder, id)] as const)));
  return new FolderResponder(state.issued, identities, options);
}

class FolderResponder implements Responder {
  /** When each holder was revoked; kept in memory, a new server starts with a clean record. */
  readonly #revoked = new Map<string, Date>();
  readonly #holderBySerial: ReadonlyMap<string, string>;
  readonly #crls = new Map<string, { der: Promise<Buffer>; key: string }>();
  readonly #now: () => Date;
  #crlNumber = 1;
  readonly #ocspAnswers = new Map<string, Promise<Buffer>>();
  /** What the kept answers are true for. */
  #ocspMoment = '';
  #revocations = 0;

  constructor(
    private readonly issued: readonly IssuedCertificate[],
    private readonly identities: ReadonlyMap<AuthorityId, Identity>,
    private readonly options: ResponderOptions,
  ) {
    this.#now = options.now ?? (() => new Date());
    this.#holderBySerial = new Map(
      issued.filter((one) => one.issuer === 'issuing-ca').map((one) => [one.serial, one.holder]),
    );
  }

  timestamp(requestDer: Buffer): Buffer {
    const fault = this.options.faults.tsa;
    const unit = fault === 'wrong-eku' ? 'bystander-tsa' : fault === 'untrusted' ? 'untrusted-tsa' : 'tsa-unit';
    return answerTimestamp(requestDer, {
      unit: this.#identity(unit),
      genTime: this.#now(),
      otherCertificateDer: this.#identity('tsa-root').certificateDer,
      ...(fault === undefined ? {} : { fault }),
    });
  }

  async ocsp(requestDer: Buffer): Promise<Buffer> {
    const fault = this.options.faults.ocsp;
    if (fault === 'try-later') return ocspError(ocspStatus.tryLater);
    const now = this.#now();
    // The same request is answered with the same bytes until the second ends (the times in an answer are whole seconds),
    // a switch is flipped or somebody is revoked: pkijs needs 1 to 2 ms for an answer, most of it for encoding.
    const moment = [Math.floor(now.getTime() / 1000), fault, this.#revocations].join(' ');
    // Bounded: what comes in with a fresh nonce is never asked for again.
    if (moment !== this.#ocspMoment || this.#ocspAnswers.size >= maxKeptAnswers) this.#ocspAnswers.clear();
    this.#ocspMoment = moment;
    const request = requestDer.toString('latin1');
    const kept = this.#ocspAnswers.get(request);
    if (kept !== undefined) return kept;
    const answer = this.#answerOcsp(requestDer, now, fault);
    this.#ocspAnswers.set(request, answer);
    return answer;
  }

  #answerOcsp(requestDer: Buffer, now: Date, fault: SandboxFaults['ocsp']): Promise<Buffer> {
    const thisUpdate = fault === 'stale' ? new Date(now.getTime() - 7 * dayMs) : now;
    return answerOcsp(requestDer, {
      issuer: this.#identity('issuing-ca'),
      responder: this.#identity(fault === 'unauthorised-responder' ? 'bystander' : 'ocsp-responder'),
      producedAt: thisUpdate,
      thisUpdate,
      nextUpdate: new Date(thisUpdate.getTime() + (this.options.ocspLifeMs ?? hourMs)),
      statusOf: (serial) => (fault === 'unknown' ? { status: 'unknown' } : this.#statusOf(serial, now)),
      badSignature: fault === 'bad-signature',
      wrongSerial: fault === 'wrong-serial',
    });
  }

  async crl(name: string): Promise<Buffer | undefined> {
    const publisher = asPublisher(name);
    if (publisher === undefined) return undefined;
    const fault = this.options.faults.crl;
    const now = this.#now();
    const revoked = this.#revokedBy(publisher, now);
    const lifeMs = this.options.crlLifeMs ?? dayMs;
    // Issued again when something was revoked or a tenth of its life has passed; an RSA-3072 signature takes 2 ms.
    const key = [Math.floor(now.getTime() / (lifeMs / 10)), fault, ...revoked.map((one) => one.serial)].join(' ');
    const kept = this.#crls.get(publisher);
    if (kept?.key === key) return kept.der;
    const thisUpdate = fault === 'stale' ? new Date(now.getTime() - 7 * dayMs) : now;
    const number = this.#crlNumber++;
    const nextUpdate = new Date(thisUpdate.getTime() + lifeMs);
    const crl = issueCrl(this.#identity(publisher), { number, thisUpdate, nextUpdate, revoked }).then((der) => {
      if (fault === 'bad-signature') der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
      return der;
    });
    // Kept before it is finished: who asks meanwhile gets the same CRL, not another one of the same moment.
    this.#crls.set(publisher, { der: crl, key });
    return crl;
  }

  caCertificate(name: string): Buffer | undefined {
    const publisher = asPublisher(name);
    return publisher === undefined ? undefined : this.#identity(publisher).certificateDer;
  }

  revoke(holder: string, at: Date = this.#now()): void {
    if (Number.isNaN(at.getTime())) throw new Error('expected a date');
    if (!this.issued.some((one) => one.holder === holder))
      throw new Error(`expected a holder of a certificate, found ${holder}`);
    this.#revocations++;
    this.#revoked.set(holder, at);
  }

  #identity(id: AuthorityId): Identity {
    const identity = this.identities.get(id);
    if (identity === undefined) throw new Error(`expected the authority ${id}`);
    return identity;
  }

  #statusOf(serial: string, now: Date): OcspKnowledge {
    const holder = this.#holderBySerial.get(serial);
    if (holder === undefined) return { status: 'unknown' };
    const at = this.#revoked.get(holder);
    return at === undefined || at > now ? { status: 'good' } : { status: 'revoked', at };
  }

  #revokedBy(publisher: Publisher, now: Date): Revocation[] {
    return this.issued
      .filter((one) => one.issuer === publisher)
      .map((one) => ({ serial: one.serial, at: this.#revoked.get(one.holder) }))
      .filter((one): one is Revocation => one.at !== undefined && one.at <= now);
  }
}

function asPublisher(name: string): Publisher | undefined {
  return publishers.find((publisher) => publisher === name);
}
