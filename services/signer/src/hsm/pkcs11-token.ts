import * as graphene from 'graphene-pk11';
import pkcs11 from 'pkcs11js';
import { TokenFault, toSignFault, toTokenFault } from './pkcs11-errors.js';
import { withPin } from './pin-file.js';
import { readTokenContent } from './token-content.js';
import type { PinWarning, TokenAddress, TokenContent, TokenMechanism } from './token-host-messages.js';

/** RSA-8192 would be the largest; CK_ULONG length is in and out. */
const maxSignatureBytes = 1_024;

/** A key as it is found after login: its handle dies with the login. */
interface KeyHandle {
  readonly handle: Buffer;
  readonly type: 'rsa' | 'ec';
  /** CKA_ALWAYS_AUTHENTICATE: the PIN is wanted again for each signature (PKCS #11 v2.40, 4.9). */
  readonly wantsPinEachTime: boolean;
}

/** Gives the PIN to `use`, and to nobody else. */
export type PinSource = (use: (pin: string) => void) => void;

/**
 * One session and the memory that a signature in flight uses. The buffers belong to the lane, not to the call: pkcs11js
 * keeps bare pointers to them while another thread works (pkcs11js issue 121), so nothing may free or move them.
 */
interface SigningLane {
  session: graphene.Session;
  input: Buffer;
  readonly output: Buffer;
}

/**
 * One PKCS#11 token: found, logged in to, signed with. It blocks the thread that calls it and must live in a process of
 * its own, the token host; only benchmarks use it in their own process. Methods throw TokenFault.
 */
export class Pkcs11Token {
  readonly #keys = new Map<string, KeyHandle>();
  readonly #lanes: SigningLane[] = [];
  #pinForEachUse: PinSource | undefined;

  private constructor(
    private readonly module: graphene.Module,
    private readonly slot: graphene.Slot,
    private readonly sessions: number,
  ) {}

  /** Loads the module and finds the token by its label or serial number. Throws TokenFault TOKEN_ABSENT, CKR_…. */
  static open(address: TokenAddress): Pkcs11Token {
    try {
      const module = graphene.Module.load(address.modulePath);
      // Without CKF_OS_LOCKING_OK a module need not be safe for the threads that C_SignAsync runs on; SoftHSM crashed.
      module.initialize({ flags: pkcs11.CKF_OS_LOCKING_OK });
      return new Pkcs11Token(module, findSlot(module, address), address.sessions);
    } catch (error) {
      throw toTokenFault(error);
    }
  }

  /** What the token says about tries of its user PIN (CK_TOKEN_INFO, PKCS #11 v2.40, 3.2). */
  pinWarning(): PinWarning | undefined {
    try {
      const { flags } = this.slot.getToken();
      if ((flags & graphene.TokenFlag.USER_PIN_LOCKED) !== 0) return 'PIN_LOCKED';
      if ((flags & graphene.TokenFlag.USER_PIN_FINAL_TRY) !== 0) return 'PIN_FINAL_TRY';
      if ((flags & graphene.TokenFlag.USER_PIN_COUNT_LOW) !== 0) return 'PIN_COUNT_LOW';
      return undefined;
    } catch (error) {
      throw toTokenFault(error);
    }
  }

  /**
   * Opens the sessions and logs in, once. Throws TokenFault CKR_PIN_INCORRECT and other CKR_…, PIN_FILE_…, and the
   * warning of the token (`PIN_LOCKED`, …) without having tried the PIN. `despiteCountLow`: a person has looked at it and
   * wants the PIN to be tried although the last try was wrong.
   */
  login(pinFile: string, options: { readonly despiteCountLow?: boolean } = {}): void {
    this.loginWith((use) => withPin(pinFile, use), options);
  }

