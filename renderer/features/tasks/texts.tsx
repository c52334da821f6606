import { useEffect, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { IngestedText } from '../../../shared/models/tasks.ts';
import { formatBytes, formatCount, plural } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { FilterBar, FilterRow, SearchBox } from '../../components/filters.tsx';
import { cardClass, Empty, Loading, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { Ago } from '../../components/time.tsx';
import { useAddress } from '../../components/use-address.ts';
import { useConnection } from '../../stores/connection.ts';
import { fetchIngested, type IngestedPage, ingestedPageSize as pageSize } from '../../stores/tasks.ts';
import { toastDone } from '../../stores/toasts.ts';
import { ConfirmDialog } from '../access/confirm-dialog.tsx';
import { readTexts, textsHash } from './filter.ts';
import { typeLabels } from './task-text.ts';

type Known =
  | { state: 'loading' }
  | { state: 'ready'; page: IngestedPage }
  | { state: 'failed'; error: WireError };

/** How long typing may pause before the list is searched, milliseconds. */
const quietMs = 250;
const lastPage = (total: number) => Math.floor((total - 1) / pageSize) * pageSize;

/** The texts that tasks have stored: found by Search, and deleted here. */
export function Texts({ version, onAdd }: { version: string; onAdd(): void }) {
  const { address, change } = useAddress(readTexts, textsHash);
  const { text, offset } = address;
  const [known, setKnown] = useState<Known>({ state: 'loading' });
  const [deleting, setDeleting] = useState<IngestedText | null>(null);
  const [tries, setTries] = useState(0);
  const live = useConnection((status) => status.state === 'live');

  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` and `tries` are reasons to ask again.
  useEffect(() => {
    if (!live) return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      fetchIngested(client, { text, offset }, controller.signal).then(
        (page) => {
          setKnown({ state: 'ready', page });
          // There are fewer than when the address was made.
          if (page.texts.length === 0 && page.total > 0) change({ offset: lastPage(page.total) });
        },
        (error: unknown) => {
          if (!controller.signal.aborted) setKnown({ state: 'failed', error: toWireError(error) });
        },
      );
    }, quietMs);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text, offset, version, live, tries, change]);

  if (known.state === 'loading') {
    return (
      <Loading what="the texts">
        <Skeleton className="h-64" />
      </Loading>
    );
  }
  if (known.state === 'failed') {
    return (
      <Problem {...known.error}>
        <Button size="small" onClick={() => setTries(tries + 1)}>
          Try again
        </Button>
      </Problem>
    );
  }
  const { texts, total } = known.page;
  if (total === 0 && text.trim() === '') {
    return (
      <Empty
        title="No stored texts"
        actions={
          <Button tone="primary" onClick={onAdd}>
            Add a task
          </Button>
        }
      >
        Texts that tasks extract from files and pages are kept here, and found by Search.
      </Empty>
    );
  }
  return (
    <>
      <FilterBar>
        <FilterRow>
          <SearchBox
            label="Search titles and origins"
            value={text}
            onChange={(next) => change({ text: next, offset: 0 })}
          />
        </FilterRow>
      </FilterBar>
      <p role="status" className="mb-1 flex min-h-8 items-center text-xs text-faint">
        {total === 0 ? 'No matching texts' : plural(total, 'text')}
      </p>
      {texts.length > 0 && (
        <ul className={`${cardClass} divide-y divide-line`}>
          {texts.map((one) => (
            <li key={one.taskId} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5">
              <div className="min-w-0 flex-1 basis-60">
                <p className="truncate font-medium" title={one.title}>
                  {one.title}
                </p>
                <p className="truncate text-xs text-faint" title={one.origin}>
                  {typeLabels[one.contentType]} · {one.origin} · {formatBytes(one.sizeBytes)} ·{' '}
                  {one.indexed ? <Ago at={one.addedAt} /> : 'being indexed'}
                </p>
              </div>
              <Button
                size="small"
                tone="danger"
                disabled={!live}
                aria-label={`Delete ${one.title}`}
                onClick={() => setDeleting(one)}
              >
                Delete
              </Button>
            </li>
          ))}
        </ul>
      )}
      {(offset > 0 || offset + texts.length < total) && (
        <div className="mt-3 flex items-center gap-3 text-xs text-faint">
          <Button
            size="small"
            disabled={offset === 0}
            onClick={() => change({ offset: Math.max(0, offset - pageSize) })}
          >
            Newer
          </Button>
          <Button
            size="small"
            disabled={offset + texts.length >= total}
            onClick={() => change({ offset: offset + texts.length })}
          >
            Older
          </Button>
          <span>
            {formatCount(offset + 1)} to {formatCount(offset + texts.length)} of {formatCount(total)}
          </span>
        </div>
      )}
      {deleting && (
        <ConfirmDialog
          title={`Delete “${deleting.title}”?`}
          about="Its text is deleted from the disk and from the index. The task stays in the list."
          action="Delete"
          onClose={() => setDeleting(null)}
          run={async () => {
            await client.call('tasks.deleteIngested', { taskIds: [deleting.taskId] });
            toastDone('Text deleted');
            setTries((before) => before + 1);
          }}
        />
      )}
    </>
  );
}
