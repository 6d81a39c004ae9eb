import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCertificatesPem } from '@kyso/cms';
import { newId, objectKeys, type CredentialRecord, type StoredJob } from '@kyso/contracts';
import { StoredImages } from '@kyso/preparation';
import { openSandbox, type Sandbox, type SandboxCredential } from '@kyso/sandbox';
import { openAudit } from '@kyso/service';
import { inProcessSigner, Pkcs11Token, type DigestSigner } from '@kyso/signer/hsm';
import {
  signDocument,
  SignatureMemory,
  signingWork,
  StoredCredentials,
  TokenSizeMemory,
  type SigningPorts,
} from '@kyso/signer/sign-document';
import { median, rounded } from './figures.js';
import { MemoryStore } from './memory-store.js';
import { cpuSeconds } from './process-figures.js';
import { fleetOf } from './raw-signatures.js';

/** Arguments: `in-process` or `host-process`, the sandbox's folder, the PDF, the PNG, rounds. Prints the figures as JSON. */
const [mode = '', folder = '', pdfFile = '', imageFile = '', rounds = '5'] = process.argv.slice(2);
const perRound = 300;
/**
 * A signer runs for weeks; V8 goes on compiling and recompiling for the first three thousand documents or so, during which
 * each costs up to twice as much.
 */
const warmUpDocuments = 4_000;
/** Documents under way at once: what a signer has for one token by default. */
const inParallel = 16;

function now(): Date {
  return new Date();
}

function none(): never {
  throw new Error('not used at level B-B');
}

interface Token {
  readonly signer: DigestSigner;
  stop(): Promise<void>;
}

function openInProcess(sandbox: Sandbox, label: string): Token {
  const pinFile = sandbox.pinFiles[label];
  if (pinFile === undefined) throw new Error(`the sandbox has no token ${label}`);
  const token = Pkcs11Token.open({ modulePath: sandbox.softhsmModule, label, mode: 'usb', sessions: 1 });
  token.login(pinFile);
  return { signer: inProcessSigner(token), stop: () => Promise.resolve(token.close()) };
}

function openBehindHost(sandbox: Sandbox, label: string): Token {
  const fleet = fleetOf(sandbox, label);
  fleet.start();
  return { signer: fleet, stop: () => fleet.stop() };
}

function recordOf(credential: SandboxCredential): CredentialRecord {
  const { credentialId, kind, token, keyId, scheme, certificatesPem } = credential;
  return { credentialId, kind, token, keyId, scheme, certificatesPem, digestAlgorithm: 'sha256', enabled: true };
}

async function inLanes(count: number, one: () => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next++ < count) await one();
  };
  await Promise.all(Array.from({ length: inParallel }, lane));
}

/** Operations a second, and CPU milliseconds of this process and its children for each. */
async function timed(count: number, work: () => Promise<void>): Promise<{ perSecond: number; cpuMs: number }> {
  const cpu = await cpuSeconds(process.pid);
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  return { perSecond: count / seconds, cpuMs: (((await cpuSeconds(process.pid)) - cpu) * 1000) / count };
}

async function main(): Promise<void> {
  const sandbox = await openSandbox(folder);
  const [credential] = sandbox.credentials;
  if (credential === undefined) throw new Error('the sandbox has no credential');
  const token = (mode === 'in-process' ? openInProcess : openBehindHost)(sandbox, credential.token);
  const request = {
    token: credential.token,
    keyId: credential.keyId,
    scheme: credential.scheme,
    digestAlgorithm: 'sha256' as const,
  };

  const store = new MemoryStore();
  const pdf = await readFile(pdfFile);
  const image = await readFile(imageFile);
  const imageSha256 = createHash('sha256').update(image).digest('hex');
  await store.put(objectKeys.credential(credential.credentialId), Buffer.from(JSON.stringify(recordOf(credential))));
  await store.put(objectKeys.image(imageSha256), image);
  const trustAnchors = parseCertificatesPem(await readFile(sandbox.trustAnchorsFile, 'utf8'));
  const audit = await openAudit(join(folder, `audit-${mode}.jsonl`));
  const ports: SigningPorts = {
    store,
    signer: token.signer,
    audit,
    clock: { now },
    credentials: new StoredCredentials({ store, trustAnchors, now, rereadAfterMs: 5_000 }),
    images: new StoredImages(store),
    timestamps: { respond: none },
    revocation: { evidenceFor: none },
    policy: {
      trustAnchors,
      tsaTrustAnchors: [],
      revocationCheck: 'off',
      screening: {},
      screeningMaxObjects: 5_000,
      maxClockSkewMs: 60_000,
      maxIntentAgeMs: 600_000,
      uncertainKeyUse: 'repeat',
    },
    tokenSizes: new TokenSizeMemory(),
    signatures: new SignatureMemory(),
    progress: () => undefined,
  };
  const oneDocument = async (): Promise<void> => {
    const documentId = newId('doc');
    const job: StoredJob = {
      jobId: newId('job'),
      clientId: 'bench',
      documentId,
      expectedVersion: 0,
      requestId: 'bench',
      lane: 'interactive',
      createdAt: now().toISOString(),
      steps: [
        {
          credentialId: credential.credentialId,
          token: credential.token,
          role: 'leader',
          level: 'B-B',
          placement: { page: 1, rectangle: { xPt: 300, yPt: 100, widthPt: 200, heightPt: 100 } },
          appearance: { imageSha256, lines: ['Người ký: {signerName}', 'Cơ quan: {organisationName}'], fontSizePt: 10 },
        },
      ],
    };
    await store.put(objectKeys.version(documentId, 0), pdf);
    const result = await signDocument(ports, signingWork(job, 0));
    // Its bytes are let go: the store of a long run must not fill the memory.
    for (const key of [objectKeys.version(documentId, 0), objectKeys.version(documentId, result.version)])
      await store.delete(key);
  };
  const oneRaw = async (): Promise<void> => {
    await token.signer.sign({ ...request, digest: randomBytes(32) });
  };

  const documents: { perSecond: number; cpuMs: number }[] = [];
  const raw: { perSecond: number; cpuMs: number }[] = [];
  await inLanes(warmUpDocuments, oneDocument);
  for (let round = 0; round < Number(rounds); round++) {
    const rawRound = await timed(perRound, () => inLanes(perRound, oneRaw));
    const documentRound = await timed(perRound, () => inLanes(perRound, oneDocument));
    raw.push(rawRound);
    documents.push(documentRound);
  }
  await token.stop();
  await audit.close();
  const docsPerSecond = median(documents.map(({ perSecond }) => perSecond));
  const rawSignPerSecond = median(raw.map(({ perSecond }) => perSecond));
  const cpuMsPerRawSign = median(raw.map(({ cpuMs }) => cpuMs));
  process.stdout.write(
    JSON.stringify({
      n: Number(rounds) * perRound,
      warmUpDocuments,
      documentBytes: pdf.length,
      key: 'RSA-2048 PKCS#1 v1.5',
      docsPerSecond: rounded(docsPerSecond),
      rawSignPerSecond: rounded(rawSignPerSecond),
      ratio: rounded(median(documents.map(({ perSecond }, i) => perSecond / (raw[i]?.perSecond ?? NaN)))),
      cpuMsPerDoc: rounded(median(documents.map(({ cpuMs }) => cpuMs)) - cpuMsPerRawSign),
      cpuMsPerRawSign: rounded(cpuMsPerRawSign),
    }),
  );
}

await main();
process.exit(0);
