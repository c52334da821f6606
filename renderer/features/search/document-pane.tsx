// biome-ignore-all lint/a11y/useSemanticElements: a group that scrolls is no set of fields.
import { ChevronDown, Copy, ExternalLink, SquarePen, X } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { DocumentView } from '../../../shared/models/indexing.ts';
import { isYoutube, placeText, webAddressAt } from '../../../shared/text/place-text.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Menu, MenuItem, MenuLabel } from '../../components/menu.tsx';
import { cardClass, Loading, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import type { Opened } from './address.ts';
import { editors, openInEditor, readEditor } from './editors.ts';
import { pathParts } from './groups.ts';
import { copyAndSay } from './hit.tsx';
import { MarkdownView } from './markdown-view.tsx';
import { Recording } from './recording.tsx';
import { showIn } from './scroller.ts';
import { StoredPicture } from './stored-picture.tsx';
import { TextView } from './text-view.tsx';

/** The file of a hit, at its passage: beside the list, or over it where there is no room. */
export function DocumentPane({
  opened,
  shape,
  onClose,
}: {
  opened: Opened;
  shape: 'beside' | 'over';
  onClose(): void;
}) {
  const { document, error } = useDocument(opened);
  const title = document?.ingested?.title ?? pathParts(opened.path).name;
  const place = document === null ? '' : placeOf(document, opened);
  const body = error ? (
    <Problem message={error.message} next={error.next} code={error.code} />
  ) : document === null ? (
    <Loading what="the file">
      <div className="grid gap-3">
        <Skeleton className="h-6 w-2/3" />
        <Skeleton className="h-40" />
        <Skeleton className="h-24" />
      </div>
    </Loading>
  ) : (
    <Content document={document} place={opened.place} />
  );
  if (shape === 'over')
    return (
      <Dialog shape="page" title={title} description={place} onClose={onClose}>
        {document && <Actions document={document} place={opened.place} />}
        {body}
      </Dialog>
    );
  return (
    <section
      aria-label={`File ${title}`}
      className={`${cardClass} sticky top-20 flex h-[calc(100dvh-6.5rem)] min-w-0 flex-col`}
    >
      <div className="flex items-start gap-3 border-b border-line px-5 py-3">
        <div className="min-w-0 flex-1">
          <h2 className="font-semibold break-words">{title}</h2>
          <p role="status" className="min-h-4 text-xs break-words text-faint">
            {place}
          </p>
        </div>
        <Button tone="quiet" size="icon" aria-label="Close the file" onClick={onClose} className="-mr-2">
          <X size={16} aria-hidden="true" />
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it. */}
      <div tabIndex={0} role="group" aria-label="Text" className="min-h-0 flex-1 overflow-y-auto px-5 py-4">
        {document && <Actions document={document} place={opened.place} />}
        {body}
      </div>
    </section>
  );
}

/** In its source, if that is known: lines of a stored text mean little to whoever looks for a second or a page. */
function placeOf({ passage, sourceName, path, ingested }: DocumentView, { place }: Opened): string {
  const { firstLine, lastLine } = passage;
  const lines = firstLine === lastLine ? `line ${firstLine}` : `lines ${firstLine}–${lastLine}`;
  return [sourceName, ingested?.origin ?? path, place === undefined ? lines : placeText(place)].join(' · ');
}

/** Its lines inside `text`, from 0. */
const linesOf = ({ passage, firstLine }: DocumentView) => ({
  first: passage.firstLine - firstLine,
  last: passage.lastLine - firstLine,
});

const linkClass =
  'inline-flex items-center gap-1.5 rounded px-1.5 py-1 text-xs text-flame-text hover:underline';

