import { memo, type ReactNode } from 'react';
import { addressAt, clockTime } from '../../../shared/text/place-text.ts';
import type { TranscriptLine } from './transcript.ts';

/** What a line does: it seeks in the player, or opens an address at its second; null for neither. */
export type LineTarget = { seek(at: number): void } | { url: string } | null;

/** Lines of a recording with their times. The one that is heard is marked. */
export const TranscriptLines = memo(function TranscriptLines({
  lines,
  current,
  passage,
  target,
}: {
  lines: readonly TranscriptLine[];
  /** -1 for none. */
  current: number;
  /** Lines of the text, both included. */
  passage: { first: number; last: number };
  target: LineTarget;
}) {
  return (
    <ol aria-label="Transcript" className="grid max-w-[72ch] grid-cols-[minmax(0,1fr)] text-sm leading-6">
      {lines.map((line, at) => (
        <Line
          // Two parts may begin at the same second.
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a text have a fixed order.
          key={at}
          at={at}
          line={line}
          isCurrent={at === current}
          isFirst={at === Math.max(0, current)}
          isPassage={line.line >= passage.first && line.line <= passage.last}
          target={target}
        />
      ))}
    </ol>
  );
});

const row =
  'flex w-full gap-3 rounded px-2 py-0.5 text-left break-words aria-[current=true]:bg-flame-wash aria-[current=true]:font-medium';

const Line = memo(function Line({
  at,
  line: { seconds, text, beginsParagraph },
  isCurrent,
  isFirst,
  isPassage,
  target,
}: {
  at: number;
  line: TranscriptLine;
  isCurrent: boolean;
  /** The keyboard comes in here. */
  isFirst: boolean;
  isPassage: boolean;
  target: LineTarget;
}) {
  const parts: ReactNode = (
    <>
      <span className="shrink-0 text-xs leading-6 text-faint tabular-nums">{clockTime(seconds)}</span>
      <span className="min-w-0 flex-1">{text}</span>
    </>
  );
  const shared = {
    'data-line': at,
    'aria-current': isCurrent ? ('true' as const) : undefined,
    tabIndex: isFirst ? 0 : -1,
  };
  return (
    <li
      className={`border-l-2 ${isPassage ? 'border-flame' : 'border-transparent'} ${beginsParagraph && at > 0 ? 'pt-3' : ''}`}
    >
      {target === null ? (
        <div className={row} data-line={at}>
          {parts}
        </div>
      ) : 'seek' in target ? (
        <button
          type="button"
          onClick={() => target.seek(at)}
          className={`${row} hover:bg-raised`}
          {...shared}
        >
          {parts}
        </button>
      ) : (
        <a
          href={addressAt(target.url, { kind: 'time', number: seconds, name: null })}
          target="_blank"
          rel="noreferrer"
          className={`${row} hover:bg-raised`}
          {...shared}
        >
          {parts}
        </a>
      )}
    </li>
  );
});
