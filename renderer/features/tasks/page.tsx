import { ListPlus } from 'lucide-react';
import { type DragEvent, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import type { TaskView } from '../../../shared/models/tasks.ts';
import { formatCount, plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { latePart } from '../../components/late-part.ts';
import { LiveRegion } from '../../components/live-region.tsx';
import { Empty, Loading, Page, Skeleton } from '../../components/page.tsx';
import { PartTabs } from '../../components/part-tabs.tsx';
import { toggled } from '../../components/toggled.ts';
import { useAddress } from '../../components/use-address.ts';
import { useHeldRows } from '../../components/use-held-rows.ts';
import { useKeep } from '../../components/use-keep.ts';
import { useConnection } from '../../stores/connection.ts';
import {
  forgetOlderTasks,
  loadOlderTasks,
  taskQueuesStore,
  tasksStore,
  taskWorkersStore,
  useOlderTasks,
  useTaskQueues,
  useTasks,
  useTaskWorkers,
} from '../../stores/tasks.ts';
import { tasksHref } from '../shell/route.ts';
import { AddDialog, type Draft, noDraft } from './add-dialog.tsx';
import { BulkActions } from './bulk.tsx';
import {
  addressHash,
  filterTasks,
  groupOf,
  isFiltered,
  noFilter,
  orderTasks,
  readAddress,
  searchOf,
} from './filter.ts';
import { Filters } from './filters.tsx';
import { TaskList } from './list.tsx';
import { QueueCards } from './queue-cards.tsx';
import { TaskSheet } from './sheet.tsx';
import { Texts } from './texts.tsx';
import { Workers } from './workers.tsx';

const DepthChart = latePart(() => import('./depth-chart.tsx'));

/** Work that is queued: what waits, who works on it, and what came of it. */
export default function TasksPage() {
  useKeep(tasksStore);
  useKeep(taskWorkersStore);
  useKeep(taskQueuesStore);
  const { ready, entries } = useTasks();
  // Both at once: cards that came later would push the list down.
  const queuesReady = useTaskQueues((state) => state.ready);
  const workers = Object.values(useTaskWorkers((state) => state.entries));
  const { address, change, go } = useAddress(readAddress, addressHash);
  const [draft, setDraft] = useState<Draft | null>(null);
  const live = useConnection((status) => status.state === 'live');
  const online = workers.filter(({ state }) => state === 'online').length;
  const all = useMemo(() => Object.values(entries), [entries]);
  const stored = all.filter(({ storing }) => storing === 'stored').length;
  usePaste(live && draft === null, setDraft);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is only a shortcut for the button.
    <div
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes('Files')) event.preventDefault();
      }}
      onDrop={(event: DragEvent) => {
        const files = [...event.dataTransfer.files];
        if (files.length === 0 || event.defaultPrevented) return;
        event.preventDefault();
        setDraft({ files, text: '' });
      }}
    >
      <Page
        title="Tasks"
        summary={ready ? <Summary tasks={all} /> : null}
        actions={
          <Button tone="primary" disabled={!live} onClick={() => setDraft(noDraft)}>
            <ListPlus size={16} aria-hidden="true" /> Add a task
          </Button>
        }
      >
        <PartTabs
          current={address.tab}
          parts={[
            { name: 'tasks', title: 'Tasks', href: tasksHref('tasks') },
            {
              name: 'workers',
              title: 'Workers',
              href: tasksHref('workers'),
              note: online > 0 ? String(online) : null,
            },
            { name: 'texts', title: 'Stored texts', href: tasksHref('texts') },
          ]}
        />
        {!ready || !queuesReady ? (
          <Loading what="the tasks">
            <Skeleton className="mb-6 h-32" />
            <Skeleton className="h-80" />
          </Loading>
        ) : address.tab === 'workers' ? (
          <Workers workers={workers} />
        ) : address.tab === 'texts' ? (
          <Texts version={String(stored)} onAdd={() => setDraft(noDraft)} />
        ) : (
          <TasksTab
            all={all}
            entries={entries}
            address={address}
            change={change}
            open={(taskId) => go({ taskId })}
            onAdd={() => setDraft(noDraft)}
          />
        )}
        {address.taskId !== null && ready && (
          <TaskSheet
            key={address.taskId}
            taskId={address.taskId}
            live={entries[address.taskId] ?? null}
            onClose={() => go({ taskId: null })}
          />
        )}
        {draft && (
          <AddDialog
            draft={draft}
            onClose={() => setDraft(null)}
            onAdded={(ids) => {
              if (ids.length === 1 && ids[0]) go({ tab: 'tasks', taskId: ids[0] });
            }}
          />
        )}
      </Page>
    </div>
  );
}

type Address = ReturnType<typeof readAddress>;

