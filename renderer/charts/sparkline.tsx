/** A line of values from 0 to `max`, oldest first; gaps where a value is null. Plain SVG: a hundred cost nothing. */
export function Sparkline({
  values,
  max,
  length,
  label,
  width = 80,
  height = 24,
}: {
  values: readonly (number | null)[];
  max: number;
  /** How many values fill the width; fewer are aligned right. */
  length: number;
  label: string;
  width?: number;
  height?: number;
}) {
  const step = width / Math.max(1, length - 1);
  const offset = Math.max(0, length - values.length);
  let path = '';
  let pen = 'M';
  values.slice(-length).forEach((value, index) => {
    if (value === null) {
      pen = 'M';
      return;
    }
    const y = height - 1.5 - (Math.min(max, Math.max(0, value)) / max) * (height - 3);
    path += `${pen}${((index + offset) * step).toFixed(1)} ${y.toFixed(1)}`;
    pen = 'L';
  });
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className="min-w-0 shrink text-flame"
    >
      <path d={`M0 ${height - 0.5}H${width}`} stroke="var(--line)" />
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" />
    </svg>
  );
}
