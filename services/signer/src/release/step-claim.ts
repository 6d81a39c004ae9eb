import { SigningError, newId, objectKeys } from '@kyso/contracts';
import { createJson, putJson } from '@kyso/storage';
import type { PreparedCredential } from '../credentials/credential-source.js';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import { growthOf, intentKey, keyUsesOf, openUseOf, readIntent, type Intent, type OpenUse } from './intent.js';
import { auditLostUse } from './lost-use.js';

type Ports = Pick<SigningPorts, 'store' | 'clock' | 'policy' | 'audit'>;

/** What a claim is for; the rest of the intent is this moment's. */
export interface Wanted {
  readonly credential: PreparedCredential;
  readonly fieldName: string;
  readonly reservedBytes: number;
}

/** A signature and the use of the key that gave it. */
export interface MadeByUse {
  readonly useId: string;
  readonly signature: Uint8Array;
}

/**
 * The claim of one run of a step on the version that it will make, and the uses of the key under it. It is stored when the key
 * is about to be used, with the mark of that use: so a claim without a version means that the key may have been used, and at no
 * cost beyond the claim itself. Only when a run learns that the token was never asked, or has a signature that must wait, it
 * is written a second time.
 */
export class StepClaim {
  #stored: Intent | undefined;
  #intent: Intent | undefined;
  #wanted: Wanted | undefined;
  #made: MadeByUse | undefined;
  /** What was stored before the last use began. */
  #before: Intent | undefined;

  constructor(
    private readonly ports: Ports,
    private readonly work: SigningWork,
    found: Intent | undefined,
  ) {
    this.#stored = found;
  }

