// Files that attackers make, and files that are signed with what is not accepted.
import { basePdf, bodyOf, byteRangeOf, commentUpdate, increment, overwrite, withByteRange, wrap } from './pdf-edit.mjs';
import { addDays } from './pki.mjs';
import { invalid, open, valid } from './expectations.mjs';

const budget = (amount) => `Approved budget: ${amount},000,000 VND`;

const partial = (reason) =>
  invalid('FORMAT_FAILURE', [reason], { coverage: 'partial', integrity: 'indeterminate', level: 'none' });

export async function hostileCases({ signer, pki, t0 }) {
  const base = basePdf();
  const { issuing, root, tsaRoot } = pki;
  const fresh = { thisUpdate: addDays(t0, -1), nextUpdate: addDays(t0, 30) };
  const ocspResponses = ['leader', 'small-key', 'encryption'].map((name) =>
    issuing.ocsp(name, { responder: 'responder', days: 7 }),
  );
  const online = { ocspResponses, crls: [root.crl(fresh), tsaRoot.crl(fresh)] };
  const bB = await signer.sign(base, { as: 'leader' });
  const bT = await signer.sign(base, { as: 'leader', unit: 'tsa' });
  const [, gapStart, gapEnd, length] = byteRangeOf(bB).numbers;
  const hiddenPage = bodyOf(base, 3).replace('/Contents 4 0 R', '/Contents 6 0 R');
  const shownPage = bodyOf(base, 3);

  const broken = (name, what, pdf, expected) => ({ [name]: { what, pdf, online, expect: [expected] } });
  const modified = invalid('FORMAT_FAILURE', ['DOCUMENT_MODIFIED', 'TIME_NOT_PROVEN'], {
    coverage: 'modified',
    integrity: 'passed',
    level: 'none',
  });

  return {
    ...broken(
      'tampered-byte',
      'one digit of the page is another one',
      overwrite(bB, budget(1), budget(2)),
      invalid('HASH_FAILURE', ['HASH_FAILURE', 'TIME_NOT_PROVEN'], {
        integrity: 'failed',
        coverage: 'whole-file',
        level: 'none',
      }),
    ),
    ...broken(
      'tampered-signature',
      'one byte of the signature value is another one',
      flipSignature(bB, gapStart),
      invalid('SIG_CRYPTO_FAILURE', ['SIGNATURE_WRONG', 'TIME_NOT_PROVEN'], { integrity: 'failed', level: 'none' }),
    ),
    ...broken(
      'usf-zero-range',
      'universal signature forgery: a ByteRange that hashes nothing',
      withByteRange(bB, [0, 0, 0, 0]),
      partial('BYTE_RANGE_MALFORMED'),
    ),
    ...broken(
      'usf-negative-range',
      'universal signature forgery: a negative length',
      withByteRange(bB, [0, gapStart, gapEnd, -length]),
      partial('BYTE_RANGE_MALFORMED'),
    ),
    ...broken(
      'usf-no-range',
      'universal signature forgery: no ByteRange',
      overwrite(bB, '/ByteRange', '/ByteRangX'),
      partial('BYTE_RANGE_MALFORMED'),
    ),
    ...broken(
      'usf-swapped-range',
      'universal signature forgery: the two ranges in the other order',
      withByteRange(bB, [gapEnd, length, 0, gapStart]),
      partial('BYTE_RANGE_MALFORMED'),
    ),
    ...broken(
      'usf-empty-contents',
      'universal signature forgery: /Contents under another key',
      overwrite(bB, '/Contents <', '/ContentX <'),
      partial('BYTE_RANGE_GAP'),
    ),
    ...broken(
      'range-wide-gap',
      'the gap is wider than /Contents',
      withByteRange(bB, [0, gapStart, gapEnd + 1, length - 1]),
      partial('BYTE_RANGE_GAP'),
    ),
    ...broken(
      'range-short',
      'the last bytes of the revision are not covered',
      withByteRange(bB, [0, gapStart, gapEnd, length - 60]),
      partial('BYTE_RANGE_PARTIAL'),
    ),
    ...broken(
      'signature-wrapping',
      'signature wrapping: the signed tail moved, another table in its place',
      wrap(bB),
      partial('BYTE_RANGE_GAP'),
    ),
    ...broken(
      'isa-page-content',
      'incremental saving attack: new page content',
      increment(bB, { 4: bodyOf(base, 6) }),
      modified,
    ),
    ...broken(
      'isa-without-xref',
      'incremental saving attack: an update that nothing announces',
      increment(bB, { 4: bodyOf(base, 6) }, { xref: false }),
      modified,
    ),
    ...broken(
      'trailing-comment',
      'a comment behind the last %%EOF',
      Buffer.concat([bB, Buffer.from('% nothing to see\n')]),
      modified,
    ),
    ...broken(
      'isa-comment',
      'incremental saving attack: an update in one line of comment, which lenient readers take',
      commentUpdate(bB, 3, withAnnotations(bB, hiddenPage)),
      modified,
    ),
    ...broken(
      'shadow-replace',
      'shadow attack: the page shows an overlay that was signed with it',
      increment(bB, { 3: withAnnotations(bB, hiddenPage) }),
      modified,
    ),
    ...broken(
      'shadow-hide',
      'shadow attack: the page shows nothing',
      increment(bB, { 3: withAnnotations(bB, shownPage.replace('/Contents 4 0 R', '')) }),
      modified,
    ),
    ...broken('annotation-added', 'evil annotation attack: a note over the page', withNote(bB), modified),
    'unknown-root': {
      what: 'right in itself, by a root that nobody trusts',
      pdf: await signer.sign(base, { as: 'stranger' }),
      online,
      expect: [
        open('NO_CERTIFICATE_CHAIN_FOUND', ['CHAIN_NOT_FOUND', 'TIME_NOT_PROVEN'], {
          integrity: 'passed',
          certificateChain: 'indeterminate',
          level: 'B-B',
        }),
      ],
    },
    'tsa-unknown-root': {
      what: 'a time-stamp by a unit that nobody trusts proves nothing; the signature is judged today',
      pdf: await signer.sign(base, { as: 'leader', unit: 'stranger-tsa' }),
      online,
      expect: [valid('B-B', { reasons: ['TIMESTAMP_UNTRUSTED'], timestampTrusted: false })],
    },
    'tsa-wrong-imprint': {
      what: 'the time-stamp is about other data',
      pdf: await signer.sign(base, { as: 'leader', unit: 'tsa', imprintOf: 'something else' }),
      online,
      expect: [
        open('SIG_CONSTRAINTS_FAILURE', ['TIMESTAMP_IMPRINT'], {
          timestampTrusted: false,
          level: 'B-B',
          integrity: 'passed',
        }),
      ],
    },
    'document-timestamp-tampered': {
      what: 'a byte under a document time-stamp is another one',
      pdf: overwrite(await signer.archive(bT), budget(1), budget(2)),
      online,
      expect: [
        invalid('HASH_FAILURE', ['HASH_FAILURE'], { integrity: 'failed', coverage: 'whole-revision' }),
        invalid('HASH_FAILURE', ['HASH_FAILURE'], {
          field: 'Timestamp1',
          kind: 'document-timestamp',
          integrity: 'failed',
          timestampTrusted: false,
        }),
      ],
    },
    'sha-1': {
      what: 'SHA-1',
      pdf: await signer.signWithOpenssl(base, { as: 'leader', md: 'sha1' }),
      online,
      expect: [
        open('CRYPTO_CONSTRAINTS_FAILURE', ['ALGORITHM_NOT_ACCEPTED'], { integrity: 'indeterminate', level: 'none' }),
      ],
    },
    'rsa-1024': {
      what: 'RSA with 1024 bits',
      pdf: await signer.sign(base, { as: 'small-key' }),
      online,
      expect: [
        open('CRYPTO_CONSTRAINTS_FAILURE', ['ALGORITHM_NOT_ACCEPTED', 'TIME_NOT_PROVEN'], {
          certificateChain: 'failed',
          integrity: 'passed',
        }),
      ],
    },
    'key-usage': {
      what: 'a certificate for encryption',
      pdf: await signer.sign(base, { as: 'encryption' }),
      online,
      expect: [open('CHAIN_CONSTRAINTS_FAILURE', ['KEY_USAGE', 'TIME_NOT_PROVEN'], { certificateChain: 'failed' })],
    },
  };
}

