import { contextConstructed } from './der-tags.js';
import type { DerReader } from './der-reader.js';
import { CmsError } from './errors.js';
import { type GeneralName, readGeneralName } from './general-name.js';
import { type Name, comparableName } from './name.js';

/** NameConstraints (RFC 5280, 4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** Stops a certificate that makes every name be compared with a million subtrees. */
const MAX_SUBTREES = 500;

/** Reads the content of NameConstraints. Throws MALFORMED, LIMIT_EXCEEDED. */
export function readNameConstraints(reader: DerReader): NameConstraints {
  const permitted = readSubtrees(reader.enterOptional(contextConstructed(0)));
  const excluded = readSubtrees(reader.enterOptional(contextConstructed(1)));
  reader.end();
  return { permitted, excluded };
}

/** GeneralSubtrees ::= SEQUENCE OF SEQUENCE { base GeneralName, minimum [0] DEFAULT 0, maximum [1] OPTIONAL }. */
function readSubtrees(reader?: DerReader): GeneralName[] {
  const subtrees: GeneralName[] = [];
  if (!reader) return subtrees;
  while (!reader.done) {
    if (subtrees.length >= MAX_SUBTREES) throw new CmsError('LIMIT_EXCEEDED', `${MAX_SUBTREES} subtrees`, 'more');
    const subtree = reader.enter(0x30);
    subtrees.push(readGeneralName(subtree));
    // RFC 5280 fixes minimum at 0 and leaves maximum out: anything else has no meaning that could be checked.
    if (!subtree.done) throw new CmsError('UNSUPPORTED', 'subtrees without minimum and maximum', 'one with them');
  }
  return subtrees;
}

/**
 * RFC 5280, 6.1.3 b and c for one certificate below a constrained one. Directory names are compared; where a constraint of
 * another form meets a name of that form the path is refused, which 4.2.1.10 allows ("either process the constraint or
 * reject the certificate"). Throws CONSTRAINT.
 */
export function assertNamesPermitted(
  constraints: NameConstraints,
  subject: Name,
  alternativeNames: readonly GeneralName[],
): void {
  const directoryNames = [...(subject.length > 0 ? [subject] : []), ...directoryNamesOf(alternativeNames)];
  const permitted = directoryNamesOf(constraints.permitted).map(comparableName);
  const excluded = directoryNamesOf(constraints.excluded).map(comparableName);
  for (const name of directoryNames.map(comparableName)) {
    const text = name.join(', ').replaceAll('\u0000', '+');
    if (permitted.length > 0 && !permitted.some((base) => isBelow(name, base))) {
      throw new CmsError('CONSTRAINT', 'a name in the permitted subtrees', text);
    }
    if (excluded.some((base) => isBelow(name, base))) {
      throw new CmsError('CONSTRAINT', 'a name outside the excluded subtrees', text);
    }
  }
  assertNoOtherForm(constraints, subject, alternativeNames);
}

function assertNoOtherForm(constraints: NameConstraints, subject: Name, names: readonly GeneralName[]): void {
  const constrained = new Set([...constraints.permitted, ...constraints.excluded].map(({ form }) => form));
  constrained.delete('directoryName');
  const present = new Set(names.map(({ form }) => form));
  // 4.2.1.10: an e-mail address in the subject counts when there is none in subjectAltName.
  if (subject.flat().some(({ oid }) => oid === EMAIL_ADDRESS)) present.add('rfc822Name');
  for (const form of constrained) {
    if (present.has(form)) throw new CmsError('CONSTRAINT', `no name under a constraint on ${form}`, form);
  }
}

const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';

const directoryNamesOf = (names: readonly GeneralName[]): Name[] =>
  names.flatMap((name) => (name.form === 'directoryName' ? [name.name] : []));

const isBelow = (name: readonly string[], base: readonly string[]): boolean =>
  base.every((rdn, index) => name[index] === rdn);