  /** What the signature is prepared from. */
  get intent(): Intent {
    if (this.#intent === undefined) throw new TypeError('expected a claim that is for something');
    return this.#intent;
  }

  /** What is stored, or was found. */
  get stored(): Intent | undefined {
    return this.#stored;
  }

  /** A use of which nobody has said what came of it. */
  get openUse(): OpenUse | undefined {
    return openUseOf(this.#stored);
  }

  /** A signature that an earlier run made and could not release yet. */
  get kept(): MadeByUse | undefined {
    const kept = this.#stored?.signature;
    return kept === undefined ? undefined : { useId: kept.useId, signature: Buffer.from(kept.valueBase64, 'base64') };
  }

  /**
   * Takes up the claim that an earlier run made: then all values are used again, so that the to-be-signed bytes are the same.
   * One that waited long, or is for another certificate than the credential has now, is made anew.
   */
  want(wanted: Wanted): void {
    this.#wanted = wanted;
    const found = this.#stored;
    const fresh = this.#freshIntent(wanted);
    this.#intent = found !== undefined && this.#isUsable(found, fresh) ? found : fresh;
  }

  /** Asks for more room, because the CMS did not fit: the signature was made in vain. */
  async grow(neededBytes: number): Promise<void> {
    const { intent } = this;
    await this.#noteInVain();
    this.#intent = {
      ...withoutUse(intent),
      // Room for a time-stamp token that is a little larger at the next try.
      reservedBytes: neededBytes + 512,
      placeholderGrown: true,
      placeholderShortage: { reservedBytes: intent.reservedBytes, neededBytes },
    };
  }

  /** Stores the claim without a use, where none is stored. False when another run of this step was first: prepare again. */
  async hold(): Promise<boolean> {
    return this.#stored !== undefined || this.#write({ ...withoutUse(this.intent), keyUses: 0 });
  }

  /**
   * Stores that the key is about to be used for this digest (hexadecimal), and gives the use its id. Undefined when another run
   * of this step was first: prepare again. Throws VERSION_STALE when the version is not ours any more.
   */
  async beginUse(signedDigest: string): Promise<string | undefined> {
    const openUse = { useId: newId('use'), at: this.ports.clock.now().toISOString() };
    const before = this.#stored;
    const keyUses = keyUsesOf(before) + 1;
    const written = await this.#write({ ...withoutUse(this.intent), signedDigest, keyUses, openUse });
    if (!written) return undefined;
    this.#before = before;
    return openUse.useId;
  }

  /**
   * The token was not asked after all: what is stored is again as it was before, with an earlier use of which nobody knows what
   * came. What can't be written stays as it is: a use that may have been.
   */
  async withdrawUse(useId: string): Promise<void> {
    await this.#rewrite(useId, (intent) => this.#before ?? { ...withoutUse(intent), keyUses: 0 });
  }

  /** From now on this run has the signature of that use. */
  made(made: MadeByUse): void {
    this.#made = made;
  }

  /**
   * Called when the run can't go on: keeps its signature with the claim, so that whichever signer goes on needs no key. What
   * can't be written is lost with this process.
   */
  async keep(): Promise<void> {
    const made = this.#made;
    if (made === undefined) return;
    const valueBase64 = Buffer.from(made.signature).toString('base64');
    await this.#rewrite(made.useId, (intent) => {
      const { openUse: _, ...rest } = intent;
      return { ...rest, signature: { useId: made.useId, valueBase64 } };
    });
  }

  /** Another run of this step released the version, with another signature than ours. */
  async noteSuperseded(): Promise<void> {
    if (this.#made === undefined) return;
    const { intent } = this;
    await auditLostUse(this.ports, this.work, {
      useId: this.#made.useId,
      intent,
      reason: 'released-by-another-run',
      next: 'not-needed',
    });
  }

  async #noteInVain(): Promise<void> {
    const made = this.#made;
    if (made === undefined) return;
    const { intent } = this;
    await auditLostUse(this.ports, this.work, {
      useId: made.useId,
      intent,
      reason: 'placeholder-too-small',
      next: 'again',
    });
    this.#made = undefined;
    // What came of this use is known now; the stored claim says so when the next use begins.
    const { openUse, signature: _, ...resolved } = this.#stored ?? intent;
    const isOthers = openUse !== undefined && openUse.useId !== made.useId;
    this.#stored = { ...resolved, keyUses: keyUsesOf(this.#stored), ...(isOthers ? { openUse } : {}) };
  }

  #freshIntent({ credential, fieldName, reservedBytes }: Wanted): Intent {
    const { work, ports } = this;
    const found = this.#stored;
    const { scheme, digestAlgorithm } = credential.record;
    return {
      jobId: work.job.jobId,
      step: work.stepIndex,
      documentId: work.job.documentId,
      version: work.newVersion,
      fieldName,
      // /M holds whole seconds.
      signingTime: new Date(Math.floor(ports.clock.now().getTime() / 1_000) * 1_000).toISOString(),
      reservedBytes: Math.max(reservedBytes, found?.placeholderGrown === true ? found.reservedBytes : 0),
      certificateSha256: credential.certificate.sha256,
      scheme,
      digestAlgorithm,
      ...growthOf(found),
    };
  }

  #isUsable(found: Intent, fresh: Intent): boolean {
    const { maxIntentAgeMs, uncertainKeyUse } = this.ports.policy;
    const ageMs = this.ports.clock.now().getTime() - Date.parse(found.signingTime);
    // Where no second signature is wanted, the one that waits is used however old it is.
    const mayWait = uncertainKeyUse === 'stop' && found.signature !== undefined;
    return (
      found.fieldName === fresh.fieldName &&
      found.certificateSha256 === fresh.certificateSha256 &&
      found.scheme === fresh.scheme &&
      found.digestAlgorithm === fresh.digestAlgorithm &&
      (mayWait || (ageMs <= maxIntentAgeMs && ageMs >= 0))
    );
  }

  /** False when another run of ours wrote meanwhile: its claim is taken up then. */
  async #write(intent: Intent): Promise<boolean> {
    const { ports, work } = this;
    const key = intentKey(work);
    if (this.#stored === undefined) {
      if (await createJson(ports.store, key, intent)) {
        this.#have(intent);
        await this.#assertNotErased();
        return true;
      }
      return this.#takeUp(await readIntent(ports, work));
    }
    const current = await readIntent(ports, work);
    // A run that was thought dead may have failed for good, and given the version up for another job.
    if (current === undefined) {
      throw new SigningError('VERSION_STALE', { expected: `our claim on version ${work.newVersion}`, found: 'none' });
    }
    if (keyUsesOf(current) > keyUsesOf(this.#stored)) return this.#takeUp(current);
    await putJson(ports.store, key, intent);
    this.#have(intent);
    return true;
  }

  /** Asked after the claim is there: whoever erases the document writes his record first and then looks for claims. */
  async #assertNotErased(): Promise<void> {
    const { documentId } = this.work.job;
    if ((await this.ports.store.stat(objectKeys.erasure(documentId))) === undefined) return;
    await this.ports.store.delete(intentKey(this.work));
    this.#stored = undefined;
    throw new SigningError('DOCUMENT_ERASED', {
      expected: `${documentId}, as it was`,
      found: 'a record of its erasing',
    });
  }

  #have(intent: Intent): void {
    this.#stored = intent;
    this.#intent = intent;
  }

  #takeUp(current: Intent | undefined): false {
    this.#stored = current;
    if (this.#wanted !== undefined) this.want(this.#wanted);
    return false;
  }

  async #rewrite(useId: string, change: (intent: Intent) => Intent): Promise<void> {
    try {
      const current = await readIntent(this.ports, this.work);
      // Another run has begun a use since: its mark stays.
      if (current?.openUse?.useId !== useId) return;
      const changed = change(current);
      await putJson(this.ports.store, intentKey(this.work), changed);
      this.#stored = changed;
    } catch {
      // The caller reports what went wrong before; the mark of the use stays.
    }
  }
}

function withoutUse(intent: Intent): Intent {
  const { openUse: _use, signedDigest: _digest, signature: _signature, ...rest } = intent;
  return rest;
}
