import type { ObjectView } from '../reader/objects.js';
import type { FontStyle } from '../types.js';
import type { ObjectEdits } from './object-edits.js';
import { type FormHolder, type HeldDictionary, readHeldDictionary } from './form-update.js';

/** The names that default appearances of this package's fields use, unless the form has other fonts of these names. */
const fontNames: Readonly<Record<FontStyle, string>> = { upright: 'KysoSerif', italic: 'KysoSerifItalic' };

/** /DR of the form (ISO 32000-2, 12.7.3): where default appearances find their fonts. */
export interface FontResources {
  /** Names that no font of the form has. */
  readonly freeNames: Readonly<Record<FontStyle, string>>;
  /** Enters fonts under their free names; gives what the form's own dictionary needs for them. */
  readonly withFonts: (edits: ObjectEdits, fontRefs: ReadonlyMap<FontStyle, number>) => ReadonlyMap<string, string>;
}

export async function readFontResources(view: ObjectView, { form, holder }: FormHolder): Promise<FontResources> {
  const resources = await readHeldDictionary(view, form?.get('DR'), holder);
  const fonts = resources && (await readHeldDictionary(view, resources.dictionary.get('Font'), resources.holder));
  const freeNames = { upright: freeAmong(fonts, fontNames.upright), italic: freeAmong(fonts, fontNames.italic) };
  return {
    freeNames,
    withFonts: (edits, fontRefs) => {
      const named = new Map([...fontRefs].map(([style, fontRef]) => [freeNames[style], `${fontRef} 0 R`]));
      const entries = [...named].map(([name, reference]) => `/${name} ${reference}`).join(' ');
      if (fonts !== undefined) {
        edits.setKeys(fonts.holder, fonts.dictionary, named);
      } else if (resources !== undefined) {
        edits.setKeys(resources.holder, resources.dictionary, new Map([['Font', `<< ${entries} >>`]]));
      } else {
        return new Map([['DR', `<< /Font << ${entries} >> >>`]]);
      }
      return new Map();
    },
  };
}

function freeAmong(fonts: HeldDictionary | undefined, wanted: string): string {
  let name = wanted;
  for (let suffix = 2; fonts?.dictionary.entries.has(name) === true; suffix += 1) {
    name = `${wanted}${suffix}`;
  }
  return name;
}
