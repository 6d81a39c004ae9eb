import type { ColourSpace } from './scan-page.js';

const deviceSpaces = { 1: '/DeviceGray', 3: '/DeviceRGB', 4: '/DeviceCMYK' } as const;
/** The data colour space of a profile header (ICC.1, 7.2.6). */
const profileSpaces = { 1: 'GRAY', 3: 'RGB ', 4: 'CMYK' } as const;
/** Input, display, output, and colour space profiles: those that an image may have (ISO 32000-2, 8.6.5.5). */
const profileClasses: readonly string[] = ['scnr', 'mntr', 'prtr', 'spac'];

/** The space of so many components: by the image's own profile where its header fits, else by the device's. */
export function colourSpace(channels: 1 | 3 | 4, profile?: Uint8Array): ColourSpace {
  const syntax = deviceSpaces[channels];
  return profile !== undefined && fits(profile, channels)
    ? { syntax, profile: { icc: profile, channels } }
    : { syntax };
}

/** An indexed space (ISO 32000-2, 8.6.6.3) over 3 bytes a colour. */
export function indexedSpace(palette: Uint8Array): ColourSpace {
  const last = palette.length / 3 - 1;
  return { syntax: `[/Indexed/DeviceRGB ${last}<${Buffer.from(palette).toString('hex')}>]` };
}

function fits(profile: Uint8Array, channels: 1 | 3 | 4): boolean {
  const header = Buffer.from(profile.buffer, profile.byteOffset, profile.byteLength);
  return (
    header.length >= 132 &&
    header.readUInt32BE(0) === header.length &&
    header.toString('latin1', 36, 40) === 'acsp' &&
    header.toString('latin1', 16, 20) === profileSpaces[channels] &&
    profileClasses.includes(header.toString('latin1', 12, 16)) &&
    // Versions that a reader of PDF 1.7 knows.
    (header[8] === 2 || header[8] === 4)
  );
}

/** The parts 1 to n in their order; undefined where one is missing. */
export function joinProfile(parts: ReadonlyMap<number, Uint8Array>): Uint8Array | undefined {
  const ordered: Uint8Array[] = [];
  for (let number = 1; number <= parts.size; number += 1) {
    const part = parts.get(number);
    if (part === undefined) return undefined;
    ordered.push(part);
  }
  return ordered.length === 0 ? undefined : Buffer.concat(ordered);
}
