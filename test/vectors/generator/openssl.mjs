// The oracle of the vectors: keys, certificates, OCSP answers, CRLs and time-stamps are made by OpenSSL's command line and not
// by the libraries that are tested with them.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Runs `openssl` in `folder`. `command` is split at white space; arguments that may hold some stand in `more`. What it prints is
 * in the error when it fails.
 */
export function openssl(folder, command, more = []) {
  const args = [...command.trim().split(/\s+/), ...more];
  return execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** `20261122101500Z` */
export const asn1Time = (date) => `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
const shortTime = (date) => asn1Time(date).slice(2);

/** A certification authority in its own folder files, in the form that `openssl ca` keeps. */
export class Authority {
  constructor(folder, name) {
    this.folder = folder;
    this.name = name;
    this.entries = [];
    this.nextSerial = 0x1001;
    writeFileSync(join(folder, `${name}.index`), '');
  }

  /**
   * Makes a key and a certificate for it; `issuer` defaults to this authority.
   * `key`: rsa:2048, rsa:1024, ec:prime256v1 …; `extensions`: lines of an OpenSSL extension section.
   */
  issue(name, { subject, key = 'rsa:2048', notBefore, notAfter, extensions, selfSigned = false }) {
    const { folder } = this;
    const [type, parameter] = key.split(':');
    const option = type === 'rsa' ? `rsa_keygen_bits:${parameter}` : `ec_paramgen_curve:${parameter}`;
    openssl(folder, `genpkey -algorithm ${type.toUpperCase()} -pkeyopt ${option} -out ${name}.key`);
    openssl(folder, `req -new -utf8 -key ${name}.key -out ${name}.csr`, ['-subj', subject]);
    const serial = this.nextSerial.toString(16).toUpperCase();
    this.nextSerial += 1;
    writeFileSync(join(folder, `${name}.serial`), serial);
    writeFileSync(join(folder, `${name}.cnf`), this.configuration(`${name}.serial`, `${this.name}.index`, extensions));
    const signer = selfSigned ? `-selfsign -keyfile ${name}.key` : this.signer();
    openssl(
      folder,
      `ca -batch -notext -utf8 -config ${name}.cnf -in ${name}.csr -out ${name}.pem -extensions ext -md sha256 ${signer}
       -startdate ${asn1Time(notBefore)} -enddate ${asn1Time(notAfter)}`,
    );
    this.entries.push({ name, serial, notAfter });
    return { name, folder, pem: readFileSync(join(folder, `${name}.pem`), 'utf8') };
  }

  /** DER of a CRL. `revoked`: name → { at, reason? }. */
  crl({ thisUpdate, nextUpdate, revoked = {} }) {
    const { folder, name } = this;
    const index = this.writeIndex(revoked);
    writeFileSync(join(folder, `${name}-crl.serial`), '01');
    writeFileSync(join(folder, `${name}-crl.cnf`), this.configuration(`${name}-crl.serial`, index, []));
    openssl(
      folder,
      `ca -gencrl -config ${name}-crl.cnf -out ${name}.crl.pem -md sha256 ${this.signer()}
       -crl_lastupdate ${asn1Time(thisUpdate)} -crl_nextupdate ${asn1Time(nextUpdate)}`,
    );
    openssl(folder, `crl -in ${name}.crl.pem -outform DER -out ${name}.crl`);
    return readFileSync(join(folder, `${name}.crl`));
  }

  /** DER of an OCSP response of the responder `responder`, with thisUpdate now and nextUpdate after `days`. */
  ocsp(subject, { responder, days, revoked = {} }) {
    const { folder, name } = this;
    const index = this.writeIndex(revoked);
    openssl(folder, `ocsp -sha256 -issuer ${name}.pem -cert ${subject}.pem -no_nonce -reqout ${subject}.ocsp-request`);
    openssl(
      folder,
      `ocsp -index ${index} -CA ${name}.pem -rsigner ${responder}.pem -rkey ${responder}.key -ndays ${days}
       -reqin ${subject}.ocsp-request -respout ${subject}.ocsp`,
    );
    return readFileSync(join(folder, `${subject}.ocsp`));
  }

  signer() {
    return `-cert ${this.name}.pem -keyfile ${this.name}.key`;
  }

  writeIndex(revoked) {
    const lines = this.entries.map(({ name, serial, notAfter }) => {
      const entry = revoked[name];
      const reason = entry?.reason ? `,${entry.reason}` : '';
      const [state, revokedAt] = entry ? ['R', `${shortTime(entry.at)}${reason}`] : ['V', ''];
      return `${state}\t${shortTime(notAfter)}\t${revokedAt}\t${serial}\tunknown\t/CN=${name}\n`;
    });
    const file = `${this.name}-status.index`;
    writeFileSync(join(this.folder, file), lines.join(''));
    writeFileSync(join(this.folder, `${file}.attr`), 'unique_subject = no\n');
    return file;
  }

  configuration(serialFile, index, extensions) {
    return `
[ca]
default_ca = this
[this]
database = ${index}
serial = ${serialFile}
new_certs_dir = .
unique_subject = no
policy = any
default_days = 1
default_md = sha256
[any]
commonName = supplied
organizationName = optional
countryName = optional
title = optional
[ext]
${extensions.join('\n')}
`;
  }
}

/** A time-stamping unit: `openssl ts` with a policy and SHA-256; genTime is the clock of this machine. */
export function timestamp({ folder, name, chain }, digest) {
  const config = `
[unit]
serial = ${name}.tsa-serial
signer_cert = ${name}.pem
signer_key = ${name}.key
certs = ${chain}
signer_digest = sha256
default_policy = 1.3.6.1.4.1.4146.2.3
digests = sha256
accuracy = secs:1
tsa_name = yes
ess_cert_id_alg = sha256
`;
  writeFileSync(join(folder, `${name}.tsa.cnf`), config);
  writeFileSync(join(folder, `${name}.tsa-serial`), '01\n', { flag: 'a' });
  const imprint = Buffer.from(digest).toString('hex');
  openssl(folder, `ts -query -digest ${imprint} -sha256 -cert -no_nonce -out query.tsq`);
  openssl(folder, `ts -reply -config ${name}.tsa.cnf -section unit -queryfile query.tsq -token_out -out reply.tst`);
  return readFileSync(join(folder, 'reply.tst'));
}