  /**
   * As `login`, with the PIN from elsewhere. `forEachUse`: the same PIN, which the token has just accepted, is given again to
   * keys that want it for each signature. Without it such keys are refused.
   */
  loginWith(
    pinSource: PinSource,
    {
      despiteCountLow = false,
      forEachUse = false,
    }: { readonly despiteCountLow?: boolean; readonly forEachUse?: boolean } = {},
  ): void {
    const warning = this.pinWarning();
    if (warning !== undefined && !(warning === 'PIN_COUNT_LOW' && despiteCountLow))
      throw new TokenFault(warning, 'host');
    try {
      for (let i = 0; i < this.sessions; i++) {
        this.#lanes.push({
          session: this.#openSession(),
          input: Buffer.alloc(0),
          output: Buffer.alloc(maxSignatureBytes),
        });
      }
      pinSource((pin) => this.#firstLane().session.login(pin, graphene.UserType.USER));
      if (forEachUse) this.#pinForEachUse = pinSource;
    } catch (error) {
      throw toTokenFault(error);
    }
  }

  /** Ends the login of all sessions; key handles die with it. */
  logout(): void {
    try {
      this.#keys.clear();
      this.#pinForEachUse = undefined;
      this.#firstLane().session.logout();
    } catch (error) {
      throw toTokenFault(error);
    }
  }

  /** Number of signatures that `signAsync` can have in flight. */
  get laneCount(): number {
    return this.#lanes.length;
  }

  /** Signs on this thread with the first session. A session on which anything failed is replaced before this throws. */
  sign(keyId: string, mechanism: TokenMechanism, input: Uint8Array): Buffer {
    const lane = this.#firstLane();
    try {
      this.#start(lane, keyId, mechanism, input);
    } catch (error) {
      throw this.#afterFault(lane, toTokenFault(error));
    }
    try {
      return Buffer.from(this.module.lib.C_Sign(lane.session.handle, lane.input, lane.output));
    } catch (error) {
      throw this.#afterFault(lane, toSignFault(error));
    }
  }

  /** Signs on a thread of libuv's pool with the session `laneIndex`, which must be idle. */
  async signAsync(
    laneIndex: number,
    request: { keyId: string; mechanism: TokenMechanism; input: Uint8Array },
  ): Promise<Buffer> {
    const lane = this.#lanes[laneIndex];
    if (lane === undefined) throw new TokenFault('LANE_UNKNOWN', 'request');
    try {
      this.#start(lane, request.keyId, request.mechanism, request.input);
    } catch (error) {
      throw this.#afterFault(lane, toTokenFault(error));
    }
    try {
      return Buffer.from(await this.module.lib.C_SignAsync(lane.session.handle, lane.input, lane.output));
    } catch (error) {
      throw this.#afterFault(lane, toSignFault(error));
    }
  }

  /** What lies on the token; private keys only while somebody is logged in. Throws TokenFault CKR_…. */
  content(): TokenContent {
    try {
      const session = this.#openSession();
      try {
        return readTokenContent(this.slot.getToken(), session);
      } finally {
        // Closing the last session of a token would log out; after a login there are others.
        session.close();
      }
    } catch (error) {
      throw toTokenFault(error);
    }
  }

  /** Logs out and finalizes the module. Never with a signature in flight: C_Finalize would crash. */
  close(): void {
    try {
      for (const lane of this.#lanes.splice(0)) lane.session.close();
      this.module.finalize();
    } catch (error) {
      throw toTokenFault(error);
    }
  }

  #firstLane(): SigningLane {
    const lane = this.#lanes[0];
    if (lane === undefined) throw new TokenFault('CKR_USER_NOT_LOGGED_IN', 'host');
    return lane;
  }

  #openSession(): graphene.Session {
    return this.slot.open(graphene.SessionFlag.SERIAL_SESSION);
  }

  #start(lane: SigningLane, keyId: string, mechanism: TokenMechanism, input: Uint8Array): void {
    const key = this.#keys.get(keyId) ?? this.#findKey(lane.session, keyId);
    if ((mechanism.kind === 'ecdsa') !== (key.type === 'ec'))
      throw new TokenFault('CKR_KEY_TYPE_INCONSISTENT', 'request');
    const { wantsPinEachTime } = key;
    // A file may have changed since the login, and each signature would then spend a try of the PIN.
    if (wantsPinEachTime && this.#pinForEachUse === undefined)
      throw new TokenFault('KEY_WANTS_PIN_EACH_TIME', 'request');
    lane.input = Buffer.from(input);
    this.module.lib.C_SignInit(lane.session.handle, toMechanism(mechanism), key.handle);
    if (wantsPinEachTime) this.#pinForEachUse?.((pin) => lane.session.login(pin, graphene.UserType.CONTEXT_SPECIFIC));
  }

  #findKey(session: graphene.Session, keyId: string): KeyHandle {
    const found = session.find({ class: graphene.ObjectClass.PRIVATE_KEY, id: Buffer.from(keyId, 'hex') });
    if (found.length === 0) throw new TokenFault('KEY_NOT_FOUND', 'request');
    // Two keys of one id: signing with either would be a guess.
    if (found.length > 1) throw new TokenFault('KEY_AMBIGUOUS', 'request');
    const key = found.items(0).toType<graphene.PrivateKey>();
    if (key.type !== graphene.KeyType.RSA && key.type !== graphene.KeyType.EC) {
      throw new TokenFault('CKR_KEY_TYPE_INCONSISTENT', 'request');
    }
    const type = key.type === graphene.KeyType.RSA ? 'rsa' : 'ec';
    const handle: KeyHandle = { handle: key.handle, type, wantsPinEachTime: isAlwaysAuthenticated(key) };
    this.#keys.set(keyId, handle);
    return handle;
  }

  /** After any error the session may stay OPERATION_ACTIVE, so it is not used again. */
  #afterFault(lane: SigningLane, fault: TokenFault): TokenFault {
    if (fault.scope === 'host') return fault;
    try {
      this.#replaceSession(lane);
      return fault;
    } catch {
      return new TokenFault(fault.code, 'host', fault.mayHaveSigned);
    }
  }

  /** The new one is opened before the old one is closed: closing the last session of a token logs out. */
  #replaceSession(lane: SigningLane): void {
    const old = lane.session;
    lane.session = this.#openSession();
    old.close();
  }
}

