import { ArrowLeft, Search } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import type { HelpAsked } from '../../stores/help.ts';
import { MarkdownView } from '../search/markdown-view.tsx';
import { guide } from './guide.ts';
import { type HelpEntry, helpFor, searchHelp } from './help-entries.ts';
import { Shortcuts } from './shortcuts.tsx';

/** No passage of it is marked. */
const noPassage = { first: -1, last: -1 };

/** The troubleshooting guide: one entry, or all of them with a search. */
export function HelpDialog({ asked, onClose }: { asked: HelpAsked; onClose(): void }) {
  const [entry, setEntry] = useState<HelpEntry | null>(() => entryOf(asked));
  const [query, setQuery] = useState('');
  if (asked !== null && 'shortcuts' in asked) return <Shortcuts onClose={onClose} />;
  if (entry !== null)
    return (
      <Dialog
        key={entry.title}
        shape="page"
        title={entry.title.replaceAll('`', '')}
        description={entry.part}
        onClose={onClose}
      >
        <div className="grid gap-4">
          {entry.codes.length > 0 && (
            <p className="font-mono text-2xs break-words text-faint">{entry.codes.join(' · ')}</p>
          )}
          <MarkdownView text={entry.text} lines={noPassage} />
          <div>
            <Button onClick={() => setEntry(null)}>
              <ArrowLeft size={16} aria-hidden="true" /> All help
            </Button>
          </div>
        </div>
      </Dialog>
    );
  const found = searchHelp(guide, query);
  return (
    <Dialog
      key="all"
      shape="page"
      title="Help"
      description="What to do, by symptom or by code."
      onClose={onClose}
    >
      <label className="relative mb-4 block">
        <span className="sr-only">Search the help</span>
        <Search
          size={16}
          aria-hidden="true"
          className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-faint"
        />
        <input
          type="search"
          data-begin
          value={query}
          placeholder="Symptom or code"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setQuery(event.target.value)}
          className="h-10 w-full rounded-lg border border-line-strong bg-ground pr-3 pl-9 hover:border-faint"
        />
      </label>
      <p role="status" className="sr-only">
        {found.length} entries
      </p>
      {found.length === 0 && <p className="text-soft">Nothing in the guide matches.</p>}
      <ul className="divide-y divide-line rounded-lg border border-line empty:hidden">
        {found.map((one) => (
          <li key={one.title}>
            <button
              type="button"
              onClick={() => setEntry(one)}
              className="block w-full px-3 py-2.5 text-left hover:bg-raised"
            >
              <span className="block break-words">{one.title.replaceAll('`', '')}</span>
              <span className="block truncate text-xs text-faint">
                {[one.part, ...one.codes].join(' · ')}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function entryOf(asked: HelpAsked): HelpEntry | null {
  if (asked === null || 'shortcuts' in asked) return null;
  return 'code' in asked
    ? helpFor(guide, asked.code)
    : (guide.find(({ title }) => title === asked.title) ?? null);
}
