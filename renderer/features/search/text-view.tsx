// biome-ignore-all lint/a11y/useSemanticElements: a group that scrolls is no set of fields.
import type { Lines } from './markdown-blocks.ts';

/** A text in three parts: before the passage, the passage, after it. Code has the numbers of its lines. */
export function TextView({
  text,
  lines,
  firstLine,
  isCode,
}: {
  text: string;
  /** Of the passage, from 0, both included. */
  lines: Lines;
  /** The number of the first line in the file. */
  firstLine: number;
  isCode: boolean;
}) {
  const all = text.replace(/\n$/, '').split('\n');
  const parts = [
    { from: 0, rows: all.slice(0, lines.first), isPassage: false },
    { from: lines.first, rows: all.slice(lines.first, lines.last + 1), isPassage: true },
    { from: lines.last + 1, rows: all.slice(lines.last + 1), isPassage: false },
  ].filter(({ rows }) => rows.length > 0);
  if (!isCode)
    return (
      <div className="max-w-[72ch] text-sm leading-6 break-words whitespace-pre-wrap">
        {parts.map(({ from, rows, isPassage }) => (
          <div
            key={from}
            data-passage={isPassage ? true : undefined}
            className={isPassage ? '-ml-3 border-l-2 border-flame bg-flame-wash pl-2.5' : undefined}
          >
            {rows.join('\n')}
          </div>
        ))}
      </div>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it.
    <div tabIndex={0} role="group" aria-label="Code" className="overflow-x-auto font-mono text-xs leading-5">
      {parts.map(({ from, rows, isPassage }) => (
        <div
          key={from}
          data-passage={isPassage ? true : undefined}
          className={`flex w-fit min-w-full ${isPassage ? 'bg-flame-wash' : ''}`}
        >
          <pre
            aria-hidden="true"
            className={`shrink-0 border-r-2 pr-3 text-right text-faint select-none ${isPassage ? 'border-flame' : 'border-line'}`}
          >
            {rows.map((_, at) => firstLine + from + at).join('\n')}
          </pre>
          <pre className="pl-3">{rows.join('\n')}</pre>
        </div>
      ))}
    </div>
  );
}