function Actions({ document, place }: { document: DocumentView; place: Opened['place'] }) {
  const [editor, setEditor] = useState(readEditor);
  const { first, last } = linesOf(document);
  const passage = document.text.split('\n').slice(first, last + 1);
  const source = document.ingested && webAddressAt(document.ingested.origin, place);
  const open = (name: typeof editor) => {
    setEditor(name);
    openInEditor(name, document.absolutePath, document.passage.firstLine);
  };
  return (
    <div className="mb-4 flex flex-wrap gap-2">
      <Button size="small" onClick={() => void copyAndSay(passage.join('\n').trim(), 'Passage copied')}>
        <Copy size={14} aria-hidden="true" /> Copy passage
      </Button>
      {place !== undefined && source !== undefined && (
        <a href={source} target="_blank" rel="noreferrer" className={linkClass}>
          <ExternalLink size={14} aria-hidden="true" /> Open {isYoutube(source) && 'on YouTube '}
          {place.kind === 'time' ? placeText(place) : `at ${placeText(place)}`}
        </a>
      )}
      {document.ingested === undefined && (
        <span className="inline-flex">
          <Button size="small" className="rounded-r-none" onClick={() => open(editor)}>
            <SquarePen size={14} aria-hidden="true" /> Open in{' '}
            {editors.find(({ name }) => name === editor)?.title}
          </Button>
          <Menu
            label="Open in another editor"
            trigger={
              <Button size="small" aria-label="Open in another editor" className="-ml-px rounded-l-none">
                <ChevronDown size={14} aria-hidden="true" />
              </Button>
            }
          >
            <MenuLabel>On this computer, open in</MenuLabel>
            {editors.map(({ name, title }) => (
              <MenuItem key={name} onSelect={() => open(name)}>
                {title}
              </MenuItem>
            ))}
            <MenuItem onSelect={() => void copyAndSay(document.absolutePath, 'Path copied')}>
              Copy the path instead
            </MenuItem>
          </Menu>
        </span>
      )}
    </div>
  );
}

function Content({ document, place }: { document: DocumentView; place: Opened['place'] }) {
  const { text, firstLine, format, more, changed, passage, ingested, times } = document;
  const box = useRef<HTMLDivElement>(null);
  const lines = linesOf(document);
  const lineKey = `${document.path}:${passage.firstLine}`;
  useLayoutEffect(() => {
    void lineKey;
    const passage = box.current?.querySelector('[data-passage]');
    if (passage) showIn(passage);
  }, [lineKey]);
  return (
    <div ref={box} className="grid grid-cols-[minmax(0,1fr)] gap-4">
      {changed && (
        <p className="rounded-lg border border-line-strong bg-raised px-3 py-2 text-[0.8125rem] text-soft">
          This file has changed since it was indexed, so the passage may be elsewhere. Index its folder again
          to find it.
        </p>
      )}
      {more.before && <Cut where="before line" line={firstLine} />}
      {ingested && times === undefined && (
        <StoredPicture key={ingested.taskId} taskId={ingested.taskId} title={ingested.title} />
      )}
      {ingested && times !== undefined ? (
        <Recording key={ingested.taskId} {...{ document, place, taskId: ingested.taskId }} passage={lines} />
      ) : format === 'markdown' ? (
        <MarkdownView text={text} lines={lines} />
      ) : (
        <TextView text={text} lines={lines} firstLine={firstLine} isCode={format === 'code'} />
      )}
      {more.after && <Cut where="after line" line={firstLine + text.split('\n').length - 1} />}
    </div>
  );
}

const Cut = ({ where, line }: { where: string; line: number }) => (
  <p className="text-xs text-faint">
    The part {where} {line} is not shown. Open the file in an editor to see all of it.
  </p>
);

/** Fetched when it is opened; the one before stays until then only if it is the same file. */
function useDocument(opened: Opened): { document: DocumentView | null; error: WireError | null } {
  const [state, setState] = useState<{
    of: Opened | null;
    document: DocumentView | null;
    error: WireError | null;
  }>({ of: null, document: null, error: null });
  const { sourceId, path, startByte, endByte } = opened;
  useEffect(() => {
    const abort = new AbortController();
    const of = { sourceId, path, startByte, endByte };
    client.call('index.document', of, { signal: abort.signal }).then(
      (document) => setState({ of, document, error: null }),
      (error: unknown) => {
        if (!abort.signal.aborted) setState({ of, document: null, error: toWireError(error) });
      },
    );
    return () => abort.abort();
  }, [sourceId, path, startByte, endByte]);
  return state.of?.sourceId === sourceId && state.of.path === path ? state : { document: null, error: null };
}
