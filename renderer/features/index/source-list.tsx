import { EllipsisVertical, Folder, ListTodo } from 'lucide-react';
import { useState } from 'react';
import type { MethodInput } from '../../../shared/contract/methods.ts';
import type { SourceView } from '../../../shared/models/indexing.ts';
import { plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../components/menu.tsx';
import { cardClass } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { tasksHref } from '../shell/route.ts';
import { Ask } from './ask.tsx';
import { embedderLabel } from './embedder-text.ts';
import { SourceDialog } from './source-dialog.tsx';
import { MoveItem, VectorsLine } from './vectors-line.tsx';

/** The folders, each with its state and actions. */
export function SourceList({
  sources,
  running,
}: {
  sources: readonly SourceView[];
  running: ReadonlySet<string>;
}) {
  return (
    <ul className="grid grid-cols-[minmax(0,1fr)] gap-2">
      {sources.map((source) => (
        <SourceCard key={source.id} source={source} running={running.has(source.id)} />
      ))}
    </ul>
  );
}

function SourceCard({ source, running }: { source: SourceView; running: boolean }) {
  const [open, setOpen] = useState<'edit' | 'remove' | 'rebuild' | null>(null);
  const { busy, run } = useAction();
  const start = (how: Omit<MethodInput<'index.start'>, 'sourceIds'> = {}) =>
    run(() => client.call('index.start', { sourceIds: [source.id], ...how }));
  /** The texts that tasks stored: each is deleted on the Tasks page. */
  const isIngested = source.kind === 'ingested';
  const Icon = isIngested ? ListTodo : Folder;
  // Another run does not repair an index written by a newer version.
  const isNextStep = source.trouble ? source.trouble.code === 'INDEX_INCOMPLETE' : !source.lastRun;
  return (
    <li className={`${cardClass} p-4`}>
      <div className="flex items-start gap-2">
        <Icon size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-faint" />
        <div className="min-w-0 flex-1">
          <h3 className="font-medium break-words">{source.name}</h3>
          {isIngested ? (
            <a href={tasksHref('texts')} className="rounded text-xs text-faint hover:text-flame-text">
              Stored by tasks
            </a>
          ) : (
            <p className="truncate font-mono text-xs text-faint" title={source.path}>
              {source.path}
            </p>
          )}
        </div>
        <Menu
          label={`More actions for ${source.name}`}
          trigger={
            <Button
              tone="quiet"
              size="icon"
              className="-mt-1 -mr-1"
              aria-label={`More actions for ${source.name}`}
            >
              <EllipsisVertical size={16} aria-hidden="true" />
            </Button>
          }
        >
          <MenuItem disabled={running} onSelect={() => start({ full: true })}>
            Re-read every file
          </MenuItem>
          {source.embedder.kind !== 'builtin' && (
            <MenuItem disabled={running} onSelect={() => start({ useGpu: false })}>
              Index without a GPU
            </MenuItem>
          )}
          <MenuItem disabled={running} onSelect={() => setOpen('rebuild')}>
            Rebuild from scratch
          </MenuItem>
          <MoveItem source={source} running={running} />
          <MenuSeparator />
          <MenuItem onSelect={() => setOpen('edit')}>Edit</MenuItem>
          {!isIngested && (
            <MenuItem danger disabled={running} onSelect={() => setOpen('remove')}>
              Remove
            </MenuItem>
          )}
        </Menu>
      </div>
      <p className="mt-2 text-[0.8125rem] break-words text-soft">
        {plural(source.files, 'file')}, {plural(source.chunks, 'passage')} · {embedderLabel(source.embedder)}
      </p>
      {source.trouble && (
        <p className="mt-2 text-[0.8125rem] break-words text-trouble-text">
          {source.trouble.message} <span className="text-soft">{source.trouble.next}</span>
        </p>
      )}
      <VectorsLine source={source} />
      <div className="mt-2 flex min-h-8 items-center gap-2">
        <p className="min-w-0 flex-1 text-xs text-faint">
          {running ? (
            'indexing now'
          ) : source.lastRun ? (
            <>
              {source.lastRun.status} <Ago at={source.lastRun.at} />
              {source.lastRun.unseen > 0 && (
                <>
                  , {plural(source.lastRun.unseen, 'file')} failed{' '}
                  <button
                    type="button"
                    className="rounded text-flame-text underline underline-offset-2"
                    onClick={() =>
                      run(() => client.call('index.acknowledgeFailures', { sourceId: source.id }))
                    }
                  >
                    Acknowledge<span className="sr-only"> the failed files of {source.name}</span>
                  </button>
                </>
              )}
            </>
          ) : (
            'not indexed yet'
          )}
        </p>
        <Button
          size="small"
          tone={isNextStep && !running ? 'primary' : 'plain'}
          busy={busy}
          disabled={running}
          aria-label={`${source.lastRun ? 'Index again' : 'Index this folder'}: ${source.name}`}
          onClick={() => start()}
        >
          {source.lastRun ? 'Index again' : 'Index this folder'}
        </Button>
      </div>
      {open === 'edit' && <SourceDialog source={source} onClose={() => setOpen(null)} />}
      {open === 'remove' && (
        <Ask
          title={`Remove ${source.name}?`}
          about="Pilotlight forgets the folder and its index. Your files are not touched."
          action="Remove"
          onClose={() => setOpen(null)}
          onYes={() => client.call('index.removeSource', { sourceId: source.id })}
          done={`${source.name} removed`}
        />
      )}
      {open === 'rebuild' && (
        <Ask
          title={`Rebuild ${source.name}?`}
          about="Its index is deleted and every file is embedded again. Until that finishes, searches return fewer results."
          action="Rebuild"
          onClose={() => setOpen(null)}
          onYes={() => client.call('index.start', { sourceIds: [source.id], rebuild: true })}
        />
      )}
    </li>
  );
}
