import { Copy } from 'lucide-react';
import type { ReactNode } from 'react';
import type { SearchHit } from '../../../shared/models/indexing.ts';
import { addressAt, placeText } from '../../../shared/text/place-text.ts';
import { formatCount } from '../../../shared/units.ts';
import { cardClass } from '../../components/page.tsx';
import { addToast, toastDone } from '../../stores/toasts.ts';
import { taskHref } from '../shell/route.ts';

/** Splits a text at ranges [start, end). Overlapping or out-of-bounds ranges are clipped. */
export function splitAtRanges(
  text: string,
  ranges: readonly (readonly [number, number])[],
): { text: string; marked: boolean; at: number }[] {
  const parts: { text: string; marked: boolean; at: number }[] = [];
  let at = 0;
  for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const from = Math.max(at, start);
    const to = Math.min(text.length, end);
    if (to <= from) continue;
    if (from > at) parts.push({ text: text.slice(at, from), marked: false, at });
    parts.push({ text: text.slice(from, to), marked: true, at: from });
    at = to;
  }
  if (at < text.length) parts.push({ text: text.slice(at), marked: false, at });
  return parts;
}

/** Where a snippet’s text starts: after a heading that is already shown above it, unless the heading contains a match. */
export function snippetStart({
  snippet,
  heading,
  highlights,
}: Pick<SearchHit, 'snippet' | 'heading' | 'highlights'>): number {
  const [line = '', own] = /^#{1,6} +([^\n]*?)\s*\n+/.exec(snippet) ?? [];
  if (own === undefined || !heading.endsWith(own) || line.length === snippet.length) return 0;
  return highlights.some(([start]) => start < line.length) ? 0 : line.length;
}

/** What a hit is called, and where it is: a stored text by its task, a file by its path. */
function placeOf({ ingested, path, absolutePath, place }: SearchHit): {
  title: string;
  place: string;
  what: 'path' | 'origin';
} {
  return ingested === undefined
    ? { title: path, place: absolutePath, what: 'path' }
    : {
        title: ingested.title,
        // A browser opens it at its page.
        place: place === undefined ? ingested.origin : addressAt(ingested.origin, place),
        what: 'origin',
      };
}

function copyPlace({ place, what }: ReturnType<typeof placeOf>): void {
  navigator.clipboard.writeText(place).then(
    () => toastDone(what === 'path' ? 'Path copied' : 'Origin copied'),
    () =>
      addToast({
        tone: 'info',
        message: place,
        next: 'The browser blocked copying. You can copy it from here.',
      }),
  );
}

export function Hit({ hit }: { hit: SearchHit }) {
  const from = snippetStart(hit);
  const where = placeOf(hit);
  const ranges = hit.highlights.map(([start, end]): [number, number] => [start - from, end - from]);
  return (
    <li className={`${cardClass} min-w-0 p-4`}>
      <div className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <h3 className="truncate font-medium" title={where.place}>
            {hit.ingested === undefined ? (
              where.title
            ) : (
              <a href={taskHref(hit.ingested.taskId)} className="rounded hover:text-flame-text">
                {where.title}
              </a>
            )}
          </h3>
          <p className="truncate text-xs text-faint" title={hit.heading}>
            {[hit.sourceName, hit.place && placeText(hit.place), hit.heading].filter(Boolean).join(' · ')}
          </p>
        </div>
        <button
          type="button"
          aria-label={`Copy ${where.what} of ${where.title}`}
          title={`Copy ${where.what}`}
          onClick={() => copyPlace(where)}
          className="-m-1 rounded p-1.5 text-faint hover:text-text"
        >
          <Copy size={14} aria-hidden="true" />
        </button>
      </div>
      <p className="mt-2 line-clamp-6 text-[0.8125rem] leading-5 break-words whitespace-pre-line text-soft">
        {splitAtRanges(hit.snippet.slice(from), ranges).map(
          (part): ReactNode =>
            part.marked ? <mark key={part.at}>{part.text}</mark> : <span key={part.at}>{part.text}</span>,
        )}
      </p>
      <p className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-faint">
        <span>
          bytes {formatCount(hit.startByte)}–{formatCount(hit.endByte)}
        </span>
        <span>{hit.words ? `keywords: rank ${hit.words.rank}` : 'keywords: no match'}</span>
        <span>
          {hit.vectors
            ? `vectors: rank ${hit.vectors.rank}, similarity ${hit.vectors.similarity.toFixed(2)}`
            : 'vectors: no match'}
        </span>
        <span>score {hit.score.toFixed(4)}</span>
      </p>
    </li>
  );
}
