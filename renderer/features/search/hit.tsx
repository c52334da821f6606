import {
  BookText,
  Check,
  Copy,
  FileCode2,
  FileText,
  Globe,
  type LucideIcon,
  NotebookText,
} from 'lucide-react';
import type { ReactNode } from 'react';
import type { FileType, SearchHit } from '../../../shared/models/indexing.ts';
import { addressAt, placeText } from '../../../shared/text/place-text.ts';
import { formatCount, plural } from '../../../shared/units.ts';
import { copyPlain } from '../../components/copy-text.ts';
import { cardClass } from '../../components/page.tsx';
import { addToast, toastDone } from '../../stores/toasts.ts';
import { taskHref } from '../shell/route.ts';
import { isSame, type Opened, type SearchAddress, searchHash } from './address.ts';
import { type FileHits, pathParts } from './groups.ts';

const icons: Record<FileType, LucideIcon> = {
  markdown: NotebookText,
  page: Globe,
  code: FileCode2,
  text: FileText,
  document: BookText,
};

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

/** Copies, or shows what the browser did not copy. */
export async function copyAndSay(text: string, done: string): Promise<void> {
  if (await copyPlain(text)) toastDone(done);
  else
    addToast({
      tone: 'info',
      message: text,
      next: 'The browser blocked copying. You can copy it from here.',
    });
}

export const openedOf = ({ sourceId, path, startByte, endByte, place }: SearchHit): Opened => ({
  sourceId,
  path,
  startByte,
  endByte,
  ...(place !== undefined && { place }),
});

const action =
  'inline-flex items-center gap-1.5 rounded px-1.5 py-1 text-xs text-faint hover:bg-raised hover:text-text';

/** A file with the passages found in it. */
export function FileCard({ file: { hits }, address }: { file: FileHits; address: SearchAddress }) {
  const [first] = hits;
  const { ingested, path, sourceName, type } = first;
  const Icon = icons[type];
  const { name, folder } = pathParts(path);
  return (
    <li className={`${cardClass} min-w-0 overflow-hidden`}>
      <div className="flex items-start gap-3 border-b border-line px-4 py-2.5">
        <Icon size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-faint" />
        <div className="min-w-0 flex-1">
          <h2 className="font-medium break-words" title={ingested?.origin ?? first.absolutePath}>
            {ingested === undefined ? (
              <>
                {folder !== '' && <span className="font-normal text-faint max-sm:hidden">{folder}/</span>}
                {name}
              </>
            ) : (
              <a href={taskHref(ingested.taskId)} className="rounded hover:text-flame-text">
                {ingested.title}
              </a>
            )}
          </h2>
          <p className="truncate text-xs text-faint">
            {[sourceName, ingested?.origin, hits.length > 1 && plural(hits.length, 'passage')]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </div>
        <button
          type="button"
          aria-label={`Copy ${ingested === undefined ? 'path' : 'origin'} of ${ingested?.title ?? path}`}
          title={ingested === undefined ? 'Copy path' : 'Copy origin'}
          onClick={() =>
            void copyAndSay(
              // A browser opens it at the page of its best match.
              ingested === undefined ? first.absolutePath : addressAt(ingested.origin, first.place),
              ingested === undefined ? 'Path copied' : 'Origin copied',
            )
          }
          className="-m-1 rounded p-1.5 text-faint hover:text-text"
        >
          <Copy size={14} aria-hidden="true" />
        </button>
      </div>
      <ul aria-label={`Passages in ${ingested?.title ?? path}`}>
        {hits.map((hit) => (
          <Passage key={`${hit.startByte}-${hit.endByte}`} hit={hit} address={address} />
        ))}
      </ul>
    </li>
  );
}

function Passage({ hit, address }: { hit: SearchHit; address: SearchAddress }) {
  const from = snippetStart(hit);
  const opened = openedOf(hit);
  const isOpen = isSame(opened, address.opened);
  const ranges = hit.highlights.map(([start, end]): [number, number] => [start - from, end - from]);
  return (
    <li
      className={`relative border-b border-line px-4 py-3 last:border-b-0 ${isOpen ? 'bg-flame-wash' : 'hover:bg-raised'}`}
    >
      <a
        href={searchHash({ ...address, opened })}
        data-hit={`${hit.sourceId}:${hit.path}:${hit.startByte}`}
        aria-current={isOpen ? 'true' : undefined}
        // The whole passage opens it; what lies above that is reached all the same.
        className="block rounded outline-offset-4 after:absolute after:inset-0"
      >
        {(hit.place || hit.heading) && (
          <span className="mb-1 block truncate text-xs font-medium text-soft">
            {[hit.place && placeText(hit.place), hit.heading].filter(Boolean).join(' · ')}
          </span>
        )}
        <span className="line-clamp-5 text-[0.8125rem] leading-5 break-words whitespace-pre-line text-soft">
          {splitAtRanges(hit.snippet.slice(from), ranges).map(
            (part): ReactNode =>
              part.marked ? <mark key={part.at}>{part.text}</mark> : <span key={part.at}>{part.text}</span>,
          )}
        </span>
      </a>
      <div className="relative mt-1.5 -ml-1.5 flex flex-wrap items-start gap-x-2">
        <button
          type="button"
          className={action}
          onClick={() => void copyAndSay(hit.snippet.slice(from).trim(), 'Passage copied')}
        >
          <Copy size={12} aria-hidden="true" /> Copy passage
        </button>
        <WhyHit hit={hit} />
      </div>
    </li>
  );
}

function WhyHit({ hit }: { hit: SearchHit }) {
  const { words, vectors } = hit;
  return (
    <details className="min-w-0 open:basis-full">
      <summary className={`${action} w-fit list-none`}>Why this hit</summary>
      <ul className="mt-1 grid gap-1 px-1.5 text-xs text-soft">
        <Reason holds={words !== null}>
          {words === null
            ? 'It has none of your words.'
            : `Your words: place ${words.rank} of all passages with them.`}
        </Reason>
        <Reason holds={vectors !== null}>
          {vectors === null
            ? 'Its meaning is not among the nearest.'
            : `Its meaning: place ${vectors.rank}, similarity ${vectors.similarity.toFixed(2)}.`}
        </Reason>
        <li className="text-faint">
          Both places together give {hit.score.toFixed(4)} · bytes {formatCount(hit.startByte)}–
          {formatCount(hit.endByte)}
        </li>
      </ul>
    </details>
  );
}

const Reason = ({ holds, children }: { holds: boolean; children: ReactNode }) => (
  <li className="flex items-start gap-1.5">
    {holds ? (
      <Check size={13} aria-label="Yes:" className="mt-0.5 shrink-0 text-flame" />
    ) : (
      <span className="w-[13px] shrink-0 text-center text-faint" aria-hidden="true">
        –
      </span>
    )}
    <span>{children}</span>
  </li>
);
