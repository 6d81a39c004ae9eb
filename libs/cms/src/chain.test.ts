import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Certificate } from './certificate.js';
import { MAX_CHAIN_LENGTH, buildChain } from './chain.js';
import {
  CA_EXTENSIONS,
  type Identity,
  OpensslFolder,
  SIGNER_EXTENSIONS,
  makeChain,
  makeIdentity,
} from './testing/openssl.js';
import { codeOf } from './testing/truncation.js';

const folder = new OpensslFolder();
let root: Identity;
let issuing: Identity;
let signer: Identity;
let stranger: Identity;
let count = 0;

beforeAll(() => {
  ({ root, issuing, signer } = makeChain(folder));
  stranger = authority('/CN=Stranger');
});
afterAll(() => folder.remove());

/** Self-signed without an issuer. */
const authority = (subject: string, issuer?: Identity, extensions: readonly string[] = CA_EXTENSIONS): Identity =>
  makeIdentity(folder, { name: `ca-${count++}`, subject, extensions, ...(issuer && { issuer }) });

const leafOf = (issuer: Identity, extensions = SIGNER_EXTENSIONS, subject = '/C=VN/O=Kyso/CN=Leaf'): Identity =>
  makeIdentity(folder, { name: `leaf-${count++}`, subject, extensions, issuer });

const certificates = (identities: Identity[]) => identities.map(({ certificate }) => certificate);

function build(
  leaf: Identity,
  intermediates: Identity[],
  anchors: Identity[] = [root],
  at = new Date(),
): Certificate[] {
  const options = { intermediates: certificates(intermediates), trustAnchors: certificates(anchors), at };
  return buildChain(leaf.certificate, options);
}

/** What `openssl verify` says of the same material. */
function openssl(leaf: Identity, intermediates: Identity[], anchors: Identity[] = [root]): boolean {
  const pem = (identities: Identity[]) =>
    identities.map(({ certificateFile }) => folder.run('x509', '-in', certificateFile).toString()).join('');
  const files = ['-CAfile', folder.write('anchors.pem', pem(anchors))];
  if (intermediates.length > 0) files.push('-untrusted', folder.write('untrusted.pem', pem(intermediates)));
  return folder.judge('verify', '-policy_check', ...files, leaf.certificateFile).ok;
}

describe('a chain', () => {
  it('is leaf, intermediates, anchor, as openssl verify builds it', () => {
    expect(build(signer, [issuing])).toEqual([signer.certificate, issuing.certificate, root.certificate]);
    expect(openssl(signer, [issuing])).toBe(true);
  });

  it('may end at once: a leaf that is an anchor itself', () => {
    expect(build(signer, [], [signer])).toEqual([signer.certificate]);
  });

  it('may stop at an intermediate that is trusted', () => {
    expect(build(signer, [], [issuing])).toEqual([signer.certificate, issuing.certificate]);
  });

  it('ends at a cross certificate for the name and key of an anchor, and gives the anchor', () => {
    const cross = makeIdentity(folder, {
      name: 'cross',
      subject: '/C=VN/O=Kyso/CN=Root',
      keyOf: root,
      extensions: CA_EXTENSIONS,
      issuer: stranger,
    });
    expect(build(signer, [issuing, cross])).toEqual([signer.certificate, issuing.certificate, root.certificate]);
  });

  it('without its intermediate, or to another anchor, is NO_CHAIN', () => {
    expect(codeOf(() => build(signer, []))).toBe('NO_CHAIN');
    expect(codeOf(() => build(signer, [issuing], [stranger]))).toBe('NO_CHAIN');
    expect(openssl(signer, [issuing], [stranger])).toBe(false);
  });

  it('does not take an authority that only has the right name', () => {
    const namesake = authority('/C=VN/O=Kyso/CN=Issuing', root);
    expect(codeOf(() => build(signer, [namesake]))).toBe('NO_CHAIN');
    expect(build(signer, [namesake, issuing])).toHaveLength(3);
  });

  it('is refused before and after the validity of each certificate in it', () => {
    const before = new Date(Date.now() - 86_400_000);
    const after = new Date(Date.now() + 4_000 * 86_400_000);
    expect(codeOf(() => build(signer, [issuing], [root], before))).toBe('NOT_YET_VALID');
    expect(codeOf(() => build(signer, [issuing], [root], after))).toBe('EXPIRED');
    const brief = makeIdentity(folder, {
      name: 'brief',
      subject: '/CN=Brief',
      extensions: CA_EXTENSIONS,
      issuer: root,
      days: 1,
    });
    const leaf = leafOf(brief);
    expect(codeOf(() => build(leaf, [brief], [root], new Date(Date.now() + 3 * 86_400_000)))).toBe('EXPIRED');
  });
});

