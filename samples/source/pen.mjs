// Handwriting: a stroke is a list of points that a pen passes through, drawn as a ribbon whose width follows the pressure.

/**
 * The outline of a stroke as an SVG path. `points` are [x, y, pressure 0…1], y downwards; a Catmull-Rom spline passes
 * through them. `penWidth` is the width of the ribbon at pressure 1.
 */
export function strokePath(points, penWidth) {
  const curve = spline(points);
  const left = [];
  const right = [];
  for (const [index, [x, y, pressure]] of curve.entries()) {
    const [beforeX, beforeY] = curve[Math.max(0, index - 1)];
    const [afterX, afterY] = curve[Math.min(curve.length - 1, index + 1)];
    const length = Math.hypot(afterX - beforeX, afterY - beforeY) || 1;
    const half = (pressure * penWidth) / 2;
    const [normalX, normalY] = [(-(afterY - beforeY) / length) * half, ((afterX - beforeX) / length) * half];
    left.push([x + normalX, y + normalY]);
    right.push([x - normalX, y - normalY]);
  }
  const outline = [...left, ...right.toReversed()];
  return `M${outline.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join('L')}Z`;
}

function spline(points) {
  const steps = 24;
  const curve = [];
  for (let index = 0; index < points.length - 1; index++) {
    const [p0, p1, p2, p3] = [-1, 0, 1, 2].map(
      (offset) => points[Math.min(points.length - 1, Math.max(0, index + offset))],
    );
    for (let step = 0; step < steps; step++) {
      const t = step / steps;
      curve.push(
        [0, 1, 2].map(
          (axis) =>
            0.5 *
            (2 * p1[axis] +
              (p2[axis] - p0[axis]) * t +
              (2 * p0[axis] - 5 * p1[axis] + 4 * p2[axis] - p3[axis]) * t ** 2 +
              (3 * p1[axis] - p0[axis] - 3 * p2[axis] + p3[axis]) * t ** 3),
        ),
      );
    }
  }
  curve.push(points.at(-1));
  return curve.map(([x, y, pressure]) => [x, y, Math.max(0.12, pressure)]);
}
