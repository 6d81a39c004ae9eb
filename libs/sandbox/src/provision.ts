/**
 * What is done only when something in a sandbox is missing or has changed. It loads pkijs, which takes some ten times as
 * long as opening a sandbox that is complete; so `sandbox.ts` imports this file only then.
 */
import { createPublicKey, randomBytes, randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { addYears, issueAuthorities, loadOrMakeKeys, publishedUrls, readIdentity } from './authorities.js';
import { issueCertificate, type Identity, type NewCertificate } from './certificate.js';
import { tokenOf, type CredentialPlan } from './credentials.js';
import { layout, writeWhole, type SandboxState } from './folder.js';
import { derOf } from './issuance.js';
import { nameOf } from './name.js';
import { certificatePem } from './pem.js';
import { runTokenWork, type TokenWork } from './softhsm.js';

/** Issues the certificates of all authorities for `state.publicBaseUrl`, with keys where there are none yet. */
export async function makeAuthorities(folder: string, state: SandboxState): Promise<void> {
  const madeAt = new Date(state.madeAt);
  const keys = await loadOrMakeKeys(folder);
  state.issued.push(...(await issueAuthorities({ folder, baseUrl: state.publicBaseUrl, madeAt, keys })));
}

/** Makes the tokens and keys that these plans lack, issues their certificates, and notes all of it in `state`. */
export async function makeCredentials(
  folder: string,
  state: SandboxState,
  plans: readonly CredentialPlan[],
): Promise<void> {
  if (plans.length === 0) return;
  const issuer = await readIdentity(folder, 'issuing-ca');
  const needKey = plans.filter((plan) => {
    const old = state.credentials[plan.credentialId]?.plan;
    return old === undefined || old.keyKind !== plan.keyKind || tokenOf(old) !== tokenOf(plan);
  });
  const tokens = await prepareTokens(folder, state, plans);
  const keys = needKey.map((plan) => ({
    token: tokenOf(plan),
    label: plan.credentialId,
    keyId: randomBytes(16).toString('hex'),
    keyKind: plan.keyKind,
  }));
  const conf = layout.softhsmConf(folder);
  const module = state.softhsmModule;
  const needWork = keys.length > 0 || tokens.some((token) => !token.exists);
  const made = needWork ? await runTokenWork(conf, { module, tokens, keys, certificates: [] }) : [];
  const publicKeyOf = (plan: CredentialPlan): { keyId: string; publicKey: string } => {
    const index = keys.findIndex((key) => key.label === plan.credentialId);
    const [key, parts] = [keys[index], made[index]];
    if (key !== undefined && parts !== undefined)
      return {
        keyId: key.keyId,
        publicKey: createPublicKey({ key: parts, format: 'jwk' })
          .export({ type: 'spki', format: 'der' })
          .toString('base64'),
      };
    const old = state.credentials[plan.credentialId];
    if (old === undefined) throw new Error(`expected a key for ${plan.credentialId}`);
    return old;
  };
  const certificates: TokenWork['certificates'][number][] = [];
  for (const plan of plans) {
    const { keyId, publicKey } = publicKeyOf(plan);
    const publicKeyDer = Buffer.from(publicKey, 'base64');
    const { certificate, certificateDer, serial } = await issueLeaf(plan, { issuer, state, publicKeyDer });
    state.credentials[plan.credentialId] = { plan, keyId, publicKey, certificatePem: certificatePem(certificateDer) };
    state.issued.push({ issuer: 'issuing-ca', serial, holder: plan.credentialId });
    certificates.push({
      token: tokenOf(plan),
      label: plan.credentialId,
      keyId,
      certificateDer,
      subjectDer: derOf(certificate.subject.toSchema()),
      serialDer: derOf(certificate.serialNumber),
      issuerDer: derOf(certificate.issuer.toSchema()),
    });
  }
  const known = tokens.map((token) => ({ ...token, exists: true }));
  await runTokenWork(conf, { module, tokens: known, keys: [], certificates });
  state.tokens.push(...tokens.filter((token) => !token.exists).map((token) => token.label));
}

const randomPin = (): string => Array.from({ length: 10 }, () => randomInt(10)).join('');

/** Random PINs for the tokens that are new, each in a file of mode 0600. */
async function prepareTokens(
  folder: string,
  state: SandboxState,
  plans: readonly CredentialPlan[],
): Promise<TokenWork['tokens'][number][]> {
  const labels = [...new Set(plans.map(tokenOf))];
  return Promise.all(
    labels.map(async (label) => {
      const exists = state.tokens.includes(label);
      const [pinFile, soPinFile] = [layout.pinFile(folder, label), layout.soPinFile(folder, label)];
      for (const file of exists ? [] : [pinFile, soPinFile])
        // Kept where a run was cut off: SoftHSM initialises a token again only with the same SO PIN.
        if ((await readFile(file).catch(() => undefined)) === undefined)
          await writeWhole(file, `${randomPin()}\n`, 0o600);
      return { label, pinFile, soPinFile, exists };
    }),
  );
}

function issueLeaf(
  plan: CredentialPlan,
  from: { issuer: Identity; state: SandboxState; publicKeyDer: Buffer },
): Promise<NewCertificate> {
  const madeAt = new Date(from.state.madeAt);
  const { email, ...name } = plan.subject;
  return issueCertificate(
    {
      profile: 'document-signer',
      subject: nameOf({ locality: 'Hưng Yên', ...name }),
      publicKeyDer: from.publicKeyDer,
      notBefore: plan.notBefore === undefined ? new Date(madeAt.getTime() - 86_400_000) : new Date(plan.notBefore),
      notAfter: plan.notAfter === undefined ? addYears(madeAt, 3) : new Date(plan.notAfter),
      urls: publishedUrls(from.state.publicBaseUrl, 'issuing-ca'),
      ...(email === undefined ? {} : { email }),
    },
    from.issuer,
  );
}
