// One PKI for all vectors: a root and an issuing CA for signers, another root for time-stamping (two trust domains, as in
// Vietnam), and a root that nobody trusts.
import { Authority } from './openssl.mjs';

const day = 24 * 60 * 60 * 1000;
export const addDays = (date, days) => new Date(date.getTime() + days * day);

const caExtensions = ['basicConstraints = critical,CA:TRUE', 'keyUsage = critical,keyCertSign,cRLSign'];
const keyIds = ['subjectKeyIdentifier = hash', 'authorityKeyIdentifier = keyid'];
const crlAt = (name) => `crlDistributionPoints = URI:http://crl.kyso.test/${name}.crl`;
const leafExtensions = (usage) => [
  'basicConstraints = critical,CA:FALSE',
  `keyUsage = critical,${usage}`,
  ...keyIds,
  'authorityInfoAccess = OCSP;URI:http://ocsp.kyso.test/',
  crlAt('issuing'),
];
const signing = leafExtensions('digitalSignature,nonRepudiation');
const unitExtensions = [
  'basicConstraints = critical,CA:FALSE',
  'keyUsage = critical,digitalSignature',
  'extendedKeyUsage = critical,timeStamping',
  ...keyIds,
];

/** `t0` is the time of signing; all validity periods are around it. */
export function makePki(folder, t0) {
  const caPeriod = { notBefore: addDays(t0, -400), notAfter: addDays(t0, 3650) };
  const period = { notBefore: addDays(t0, -200), notAfter: addDays(t0, 365) };

  const root = new Authority(folder, 'root');
  const selfSigned = { selfSigned: true, ...caPeriod, extensions: [...caExtensions, 'subjectKeyIdentifier = hash'] };
  root.issue('root', { subject: '/C=VN/O=Kyso Test/CN=Kyso Test Root', ...selfSigned });
  root.issue('issuing', {
    subject: '/C=VN/O=Kyso Test/CN=CA thử nghiệm Kyso',
    ...caPeriod,
    extensions: [...caExtensions, ...keyIds, crlAt('root')],
  });

  const issuing = new Authority(folder, 'issuing');
  const leader = '/C=VN/O=UBND tỉnh Hưng Yên/title=Chủ tịch/CN=Nguyễn Văn An';
  issuing.issue('leader', { subject: leader, ...period, extensions: signing });
  issuing.issue('organisation', {
    subject: '/C=VN/O=UBND tỉnh Hưng Yên/CN=Ủy ban nhân dân tỉnh Hưng Yên',
    key: 'ec:prime256v1',
    ...period,
    extensions: signing,
  });
  issuing.issue('small-key', { subject: '/C=VN/CN=Khóa ngắn', key: 'rsa:1024', ...period, extensions: signing });
  issuing.issue('encryption', {
    subject: '/C=VN/CN=Chứng thư mã hóa',
    ...period,
    extensions: leafExtensions('keyEncipherment'),
  });
  issuing.issue('future', {
    subject: '/C=VN/CN=Chưa có hiệu lực',
    notBefore: addDays(t0, 10),
    notAfter: addDays(t0, 300),
    extensions: signing,
  });
  issuing.issue('responder', {
    subject: '/C=VN/O=Kyso Test/CN=Kyso Test OCSP',
    ...period,
    extensions: [
      'basicConstraints = critical,CA:FALSE',
      'keyUsage = critical,digitalSignature',
      'extendedKeyUsage = OCSPSigning',
      'noCheck = ignored',
      ...keyIds,
    ],
  });

  const tsaRoot = new Authority(folder, 'tsa-root');
  tsaRoot.issue('tsa-root', { subject: '/C=VN/O=Kyso Test/CN=Kyso Test TSA Root', ...selfSigned });
  tsaRoot.issue('tsa', {
    subject: '/C=VN/O=Kyso Test/CN=Kyso Test TSA',
    notBefore: period.notBefore,
    notAfter: addDays(t0, 1000),
    extensions: [...unitExtensions, crlAt('tsa-root')],
  });
  // Names no revocation service and lives long: for document time-stamps.
  tsaRoot.issue('archive-tsa', {
    subject: '/C=VN/O=Kyso Test/CN=Kyso Test Archive TSA',
    notBefore: period.notBefore,
    notAfter: addDays(t0, 3000),
    extensions: unitExtensions,
  });

  const strangerRoot = new Authority(folder, 'stranger-root');
  strangerRoot.issue('stranger-root', { subject: '/C=VN/O=Người lạ/CN=Stranger Root', ...selfSigned });
  strangerRoot.issue('stranger', { subject: leader, ...period, extensions: signing });
  strangerRoot.issue('stranger-tsa', {
    subject: '/C=VN/O=Kyso Test/CN=Kyso Test TSA',
    ...period,
    extensions: unitExtensions,
  });
  return { root, issuing, tsaRoot, strangerRoot };
}
