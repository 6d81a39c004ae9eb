import type { ObjectView } from '../reader/objects.js';
import type { ObjectEdits } from './object-edits.js';
import { type FormHolder, type HeldDictionary, readHeldDictionary } from './form-update.js';

/** The name that default appearances of this package's fields use, unless the form has another font of that name. */
const fontName = 'KysoSerif';

/** /DR of the form (ISO 32000-2, 12.7.3): where default appearances find their fonts. */
export interface FontResources {
  /** A name that no font of the form has. */
  readonly freeName: string;
  /** Enters the font under `freeName`; gives what the form's own dictionary needs for it. */
  readonly withFont: (edits: ObjectEdits, fontRef: number) => ReadonlyMap<string, string>;
}

export async function readFontResources(view: ObjectView, { form, holder }: FormHolder): Promise<FontResources> {
  const resources = await readHeldDictionary(view, form?.get('DR'), holder);
  const fonts = resources && (await readHeldDictionary(view, resources.dictionary.get('Font'), resources.holder));
  const freeName = freeAmong(fonts);
  return {
    freeName,
    withFont: (edits, fontRef) => {
      const entry = `/${freeName} ${fontRef} 0 R`;
      if (fonts !== undefined) {
        edits.setKeys(fonts.holder, fonts.dictionary, new Map([[freeName, `${fontRef} 0 R`]]));
      } else if (resources !== undefined) {
        edits.setKeys(resources.holder, resources.dictionary, new Map([['Font', `<< ${entry} >>`]]));
      } else {
        return new Map([['DR', `<< /Font << ${entry} >> >>`]]);
      }
      return new Map();
    },
  };
}

function freeAmong(fonts: HeldDictionary | undefined): string {
  let name = fontName;
  for (let suffix = 2; fonts?.dictionary.entries.has(name) === true; suffix += 1) {
    name = `${fontName}${suffix}`;
  }
  return name;
}