/** Tokens that don't know the attribute want nothing. */
function isAlwaysAuthenticated(key: graphene.PrivateKey): boolean {
  try {
    return key.getAttribute(pkcs11.CKA_ALWAYS_AUTHENTICATE)[0] === 1;
  } catch {
    return false;
  }
}

function findSlot(module: graphene.Module, address: TokenAddress): graphene.Slot {
  const slots = module.getSlots(true);
  for (let i = 0; i < slots.length; i++) {
    const slot = slots.items(i);
    const token = slot.getToken();
    if (address.label !== undefined && token.label === address.label) return slot;
    if (address.serial !== undefined && token.serialNumber === address.serial) return slot;
  }
  throw new TokenFault('TOKEN_ABSENT', 'host');
}

const pssParameters = {
  sha256: { hashAlg: pkcs11.CKM_SHA256, mgf: pkcs11.CKG_MGF1_SHA256, saltLen: 32 },
  sha384: { hashAlg: pkcs11.CKM_SHA384, mgf: pkcs11.CKG_MGF1_SHA384, saltLen: 48 },
  sha512: { hashAlg: pkcs11.CKM_SHA512, mgf: pkcs11.CKG_MGF1_SHA512, saltLen: 64 },
} as const;

/** The salt is as long as the digest, as the CMS that we build states it (RFC 4056, 3). */
function toMechanism(mechanism: TokenMechanism): pkcs11.Mechanism {
  switch (mechanism.kind) {
    case 'rsa-pkcs1':
      return { mechanism: pkcs11.CKM_RSA_PKCS };
    case 'ecdsa':
      return { mechanism: pkcs11.CKM_ECDSA };
    case 'rsa-pss':
      return {
        mechanism: pkcs11.CKM_RSA_PKCS_PSS,
        parameter: { type: pkcs11.CK_PARAMS_RSA_PSS, ...pssParameters[mechanism.digestAlgorithm] },
      };
  }
}