/** In the last of the bytes before the padding stands the signature value (no unsigned attributes in B-B). */
function flipSignature(pdf, gapStart) {
  const end = pdf.indexOf('>', gapStart, 'latin1');
  const padding = /0*$/.exec(pdf.toString('latin1', gapStart + 1, end))[0].length;
  const at = end - padding - 40;
  const changed = Buffer.from(pdf);
  changed.write(changed[at] === 0x31 ? '2' : '1', at, 'latin1');
  return changed;
}

/** Keeps the /Annots that the signer wrote, so that only the attack is to be seen. */
function withAnnotations(pdf, page) {
  const annotations = /\/Annots\s*(\[[^\]]*\]|\d+ 0 R)/.exec(bodyOf(pdf, 3))?.[0] ?? '';
  return page.replace(/>>$/, `${annotations} >>`);
}

function withNote(pdf) {
  const page = bodyOf(pdf, 3);
  const number = Number([...pdf.toString('latin1').matchAll(/\/Size (\d+)/g)].at(-1)[1]);
  const note =
    '<< /Type /Annot /Subtype /FreeText /Rect [70 700 400 740] /Contents (9,000,000 VND) /DA (/F1 14 Tf) /F 4 >>';
  return increment(pdf, { 3: page.replace(/\/Annots\s*\[/, `/Annots [${number} 0 R `), [number]: note });
}