function TasksTab({
  all,
  entries,
  address,
  change,
  open,
  onAdd,
}: {
  all: readonly TaskView[];
  entries: Readonly<Record<string, TaskView>>;
  address: Address;
  change(patch: Partial<Address>): void;
  open(taskId: string | null): void;
  onAdd(): void;
}) {
  const queues = Object.values(useTaskQueues((state) => state.entries));
  const workers = Object.values(useTaskWorkers((state) => state.entries));
  const { filter, taskId } = address;
  const older = useOlderTasks();
  const search = useMemo(() => searchOf(filter), [filter]);
  const olderFits = older.key === JSON.stringify(search);
  useEffect(() => forgetOlderTasks, []);

  const fitting = useMemo(() => {
    const known = new Set(all.map(({ id }) => id));
    const rest = olderFits ? older.tasks.filter(({ id }) => !known.has(id)) : [];
    return orderTasks(filterTasks([...all, ...rest], filter));
  }, [all, older.tasks, olderFits, filter]);
  const { rows, more, hold, release } = useHeldRows(fitting, entries);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  // Another filter is another list, and what is not shown must not be changed unseen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the filter decides.
  useEffect(() => {
    release();
    setChosen(new Set());
  }, [filter]);
  const selected = rows.filter(({ id }) => chosen.has(id));
  const filtered = isFiltered(filter);
  const select = useCallback((id: string) => setChosen((before) => toggled(before, id)), []);
  const all500 = all.length >= 500;

  if (all.length === 0 && !filtered && !all500) {
    return (
      <>
        <QueueCards queues={queues} />
        <Empty
          title="No tasks yet"
          actions={
            <Button tone="primary" onClick={onAdd}>
              Add a task
            </Button>
          }
        >
          Drop a file here, paste an address, or let your scripts send their work to{' '}
          <code className="font-mono text-xs">/api/v1/ingest/file</code>. It is worked on here, or by a worker
          with a GPU.
        </Empty>
      </>
    );
  }
  return (
    <>
      <QueueCards queues={queues} />
      <Filters filter={filter} workers={workers} onChange={(next) => change({ filter: next })} />
      <div className="mb-1 flex min-h-9 flex-wrap items-center gap-x-3 gap-y-1 text-xs text-faint">
        <p role="status">
          {selected.length > 0
            ? `${formatCount(selected.length)} of ${plural(rows.length, 'task')} chosen`
            : filtered
              ? `${plural(fitting.length, 'matching task')}`
              : plural(all.length, 'task')}
        </p>
        {more > 0 && (
          <Button size="small" tone="warm" onClick={release}>
            Show {formatCount(more)} new
          </Button>
        )}
        {rows.length > 0 && (
          <Button
            size="small"
            tone="quiet"
            onClick={() =>
              setChosen(selected.length === rows.length ? new Set() : new Set(rows.map(({ id }) => id)))
            }
          >
            {selected.length === rows.length ? 'Choose none' : 'Choose all'}
          </Button>
        )}
        <BulkActions tasks={selected} onDone={() => setChosen(new Set())} />
      </div>
      {rows.length > 0 ? (
        <TaskList
          tasks={rows}
          selected={chosen}
          openId={taskId}
          onOpen={open}
          onSelect={select}
          onHold={hold}
        />
      ) : (
        <Empty
          title="No matching tasks"
          actions={<Button onClick={() => change({ filter: noFilter })}>Clear filters</Button>}
        >
          None of the {plural(all.length, 'task')} shown match these filters. Older ones can be searched
          below.
        </Empty>
      )}
      {(filtered || all500) && (
        <div className="mt-3 flex flex-wrap items-center gap-3 text-xs text-faint">
          <Button
            size="small"
            busy={older.state === 'loading'}
            disabled={olderFits && older.state === 'ready' && older.tasks.length >= older.total}
            onClick={() => void loadOlderTasks(client, search)}
          >
            {filtered ? 'Search older tasks' : 'Load older tasks'}
          </Button>
          {olderFits && older.state === 'ready' && (
            <span>
              {older.tasks.length >= older.total
                ? 'All of them are listed'
                : `${formatCount(older.tasks.length)} of ${formatCount(older.total)} searched`}
            </span>
          )}
          {olderFits && older.state === 'failed' && <span>They could not be loaded. Try again.</span>}
        </div>
      )}
      <Suspense fallback={<Skeleton className="mt-8 h-80" />}>
        <DepthChart />
      </Suspense>
    </>
  );
}

function Summary({ tasks }: { tasks: readonly TaskView[] }) {
  const count = (group: string) => tasks.filter((task) => groupOf(task) === group).length;
  const active = count('active');
  const waiting = count('waiting');
  const text =
    active + waiting === 0
      ? 'Nothing to do'
      : `${formatCount(active)} running · ${formatCount(waiting)} waiting`;
  return (
    <>
      {text}
      <LiveRegion message={active + waiting === 0 ? 'All tasks have ended.' : ''} />
    </>
  );
}

/** A pasted file, address or text opens the dialog, unless it is pasted into a field. */
function usePaste(on: boolean, setDraft: (draft: Draft) => void): void {
  useEffect(() => {
    if (!on) return;
    const onPaste = (event: ClipboardEvent) => {
      const { target, clipboardData } = event;
      if (target instanceof Element && target.closest('input, textarea, select, dialog')) return;
      const files = [...(clipboardData?.files ?? [])];
      const text = clipboardData?.getData('text/plain') ?? '';
      if (files.length === 0 && text.trim() === '') return;
      event.preventDefault();
      setDraft({ files, text: files.length > 0 ? '' : text });
    };
    addEventListener('paste', onPaste);
    return () => removeEventListener('paste', onPaste);
  }, [on, setDraft]);
}
