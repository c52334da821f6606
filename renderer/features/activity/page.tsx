import { Fragment, useEffect, useMemo, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import { plural } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useNow } from '../../components/now.ts';
import { cardClass, Empty, Loading, Page, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { useAddress } from '../../components/use-address.ts';
import { absolute } from '../../late-intl.ts';
import { useActivity } from '../../stores/activity.ts';
import { Entry } from './entry.tsx';
import { addressHash, filterEntries, isFiltered, noFilter, readAddress } from './filter.ts';
import { Filters } from './filters.tsx';
import { byDay, dayTitle, loadOlder, useActivityLog } from './log.ts';
import { countUnseen, markSeen, seenId } from './seen.ts';

/** What happened, automatically or on request, and why. */
export default function ActivityPage() {
  const ready = useActivity((state) => state.ready);
  const { entries, ended } = useActivityLog();
  const { address: filter, change: setFilter } = useAddress(readAddress, addressHash);
  // The last visit’s position; entries that arrive while the page is open count as read.
  const [seen] = useState(seenId);
  const newest = entries[0]?.id;
  useEffect(() => {
    if (ready) markSeen(newest ?? 0);
  }, [ready, newest]);

  const fitting = useMemo(() => filterEntries(entries, filter), [entries, filter]);
  const days = useMemo(() => byDay(fitting), [fitting]);
  // Day headings change at most once a day, so an hourly clock is enough.
  const now = useNow(3600);
  const lastSeen = entries[countUnseen(entries, seen)]?.id ?? -1;
  const unseen = fitting.filter(({ id }) => id > lastSeen).length;
  const firstSeen = fitting[unseen]?.id;
  const filtered = isFiltered(filter);

  return (
    <Page
      title="Activity"
      summary={
        unseen > 0 ? `${plural(unseen, 'entry', 'entries')} since your last visit` : 'What happened, and why'
      }
    >
      <div className="max-w-5xl">
        {ready && (entries.length > 0 || filtered) && (
          <Filters filter={filter} entries={entries} onChange={setFilter} />
        )}
        {!ready ? (
          <Loading what="the activity">
            <div className="grid gap-2">
              <Skeleton className="h-14" />
              <Skeleton className="h-14" />
              <Skeleton className="h-14" />
            </div>
          </Loading>
        ) : fitting.length === 0 ? (
          <Empty
            title={filtered ? 'No matching entries' : 'No activity yet'}
            actions={filtered && <Button onClick={() => setFilter(noFilter)}>Show all</Button>}
          >
            {filtered
              ? `None of the ${plural(entries.length, 'loaded entry', 'loaded entries')} match these filters.`
              : 'Wakes, moves, index runs and problems appear here, each with its reason.'}
          </Empty>
        ) : (
          days.map((day) => (
            <section key={day.at} aria-labelledby={`day-${day.at}`} className="mb-6">
              <h2 id={`day-${day.at}`} className="mb-2 text-sm font-semibold">
                {dayTitle(day.at, Math.max(now, entries[0]?.at ?? 0))}
              </h2>
              <ol className={`${cardClass} divide-y divide-line`}>
                {day.entries.map((entry) => (
                  <Fragment key={entry.id}>
                    {entry.id === firstSeen && unseen > 0 && <SeenMarker />}
                    <Entry entry={entry} />
                  </Fragment>
                ))}
              </ol>
            </section>
          ))
        )}
        {ready && entries.length > 0 && <Older ended={ended} oldest={entries.at(-1)?.at ?? null} />}
      </div>
    </Page>
  );
}

function SeenMarker() {
  return (
    <li className="flex items-center gap-3 bg-flame-wash px-4 py-1 text-xs font-medium text-flame-text">
      Entries above are new since your last visit
    </li>
  );
}

/** Loads older entries, which are kept while the panel is open. */
function Older({ ended, oldest }: { ended: boolean; oldest: number | null }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<WireError | null>(null);
  async function load(): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      await loadOlder(client);
    } catch (reason) {
      setError(toWireError(reason));
    } finally {
      setBusy(false);
    }
  }
  if (error) {
    return (
      <Problem message={error.message} next={error.next} code={error.code}>
        <Button size="small" busy={busy} onClick={load}>
          Try again
        </Button>
      </Problem>
    );
  }
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-3 text-xs text-faint">
      {!ended && (
        <Button size="small" busy={busy} onClick={load}>
          Load older
        </Button>
      )}
      {oldest !== null && (
        <p role="status">{ended ? 'No older entries' : `Showing entries since ${absolute.format(oldest)}`}</p>
      )}
    </div>
  );
}
