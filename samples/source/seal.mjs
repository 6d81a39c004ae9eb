// A round red seal of an agency that doesn't exist, with MẪU (specimen) in it.
import { degrees, rgb } from 'pdf-lib';

/** Real size: 36 mm across. Drawn in points. */
export const sealDiameter = 102;
const red = rgb(0.85, 0.1, 0.12);

export function drawSeal(canvas, bold) {
  const centre = { x: sealDiameter / 2, y: sealDiameter / 2 };
  const ring = (radius, borderWidth) =>
    canvas.drawCircle({ ...centre, size: radius, borderColor: red, borderWidth, opacity: 0 });
  ring(49.3, 2.2);
  ring(46.4, 0.7);
  ring(31.5, 0.7);
  arcText(canvas, 'CƠ QUAN THỬ NGHIỆM KÝ SỐ', { centre, radius: 35.6, size: 7.6, font: bold, outwards: true });
  arcText(canvas, 'TỈNH HƯNG YÊN', { centre, radius: 42.4, size: 7.6, font: bold, outwards: false });
  for (const side of [-1, 1]) star(canvas, { x: centre.x + side * 38, y: centre.y - 11 }, 3.2);
  star(canvas, { x: centre.x, y: centre.y + 6 }, 17);
  const label = 'MẪU';
  const width = bold.widthOfTextAtSize(label, 10);
  canvas.drawText(label, { x: centre.x - width / 2, y: centre.y - 22, size: 10, font: bold, color: red });
}

/** Letters on a circle: over its top and read from outside, or under its foot and read from inside. */
function arcText(canvas, text, { centre, radius, size, font, outwards }) {
  const spacing = 0.8;
  const advances = Array.from(text, (letter) => font.widthOfTextAtSize(letter, size) + spacing);
  const direction = outwards ? -1 : 1;
  // Letters are spread where their middle stands, not at the baseline.
  const middle = outwards ? radius + size * 0.35 : radius - size * 0.35;
  const total = advances.reduce((sum, advance) => sum + advance, 0);
  let angle = (outwards ? 90 : 270) - (direction * (total / middle) * 90) / Math.PI;
  for (const [index, letter] of Array.from(text).entries()) {
    const sweep = ((advances[index] / middle) * 180) / Math.PI;
    angle += (direction * sweep) / 2;
    const turn = angle + (outwards ? -90 : 90);
    const [radians, tilt] = [(angle * Math.PI) / 180, (turn * Math.PI) / 180];
    const half = (advances[index] - spacing) / 2;
    canvas.drawText(letter, {
      x: centre.x + radius * Math.cos(radians) - half * Math.cos(tilt),
      y: centre.y + radius * Math.sin(radians) - half * Math.sin(tilt),
      size,
      font,
      color: red,
      rotate: degrees(turn),
    });
    angle += (direction * sweep) / 2;
  }
}

function star(canvas, centre, radius) {
  const corners = Array.from({ length: 10 }, (_, index) => {
    const angle = Math.PI / 2 + (index * Math.PI) / 5;
    const reach = index % 2 === 0 ? radius : radius * 0.382;
    return `${(reach * Math.cos(angle)).toFixed(3)},${(-reach * Math.sin(angle)).toFixed(3)}`;
  });
  canvas.drawSvgPath(`M${corners.join('L')}Z`, { x: centre.x, y: centre.y, color: red });
}
