// Files that honest software makes: levels, several signers, expiry and revocation.
import { basePdf } from './pdf-edit.mjs';
import { addDays } from './pki.mjs';
import { invalid, open, stamp, valid } from './expectations.mjs';

const signature2 = { field: 'Signature2' };

/** `name` → { what, pdf, at?: days after signing, online?, expect }. */
export async function honestCases({ signer, pki, t0 }) {
  const base = basePdf();
  const { issuing, root, tsaRoot } = pki;
  const fresh = { thisUpdate: addDays(t0, -1), nextUpdate: addDays(t0, 30) };
  const ocsp = (name, revoked) => issuing.ocsp(name, { responder: 'responder', days: 7, revoked });
  const rootCrl = root.crl(fresh);
  const tsaCrl = tsaRoot.crl(fresh);
  const leaderOcsp = ocsp('leader');
  const online = { ocspResponses: [leaderOcsp, ocsp('organisation')], crls: [rootCrl, tsaCrl] };
  const laterCrls = (revoked, tsaRevoked = {}) => {
    const period = { thisUpdate: addDays(t0, 31), nextUpdate: addDays(t0, 61) };
    const crls = [
      issuing.crl({ ...period, revoked }),
      root.crl(period),
      tsaRoot.crl({ ...period, revoked: tsaRevoked }),
    ];
    return { ocspResponses: [], crls };
  };
  const evidence = {
    certificates: ['issuing', 'tsa'],
    ocspResponses: [leaderOcsp],
    crls: [rootCrl, tsaCrl],
  };

  const bB = await signer.sign(base, { as: 'leader' });
  const bT = await signer.sign(base, { as: 'leader', unit: 'tsa' });
  const bLt = await signer.store(bT, evidence);
  const bLta = await signer.archive(bLt);
  const two = await signer.sign(bT, { as: 'organisation', unit: 'tsa', ...signature2 });
  const twoLta = await signer.archive(await signer.store(two, { ...evidence, ocspResponses: online.ocspResponses }));
  const revokedLt = await signer.store(bT, {
    ...evidence,
    ocspResponses: [ocsp('leader', { leader: { at: addDays(t0, -10), reason: 'keyCompromise' } })],
  });
  const dssOnly = await signer.store(bB, { ...evidence, crls: [rootCrl] });
  const archivedOnly = await signer.archive(dssOnly);
  const missing = { revocation: { status: 'unknown', source: 'none' }, validAtSigningTime: 'indeterminate' };
  const claimed = { reasons: ['TIME_NOT_PROVEN'] };

  return {
    'b-b': { what: 'B-B, evidence from the caller', pdf: bB, online, expect: [valid('B-B', claimed)] },
    'b-b-no-evidence': {
      what: 'B-B; neither OCSP nor CRL can be had',
      pdf: bB,
      expect: [
        open('TRY_LATER', ['REVOCATION_NOT_FOUND', 'REVOCATION_NOT_FOUND', 'TIME_NOT_PROVEN'], {
          ...missing,
          level: 'B-B',
          integrity: 'passed',
          coverage: 'whole-file',
          certificateChain: 'passed',
        }),
      ],
    },
    'b-b-stale-evidence': {
      what: 'B-B whose DSS is two months old',
      pdf: dssOnly,
      at: 60,
      expect: [
        open('TRY_LATER', ['REVOCATION_NOT_FRESH', 'REVOCATION_NOT_FRESH', 'TIME_NOT_PROVEN'], {
          level: 'B-B',
          coverage: 'whole-revision',
        }),
      ],
    },
    'b-t': {
      what: 'B-T, evidence from the caller',
      pdf: bT,
      online,
      expect: [valid('B-T', { timestampTrusted: true, revocation: { status: 'good', source: 'online' } })],
    },
    'b-t-no-evidence': {
      what: 'B-T without any evidence: the level stands, the verdict is open',
      pdf: bT,
      expect: [
        open('TRY_LATER', ['REVOCATION_NOT_FOUND', 'REVOCATION_NOT_FOUND', 'TIMESTAMP_REVOCATION_UNKNOWN'], {
          ...missing,
          level: 'B-T',
          timestampTrusted: true,
        }),
      ],
    },
    'b-lt': {
      what: 'B-LT, validated from the file alone a year later',
      pdf: bLt,
      at: 364,
      expect: [
        valid('B-LT', {
          coverage: 'whole-revision',
          timestampTrusted: true,
          revocation: { status: 'good', source: 'dss' },
        }),
      ],
    },
    'b-lt-expired-signer': {
      what: 'B-LT after the signer expired, while the TSA is still valid',
      pdf: bLt,
      at: 700,
      expect: [valid('B-LT', { coverage: 'whole-revision' })],
    },
    'b-lt-decades': {
      what: 'B-LT after signer and TSA expired, never archived',
      pdf: bLt,
      at: 2000,
      expect: [
        open('OUT_OF_BOUNDS_NO_POE', ['EXPIRED_NO_POE', 'TIMESTAMP_UNTRUSTED'], {
          timestampTrusted: false,
          certificateChain: 'indeterminate',
          level: 'B-B',
        }),
      ],
    },
    'b-lta': {
      what: 'B-LTA',
      pdf: bLta,
      expect: [valid('B-LTA', { coverage: 'whole-revision' }), stamp()],
    },
    'b-lta-decades': {
      what: 'B-LTA after signer and TSA expired; the document time-stamp proves both',
      pdf: bLta,
      at: 2000,
      expect: [valid('B-LTA', { coverage: 'whole-revision', timestampTrusted: true }), stamp()],
    },
    'b-t-by-document-timestamp': {
      what: 'no signature time-stamp; the document time-stamp proves the time',
      pdf: archivedOnly,
      at: 364,
      expect: [valid('B-LTA', { coverage: 'whole-revision' }), stamp()],
    },
    'two-signers': {
      what: 'leader (RSA), then organisation (ECDSA), B-T',
      pdf: two,
      online,
      expect: [
        valid('B-T', { coverage: 'whole-revision', signer: 'Nguyễn Văn An' }),
        valid('B-T', { ...signature2, signer: 'Ủy ban nhân dân tỉnh Hưng Yên' }),
      ],
    },
    'two-signers-b-lta': {
      what: 'leader, organisation, DSS and one document time-stamp for both',
      pdf: twoLta,
      at: 364,
      expect: [
        valid('B-LTA', { coverage: 'whole-revision' }),
        valid('B-LTA', { coverage: 'whole-revision', ...signature2 }),
        stamp(),
      ],
    },
    expired: {
      what: 'B-B after the certificate expired',
      pdf: bB,
      at: 400,
      online,
      expect: [
        open('OUT_OF_BOUNDS_NO_POE', ['EXPIRED_NO_POE', 'TIME_NOT_PROVEN'], {
          certificateChain: 'indeterminate',
          validAtSigningTime: 'indeterminate',
          integrity: 'passed',
        }),
      ],
    },
    'not-yet-valid': {
      what: 'time-stamped before the certificate is valid',
      pdf: await signer.sign(base, { as: 'future', unit: 'tsa' }),
      at: 20,
      online,
      expect: [
        invalid('NOT_YET_VALID', ['NOT_YET_VALID'], { certificateChain: 'failed', validAtSigningTime: 'failed' }),
      ],
    },
    'revoked-before': {
      what: 'revoked ten days before signing',
      pdf: revokedLt,
      expect: [
        invalid('REVOKED', ['REVOKED'], {
          integrity: 'passed',
          certificateChain: 'passed',
          validAtSigningTime: 'failed',
          revocation: { status: 'revoked', source: 'dss' },
        }),
      ],
    },
    'revoked-after': {
      what: 'revoked a month after the time-stamp',
      pdf: bT,
      at: 40,
      online: laterCrls({ leader: { at: addDays(t0, 30), reason: 'keyCompromise' } }),
      expect: [valid('B-T', { reasons: ['REVOKED_LATER'], revocation: { status: 'revoked', source: 'online' } })],
    },
    'revoked-no-timestamp': {
      what: 'revoked a month after signing, which no time-stamp proves',
      pdf: bB,
      at: 40,
      online: laterCrls({ leader: { at: addDays(t0, 30), reason: 'superseded' } }),
      expect: [invalid('REVOKED', ['REVOKED', 'TIME_NOT_PROVEN'], { validAtSigningTime: 'failed' })],
    },
    suspended: {
      what: 'on hold since before signing',
      pdf: bT,
      at: 40,
      online: laterCrls({ leader: { at: addDays(t0, -5), reason: 'certificateHold' } }),
      expect: [open('TRY_LATER', ['ON_HOLD'], { validAtSigningTime: 'indeterminate' })],
    },
    'ca-revoked': {
      what: 'the issuing CA was revoked before signing',
      pdf: bT,
      at: 40,
      online: {
        ocspResponses: [],
        crls: [
          ...laterCrls({}).crls,
          root.crl({
            thisUpdate: addDays(t0, 31),
            nextUpdate: addDays(t0, 61),
            revoked: { issuing: { at: addDays(t0, -20), reason: 'CACompromise' } },
          }),
        ],
      },
      expect: [open('REVOKED_CA_NO_POE', ['CA_REVOKED'])],
    },
    'tsa-revoked': {
      what: "the TSA's key was compromised later: the time-stamp proves nothing, the signature is judged today",
      pdf: bT,
      at: 40,
      online: laterCrls({}, { tsa: { at: addDays(t0, 5), reason: 'keyCompromise' } }),
      expect: [valid('B-B', { reasons: ['TIMESTAMP_UNTRUSTED'], timestampTrusted: false })],
    },
    'tsa-superseded': {
      what: 'the TSA got a new key later: tokens from before stay good (RFC 3161, 4.1)',
      pdf: bT,
      at: 40,
      online: laterCrls({}, { tsa: { at: addDays(t0, 5), reason: 'superseded' } }),
      expect: [valid('B-T', { timestampTrusted: true })],
    },
    'claimed-time': {
      what: '/M is seven hours ahead of the time-stamp',
      pdf: await signer.sign(base, { as: 'leader', unit: 'tsa', claimed: addDays(t0, 7 / 24) }),
      online,
      expect: [valid('B-T', { reasons: ['CLAIMED_TIME'] })],
    },
    'openssl-cades': {
      what: 'CMS by OpenSSL with a signing-time attribute: good, but below B-B',
      pdf: await signer.signWithOpenssl(base, { as: 'leader' }),
      online,
      expect: [valid('none', { reasons: ['FORMAT_ISSUE', 'TIME_NOT_PROVEN'] })],
    },
    'adbe-pkcs7': {
      what: 'adbe.pkcs7.detached without signing-certificate, as ISO 32000 allows',
      pdf: await signer.signWithOpenssl(base, { as: 'leader', cades: false, subFilter: 'adbe.pkcs7.detached' }),
      online,
      expect: [valid('none', claimed)],
    },
    'no-signature': {
      what: 'an unsigned file',
      pdf: base,
      verdict: 'indeterminate',
      warnings: ['NO_SIGNATURE'],
      expect: [],
    },
    'timestamp-only': {
      what: 'a document time-stamp and no signature',
      pdf: await signer.archive(base),
      verdict: 'indeterminate',
      warnings: ['NO_SIGNATURE'],
      expect: [stamp()],
    },
  };
}
