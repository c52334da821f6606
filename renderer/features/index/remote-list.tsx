import { EllipsisVertical, Server } from 'lucide-react';
import { useState } from 'react';
import type { RemoteEnd, RemoteIndexView } from '../../../shared/models/remote-index.ts';
import { formatEta, formatPercent, plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../components/menu.tsx';
import { Progress } from '../../components/meter.tsx';
import { cardClass, Section } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { useFleet } from '../../stores/fleet.ts';
import { textOf } from '../../texts.ts';
import { Ask } from './ask.tsx';
import { RemoteDialog } from './remote-dialog.tsx';

/** Indexes on other servers, each with its run and actions. */
export function RemoteList({ remotes }: { remotes: readonly RemoteIndexView[] }) {
  const [adding, setAdding] = useState(false);
  return (
    <Section title="Remote indexes" className="mt-6">
      {remotes.length === 0 ? (
        <p className="text-[0.8125rem] text-soft">
          A Recall server, or another Pilotlight, that indexes its own folders: start it from here, with its
          GPU machine awake meanwhile.
        </p>
      ) : (
        <ul className="grid grid-cols-[minmax(0,1fr)] gap-2">
          {remotes.map((remote) => (
            <RemoteCard key={remote.id} remote={remote} />
          ))}
        </ul>
      )}
      <Button size="small" className="mt-2" onClick={() => setAdding(true)}>
        Add a remote index
      </Button>
      {adding && <RemoteDialog onClose={() => setAdding(false)} />}
    </Section>
  );
}

function RemoteCard({ remote }: { remote: RemoteIndexView }) {
  const { id, name, url, vault, nodeIds, run: active, lastRun } = remote;
  const [open, setOpen] = useState<'edit' | 'remove' | 'rebuild' | null>(null);
  const nodes = useFleet((state) => state.entries);
  const { busy, run } = useAction();
  const start = (how: { full?: boolean; rebuild?: boolean } = {}) =>
    run(() => client.call('remoteIndex.start', { remoteId: id, ...how }));
  const machines = nodeIds.flatMap((nodeId) => nodes[nodeId]?.name ?? []);
  const running = active !== null;
  return (
    <li className={`${cardClass} p-4`}>
      <div className="flex items-start gap-2">
        <Server size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-faint" />
        <div className="min-w-0 flex-1">
          <h3 className="font-medium break-words">{name}</h3>
          <p className="truncate font-mono text-xs text-faint" title={url}>
            {url}
          </p>
        </div>
        <Menu
          label={`More actions for ${name}`}
          trigger={
            <Button tone="quiet" size="icon" className="-mt-1 -mr-1" aria-label={`More actions for ${name}`}>
              <EllipsisVertical size={16} aria-hidden="true" />
            </Button>
          }
        >
          <MenuItem disabled={running} onSelect={() => start({ full: true })}>
            Re-read every file
          </MenuItem>
          <MenuItem disabled={running} onSelect={() => setOpen('rebuild')}>
            Rebuild from scratch
          </MenuItem>
          <MenuSeparator />
          <MenuItem onSelect={() => setOpen('edit')}>Edit</MenuItem>
          <MenuItem danger disabled={running} onSelect={() => setOpen('remove')}>
            Remove
          </MenuItem>
        </Menu>
      </div>
      <p className="mt-2 text-[0.8125rem] break-words text-soft">
        {vault === 'all' ? 'All its folders' : vault}
        {machines.length > 0 && ` · keeps ${machines.join(', ')} awake`}
      </p>
      {active && <RemoteProgress name={name} active={active} />}
      {!active && lastRun?.trouble && (
        <p className="mt-2 text-[0.8125rem] break-words text-trouble-text">
          {lastRun.trouble.message} <span className="text-soft">{lastRun.trouble.next}</span>
        </p>
      )}
      <div className="mt-2 flex min-h-8 flex-wrap items-center gap-2">
        <p className="min-w-0 flex-1 text-xs text-faint">
          {active ? (
            active.etaMs !== null && active.phase === 'running' && formatEta(active.etaMs)
          ) : lastRun ? (
            <>
              {endText(lastRun)} <Ago at={lastRun.endedAt} />
            </>
          ) : (
            'not started from here yet'
          )}
        </p>
        {active?.phase === 'silent' && (
          <Button
            size="small"
            tone="quiet"
            busy={busy}
            onClick={() => run(() => client.call('remoteIndex.cancel', { remoteId: id, forget: true }))}
          >
            Stop following
          </Button>
        )}
        {active ? (
          <Button
            size="small"
            busy={busy}
            disabled={active.cancelRequested}
            aria-label={`Cancel: ${name}`}
            onClick={() => run(() => client.call('remoteIndex.cancel', { remoteId: id }))}
          >
            Cancel
          </Button>
        ) : (
          <Button size="small" busy={busy} aria-label={`Start: ${name}`} onClick={() => start()}>
            Start
          </Button>
        )}
      </div>
      {open === 'edit' && <RemoteDialog remote={remote} onClose={() => setOpen(null)} />}
      {open === 'remove' && (
        <Ask
          title={`Remove ${name}?`}
          about="Pilotlight forgets its address and key. Nothing changes on the server."
          action="Remove"
          onClose={() => setOpen(null)}
          onYes={() => client.call('remoteIndex.remove', { remoteId: id })}
          done={`${name} removed`}
        />
      )}
      {open === 'rebuild' && (
        <Ask
          title={`Rebuild ${name}?`}
          about="The server deletes its index and reads every file again. Until that finishes, searches there return fewer results."
          action="Rebuild"
          onClose={() => setOpen(null)}
          onYes={() => client.call('remoteIndex.start', { remoteId: id, rebuild: true })}
        />
      )}
    </li>
  );
}

function RemoteProgress({ name, active }: { name: string; active: NonNullable<RemoteIndexView['run']> }) {
  const isKnown = active.total > 0 && active.phase !== 'waking';
  return (
    <div className="mt-2 grid gap-1.5">
      <Progress
        label={`Progress of ${name}`}
        value={isKnown ? active.percent / 100 : null}
        tone={active.phase === 'silent' ? 'ember' : 'flame'}
        {...(isKnown ? { valueText: formatPercent(active.percent / 100) } : {})}
      />
      <p className="text-[0.8125rem] break-words text-soft">{textOf(active.detail)}</p>
      {active.phase === 'running' && active.currentFile !== '' && (
        <p className="truncate font-mono text-xs text-faint" title={active.currentFile}>
          {active.currentFile}
        </p>
      )}
      {active.phase === 'silent' && active.trouble && (
        <p className="text-xs break-words text-faint">{active.trouble.next}</p>
      )}
    </div>
  );
}

function endText({ status, indexed }: RemoteEnd): string {
  if (status === 'unknown') return 'no longer followed,';
  return indexed === null || status !== 'completed' ? status : `${status}, ${plural(indexed, 'file')},`;
}