describe('a chain that breaks a rule of RFC 5280 is refused', () => {
  const leafIsIssuer = ['basicConstraints=CA:FALSE', 'keyUsage=digitalSignature'];
  it.each([
    ['an issuer without basicConstraints', ['keyUsage=keyCertSign']],
    ['an issuer that is no authority', leafIsIssuer],
    ['an issuer without keyCertSign', ['basicConstraints=critical,CA:TRUE', 'keyUsage=cRLSign']],
    ['a critical extension that nobody knows', [...CA_EXTENSIONS, '1.2.3.4=critical,DER:0500']],
    ['a policy that must be explicit', [...CA_EXTENSIONS, 'policyConstraints=critical,requireExplicitPolicy:0']],
  ])('%s', (_name, extensions) => {
    const middle = authority(`/CN=Middle ${count}`, root, extensions);
    const leaf = leafOf(middle);
    expect(codeOf(() => build(leaf, [middle]))).toBe('CONSTRAINT');
    expect(openssl(leaf, [middle])).toBe(false);
  });

  it('a critical extension of the leaf that nobody knows', () => {
    const leaf = leafOf(issuing, [...SIGNER_EXTENSIONS, '1.2.3.4=critical,DER:0500']);
    expect(codeOf(() => build(leaf, [issuing]))).toBe('CONSTRAINT');
  });

  it('more authorities than pathLenConstraint allows', () => {
    const below = authority('/CN=Below', issuing);
    const leaf = leafOf(below);
    expect(codeOf(() => build(leaf, [below, issuing]))).toBe('CONSTRAINT');
    expect(openssl(leaf, [below, issuing])).toBe(false);
  });

  it('a certificate signed with SHA-1 today', () => {
    const options = { extensions: SIGNER_EXTENSIONS, issuer: issuing, signatureOptions: ['-sha1'] };
    const leaf = makeIdentity(folder, { name: 'sha1', subject: '/CN=SHA-1', ...options });
    expect(codeOf(() => build(leaf, [issuing]))).toBe('CONSTRAINT');
  });

  it('a path longer than any real one', () => {
    const path = [authority('/CN=0', root)];
    while (path.length < MAX_CHAIN_LENGTH) path.push(authority(`/CN=${path.length}`, path.at(-1)));
    expect(codeOf(() => build(leafOf(path.at(-1)!), path))).toBe('NO_CHAIN');
    const fitting = path.slice(0, MAX_CHAIN_LENGTH - 2);
    expect(build(leafOf(fitting.at(-1)!), fitting)).toHaveLength(MAX_CHAIN_LENGTH);
  });
});

describe('a search among hostile certificates', () => {
  it('ends when authorities certify each other in a circle', () => {
    const a = authority('/CN=A');
    const b = authority('/CN=B', a);
    const plan = { name: 'a-by-b', subject: '/CN=A', keyOf: a, extensions: CA_EXTENSIONS, issuer: b };
    const aByB = makeIdentity(folder, plan);
    expect(codeOf(() => build(leafOf(b), [a, b, aByB]))).toBe('NO_CHAIN');
  });

  it('ends soon when every authority is certified by every other', () => {
    const keys = Array.from({ length: 5 }, (_, i) => authority(`/CN=Mesh ${i}`));
    const mesh = keys.flatMap((subject, i) =>
      keys.flatMap((issuer, j) => {
        const plan = {
          name: `mesh-${i}-${j}`,
          subject: `/CN=Mesh ${i}`,
          keyOf: subject,
          extensions: CA_EXTENSIONS,
          issuer,
        };
        return i === j ? [] : [makeIdentity(folder, plan)];
      }),
    );
    const started = Date.now();
    expect(codeOf(() => build(leafOf(keys[0]!), mesh))).toBe('NO_CHAIN');
    expect(Date.now() - started).toBeLessThan(5_000);
  });
});

const constrained = (...lines: string[]): Identity =>
  authority(`/CN=Constrained ${count}`, root, [...CA_EXTENSIONS, ...lines]);

describe('name constraints', () => {
  const permitted = ['nameConstraints=critical,permitted;dirName:d', '[d]', 'C=VN', 'O=KYSO'];
  const excluded = ['nameConstraints=critical,excluded;dirName:d', '[d]', 'C=VN', 'O=Kyso'];
  const email = ['nameConstraints=critical,permitted;email:.gov.vn'];

  it('let a name in the permitted subtree pass, whatever its letter case', () => {
    const middle = constrained(...permitted);
    expect(build(leafOf(middle), [middle])).toHaveLength(3);
    expect(openssl(leafOf(middle), [middle])).toBe(true);
  });

  it.each([
    ['outside the permitted subtree', permitted, '/C=VN/O=Other/CN=x', SIGNER_EXTENSIONS],
    ['in the excluded subtree', excluded, '/C=VN/O=kyso/CN=x', SIGNER_EXTENSIONS],
    ['of a form that is not processed', email, '/CN=x', [...SIGNER_EXTENSIONS, 'subjectAltName=email:x@example.org']],
    ['with an e-mail address in the subject', email, '/CN=x/emailAddress=x@example.org', SIGNER_EXTENSIONS],
  ])('refuse a name %s', (_name, lines, subject, extensions) => {
    const middle = constrained(...lines);
    const leaf = leafOf(middle, extensions, subject);
    expect(codeOf(() => build(leaf, [middle]))).toBe('CONSTRAINT');
    expect(openssl(leaf, [middle])).toBe(false);
  });

  it('of another form do not touch a certificate without such a name', () => {
    const middle = constrained(...email);
    expect(build(leafOf(middle), [middle])).toHaveLength(3);
  });

  it('apply to authorities in between as well', () => {
    const middle = constrained(...permitted);
    const below = authority('/C=VN/O=Other/CN=Below', middle);
    expect(codeOf(() => build(leafOf(below), [below, middle]))).toBe('CONSTRAINT');
  });
});
