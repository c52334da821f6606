/**
 * A line through evenly spaced values, as an SVG path with gaps where a value is null. A single known value between gaps
 * is a short stroke, so that it can be seen. Pure.
 */
export function linePath(
  values: readonly (number | null)[],
  { width, height, top }: { width: number; height: number; top: number },
): string {
  const step = width / Math.max(1, values.length - 1);
  const y = (value: number) => (height - (Math.min(top, Math.max(0, value)) / top) * height).toFixed(1);
  let path = '';
  let pen = 'M';
  values.forEach((value, index) => {
    if (value === null) {
      pen = 'M';
      return;
    }
    const alone = pen === 'M' && (values[index + 1] ?? null) === null;
    path += `${pen}${(index * step).toFixed(1)} ${y(value)}`;
    if (alone) path += 'h1';
    pen = 'L';
  });
  return path;
}
