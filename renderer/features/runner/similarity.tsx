import { similarityText } from './try-logic.ts';

/** A cosine as a bar and a number: 1 is the same, 0 has nothing in common. */
export function Similarity({
  value,
  label,
  large = false,
}: {
  value: number;
  label: string;
  large?: boolean;
}) {
  const shown = Math.max(0, value);
  return (
    <div className="flex items-center gap-3">
      <div
        aria-hidden="true"
        className={`min-w-0 flex-1 overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset ${large ? 'h-3' : 'h-1.5'}`}
      >
        <div className="h-full rounded-full bg-flame-fill" style={{ width: `${shown * 100}%` }} />
      </div>
      <span className={large ? 'text-2xl font-semibold tracking-tight' : 'text-[0.8125rem] font-medium'}>
        <span className="sr-only">{label}: </span>
        {similarityText(value)}
      </span>
    </div>
  );
}
