import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { oids } from './oids.js';

/** A distinguished name as the sandbox writes it; the country is always VN. */
export interface DistinguishedName {
  readonly commonName: string;
  readonly organisation?: string;
  readonly organisationalUnit?: string;
  readonly locality?: string;
  readonly title?: string;
  readonly email?: string;
}

const rdn = (type: string, value: asn1js.AsnType): asn1js.Set =>
  new asn1js.Set({
    value: [new asn1js.Sequence({ value: [new asn1js.ObjectIdentifier({ value: type }), value] })],
  });

/**
 * `Name` (RFC 5280, 4.1.2.4): UTF-8 in NFC, most significant first.
 *
 * RDNSequence ::= SEQUENCE OF SET OF SEQUENCE { type, value }, one attribute in each set. pkijs would put all of them
 * into one set; a name that it was given as DER it keeps as it is.
 */
export function nameOf(name: DistinguishedName): pkijs.RelativeDistinguishedNames {
  const text = (type: string, value: string | undefined): asn1js.Set[] =>
    value === undefined ? [] : [rdn(type, new asn1js.Utf8String({ value: value.normalize('NFC') }))];
  const sequence = new asn1js.Sequence({
    value: [
      rdn(oids.country, new asn1js.PrintableString({ value: 'VN' })),
      ...text(oids.locality, name.locality),
      ...text(oids.organisation, name.organisation),
      ...text(oids.organisationalUnit, name.organisationalUnit),
      ...text(oids.title, name.title),
      ...text(oids.commonName, name.commonName),
      ...(name.email === undefined ? [] : [rdn(oids.emailAddress, new asn1js.IA5String({ value: name.email }))]),
    ],
  });
  return pkijs.RelativeDistinguishedNames.fromBER(sequence.toBER());
}
