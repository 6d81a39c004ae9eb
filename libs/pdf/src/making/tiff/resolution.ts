import type { Resolution } from '../scan-page.js';
import type { Tags } from './ifd.js';

/** XResolution, YResolution, ResolutionUnit (TIFF 6.0, tags 282, 283, 296): undefined where they say nothing. */
export async function resolutionOf(tags: Tags): Promise<Resolution | undefined> {
  const [x, y] = [await tags.number(282), await tags.number(283)];
  const unit = (await tags.number(296)) ?? 2;
  if (x === undefined || (unit !== 2 && unit !== 3)) return undefined;
  const perInch = unit === 2 ? 1 : 2.54;
  const resolution = { xPpi: x * perInch, yPpi: (y ?? x) * perInch };
  return isPositive(resolution.xPpi) && isPositive(resolution.yPpi) ? resolution : undefined;
}

function isPositive(value: number): boolean {
  return Number.isFinite(value) && value > 0;
}
