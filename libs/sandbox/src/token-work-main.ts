// The child process of runTokenWork: the only code of the sandbox that loads a PKCS#11 module.
import { readFileSync } from 'node:fs';
import * as graphene from 'graphene-pk11';
import type { KeyKind } from './credentials.js';
import { objectIdentifier, readNode } from './der.js';
import type { JsonWebKeyParts, TokenWork, TokenWorkResult } from './softhsm.js';

const curves = {
  'p-256': { oid: '1.2.840.10045.3.1.7', crv: 'P-256' },
  'p-384': { oid: '1.3.132.0.34', crv: 'P-384' },
} as const;

process.once('message', (work: TokenWork) => {
  let result: TokenWorkResult;
  try {
    result = { publicKeys: doWork(work) };
  } catch (error) {
    result = { error: (error as Error).message };
  }
  process.send?.(result, () => process.disconnect());
});

function doWork(work: TokenWork): JsonWebKeyParts[] {
  const module = graphene.Module.load(work.module, 'SoftHSM');
  module.initialize();
  try {
    for (const token of work.tokens) if (!token.exists) initialiseToken(module, token);
    const slots = awaitTokens(
      module,
      work.tokens.map((token) => token.label),
    );
    const sessions = new Map(work.tokens.map((token, i) => [token.label, logIn(slots[i], token)]));
    const sessionOf = (label: string): graphene.Session => {
      const session = sessions.get(label);
      if (session === undefined) throw new Error(`expected token ${label} among ${[...sessions.keys()].join(', ')}`);
      return session;
    };
    const publicKeys = work.keys.map((key) => generateKey(sessionOf(key.token), key));
    for (const certificate of work.certificates) storeCertificate(sessionOf(certificate.token), certificate);
    return publicKeys;
  } finally {
    module.finalize();
  }
}

function findSlot(module: graphene.Module, label: string): graphene.Slot | undefined {
  const slots = module.getSlots(true);
  for (let i = 0; i < slots.length; i++) {
    const slot = slots.items(i);
    if (slot.getToken().label === label) return slot;
  }
  return undefined;
}

function initialiseToken(module: graphene.Module, token: TokenWork['tokens'][number]): void {
  // A leftover of a run that was cut off before state.json was written has a PIN file that no longer opens it.
  const slots = module.getSlots(true);
  const slot = findSlot(module, token.label) ?? slots.items(slots.length - 1);
  const soPin = readFileSync(token.soPinFile, 'utf8').trim();
  // Not graphene's slot.initToken: it fails on the answer of this pkcs11js, which is undefined.
  module.lib.C_InitToken(slot.handle, soPin, token.label);
  const session = slot.open(graphene.SessionFlag.SERIAL_SESSION | graphene.SessionFlag.RW_SESSION);
  session.login(soPin, graphene.UserType.SO);
  session.initPin(readFileSync(token.pinFile, 'utf8').trim());
  session.logout();
  session.close();
}

/**
 * The slots of the tokens. A process that starts while another one logs in may not see a token until it initialises the
 * module again, so this waits for up to five seconds; no session may be open yet.
 */
function awaitTokens(module: graphene.Module, labels: readonly string[]): graphene.Slot[] {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const slots = labels.map((label) => findSlot(module, label));
    const missing = labels.filter((_, i) => slots[i] === undefined);
    if (missing.length === 0) return slots as graphene.Slot[];
    if (Date.now() > deadline)
      throw new Error(`expected the tokens ${labels.join(', ')}, missed ${missing.join(', ')}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    module.finalize();
    module.initialize();
  }
}

function logIn(slot: graphene.Slot | undefined, token: TokenWork['tokens'][number]): graphene.Session {
  if (slot === undefined) throw new Error(`expected a slot for ${token.label}`);
  const session = slot.open(graphene.SessionFlag.SERIAL_SESSION | graphene.SessionFlag.RW_SESSION);
  session.login(readFileSync(token.pinFile, 'utf8').trim(), graphene.UserType.USER);
  return session;
}

function generateKey(session: graphene.Session, key: TokenWork['keys'][number]): JsonWebKeyParts {
  session.destroy({ label: key.label });
  const id = Buffer.from(key.keyId, 'hex');
  const common = { token: true, id, label: key.label };
  const pair = session.generateKeyPair(
    isRsa(key.keyKind) ? graphene.KeyGenMechanism.RSA : graphene.KeyGenMechanism.EC,
    { ...common, private: false, verify: true, ...keyParameters(key.keyKind) },
    { ...common, private: true, sensitive: true, extractable: false, sign: true, decrypt: false, unwrap: false },
  );
  return publicKeyParts(pair.publicKey, key.keyKind);
}

const isRsa = (kind: KeyKind): kind is 'rsa-2048' | 'rsa-3072' | 'rsa-4096' => kind.startsWith('rsa');

function keyParameters(kind: KeyKind): graphene.ITemplate {
  return isRsa(kind)
    ? { modulusBits: Number(kind.slice(4)), publicExponent: Buffer.from([1, 0, 1]) }
    : { paramsECDSA: objectIdentifier(curves[kind].oid) };
}

function publicKeyParts(key: graphene.PublicKey, kind: KeyKind): JsonWebKeyParts {
  if (isRsa(kind)) {
    const { modulus, publicExponent } = key.getAttribute({ modulus: null, publicExponent: null });
    if (!modulus || !publicExponent) throw new Error('expected CKA_MODULUS and CKA_PUBLIC_EXPONENT');
    return { kty: 'RSA', n: modulus.toString('base64url'), e: publicExponent.toString('base64url') };
  }
  // CKA_EC_POINT is an OCTET STRING around 04 ‖ X ‖ Y.
  const { pointEC } = key.getAttribute({ pointEC: null });
  const point = readNode(pointEC as Buffer).contents;
  const half = (point.length - 1) / 2;
  return {
    kty: 'EC',
    crv: curves[kind].crv,
    x: point.subarray(1, 1 + half).toString('base64url'),
    y: point.subarray(1 + half).toString('base64url'),
  };
}

function storeCertificate(session: graphene.Session, certificate: TokenWork['certificates'][number]): void {
  const id = Buffer.from(certificate.keyId, 'hex');
  session.destroy({ class: graphene.ObjectClass.CERTIFICATE, id });
  session.create({
    class: graphene.ObjectClass.CERTIFICATE,
    certType: graphene.CertificateType.X_509,
    token: true,
    private: false,
    id,
    label: certificate.label,
    subject: Buffer.from(certificate.subjectDer),
    issuer: Buffer.from(certificate.issuerDer),
    serial: Buffer.from(certificate.serialDer),
    value: Buffer.from(certificate.certificateDer),
  });
}
