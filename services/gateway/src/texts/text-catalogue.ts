import { createHash } from 'node:crypto';
import { texts, type BilingualText, type TextCatalogue } from '@kyso/contracts';
import { reasonCatalogue, subIndicationCatalogue } from '@kyso/validation';

type Group = Readonly<Record<string, BilingualText>>;

const groups: Readonly<Record<string, Group>> = {
  ...texts,
  ReasonCode: reasonCatalogue,
  SubIndication: subIndicationCatalogue,
};

/** Every text that people read of this service's answers, by group and code; groups in alphabetical order. */
export const textCatalogue: TextCatalogue = {
  groups: Object.fromEntries(
    Object.entries(groups)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, group]) => [name, textsOf(group)]),
  ),
};

/** `textCatalogue` as JSON in UTF-8; the same bytes as long as the process lives. */
export const textCatalogueJson: Buffer = Buffer.from(JSON.stringify(textCatalogue), 'utf8');

/** Entity tag of `textCatalogueJson` (RFC 9110, 8.8.3): another one whenever a text is another one. */
export const textCatalogueEtag = `"${createHash('sha256').update(textCatalogueJson).digest('hex')}"`;

/** Some tables say more of a code than its texts. */
function textsOf(group: Group): Record<string, BilingualText> {
  return Object.fromEntries(Object.entries(group).map(([code, { vi, en }]) => [code, { vi, en }]));
}
