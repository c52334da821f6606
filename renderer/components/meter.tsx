/** A bar in parts. The parts' sum may not reach the whole; the rest is empty. */
export interface MeterPart {
  key: string;
  share: number;
  colour: string;
  title: string;
}

export function PartsMeter({ parts, label }: { parts: readonly MeterPart[]; label: string }) {
  return (
    <div
      role="img"
      aria-label={label}
      className="flex h-2.5 w-full gap-px overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset"
    >
      {parts.map((part) => (
        <div
          key={part.key}
          title={part.title}
          className="h-full min-w-0.5 transition-[width] duration-500"
          style={{ width: `${Math.min(1, Math.max(0, part.share)) * 100}%`, background: part.colour }}
        />
      ))}
    </div>
  );
}

/** Progress from 0 to 1; null if unknown. */
export function Progress({
  value,
  label,
  valueText,
  className = '',
  tone = 'flame',
}: {
  value: number | null;
  label: string;
  valueText?: string;
  className?: string;
  tone?: 'flame' | 'ember';
}) {
  const colour = tone === 'flame' ? 'bg-flame-fill' : 'bg-ember';
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value === null ? undefined : Math.round(value * 100)}
      aria-valuetext={valueText}
      className={`relative h-2 w-full overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset ${className}`}
    >
      {value === null ? (
        <div className={`drifting absolute inset-y-0 left-0 w-1/4 rounded-full ${colour}`} />
      ) : (
        <div
          className={`h-full rounded-full transition-[width] duration-700 ease-linear ${colour}`}
          style={{ width: `${Math.min(1, Math.max(0, value)) * 100}%` }}
        />
      )}
    </div>
  );
}
