import { Download, FolderPlus } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { RunnerView } from '../../../shared/models/runner.ts';
import { formatCount, formatDuration } from '../../../shared/units.ts';
import { Button } from '../../components/button.tsx';
import { useNow } from '../../components/now.ts';
import { Empty } from '../../components/page.tsx';
import { useMedia } from '../../components/use-media.ts';
import { useSettings } from '../../stores/settings.ts';
import { runnerHref, settingHref } from '../shell/route.ts';
import { ModelList } from './model-list.tsx';
import { modelRows } from './model-rows.ts';
import { ModelSheet } from './model-sheet.tsx';
import { PullList } from './pull-list.tsx';

const shownAtOnce = 100;

/** The models of all runners, and the downloads under way. */
export function Models({
  runners,
  asked,
  openKey,
  onOpen,
  onAdd,
  onPull,
}: {
  runners: readonly RunnerView[];
  asked: string | null;
  /** The row whose details are open; null for none. */
  openKey: string | null;
  onOpen(key: string | null): void;
  onAdd(): void;
  onPull(): void;
}) {
  const wide = useMedia('(min-width: 62.5rem)');
  const now = useNow(1);
  const [most, setMost] = useState(shownAtOnce);
  const of = useMemo(
    () => (asked === null ? runners : runners.filter(({ nodeId }) => nodeId === asked)),
    [runners, asked],
  );
  const rows = useMemo(() => modelRows(of), [of]);
  const open = rows.find(({ key }) => key === openKey) ?? null;
  return (
    <>
      {runners.length > 1 && (
        <label className="mb-4 flex flex-wrap items-center gap-2 text-[0.8125rem] text-soft">
          On
          <select
            value={asked ?? ''}
            onChange={(event) => {
              location.hash = runnerHref('models', event.target.value || null);
            }}
            className="h-8 max-w-64 rounded-lg border border-line-strong bg-ground px-2 text-text"
          >
            <option value="">all runners</option>
            {runners.map(({ nodeId, name }) => (
              <option key={nodeId} value={nodeId}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <PullList runners={of} />
      {rows.length === 0 ? (
        <Empty
          title="No model yet"
          actions={
            <>
              <Button tone="primary" onClick={onAdd}>
                <FolderPlus size={16} aria-hidden="true" /> Add a folder
              </Button>
              <Button onClick={onPull}>
                <Download size={16} aria-hidden="true" /> Download a model
              </Button>
            </>
          }
        >
          Add a folder that holds an ONNX model (model.onnx, and tokenizer.json for texts), or download a
          small one from the catalogue. Nothing is downloaded by itself.
        </Empty>
      ) : (
        <>
          <ModelList
            rows={rows.slice(0, most)}
            shape={wide ? 'table' : 'cards'}
            showRunner={of.length > 1}
            now={now}
            onOpen={onOpen}
          />
          {rows.length > most && (
            <div className="mt-4 flex justify-center">
              <Button onClick={() => setMost(most + shownAtOnce)}>
                Show more ({formatCount(rows.length - most)} left)
              </Button>
            </div>
          )}
          <IdleTime />
        </>
      )}
      {open && <ModelSheet row={open} now={now} onClose={() => onOpen(null)} />}
    </>
  );
}

/** When models leave the memory, and where that is set. */
function IdleTime() {
  const seconds = useSettings()?.runner.idleSeconds;
  if (seconds === undefined) return null;
  return (
    <p className="mt-3 text-xs text-faint">
      {seconds === 0
        ? 'Models stay in memory.'
        : `On this computer, a model that is not used for ${formatDuration(seconds * 1000)} is dropped from memory, except the last one for texts.`}{' '}
      <a
        href={settingHref('runner.idleSeconds')}
        className="rounded underline underline-offset-2 hover:text-text"
      >
        Change
      </a>
    </p>
  );
}
