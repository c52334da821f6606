// biome-ignore-all lint/a11y/useSemanticElements: a group is no set of fields.
import { Suspense, useState } from 'react';
import type { UpdateView } from '../../../shared/models/updates.ts';
import { formatBytes } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { latePart } from '../../components/late-part.ts';
import { Progress } from '../../components/meter.tsx';
import { cardClass } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { Ago } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { useConnection } from '../../stores/connection.ts';
import { useSettings } from '../../stores/settings.ts';
import { useUpdates } from '../../stores/updates.ts';
import { textOf } from '../../texts.ts';
import { ConfirmDialog } from '../access/confirm-dialog.tsx';

const ReleaseNotes = latePart(() => import('./release-notes.tsx'));

/** Whether there is a newer Pilotlight, and how to get it. */
export function UpdatesCard() {
  const view = useUpdates();
  const check = useSettings()?.updates.check ?? null;
  if (view === null) return null;
  return (
    <section aria-labelledby="settings-version" className={`${cardClass} mb-4 grid gap-3 p-4 sm:p-6`}>
      <div>
        <h2 id="settings-version" className="font-semibold">
          This version
        </h2>
        <p className="text-[0.8125rem] text-soft">You have version {view.version}.</p>
      </div>
      {view.instead !== null && <p className="break-words">{textOf(view.instead)}</p>}
      {view.checks && check === 'ask' && <Consent />}
      {view.checks && <State view={view} />}
      {view.problem !== null && (
        <Problem
          code={view.problem.code}
          message={textOf(view.problem.message)}
          next={textOf(view.problem.next)}
        />
      )}
      {view.offer !== null && <Offer offer={view.offer} />}
      {view.previous !== null && view.state !== 'staged' && <GoBack version={view.previous} />}
    </section>
  );
}

/** Asked once: either answer is remembered, and can be changed in the settings. */
function Consent() {
  const { busy, run } = useAction();
  const answer = (check: 'on' | 'off') => run(() => client.call('settings.update', { updates: { check } }));
  return (
    <div
      role="group"
      aria-label="Check for updates"
      className="rounded-xl border border-dashed border-line-strong p-3"
    >
      <p>
        May Pilotlight look for a newer version once a day? It fetches the description of the newest one, and
        sends nothing about you or your machines.
      </p>
      <div className="mt-2 flex flex-wrap gap-2">
        <Button size="small" tone="warm" busy={busy} onClick={() => answer('on')}>
          Check once a day
        </Button>
        <Button size="small" busy={busy} onClick={() => answer('off')}>
          Don’t check
        </Button>
      </div>
    </div>
  );
}

/** A step that fails so is shown in the card itself, where it stays. */
const shownHere: readonly string[] = [
  ...['CANCELLED', 'UPDATE_UNREACHABLE', 'UPDATE_NO_RELEASE', 'UPDATE_SIGNATURE', 'UPDATE_MANIFEST'],
  ...['UPDATE_DAMAGED', 'UPDATE_NOT_INSTALLED', 'DISK_FULL'],
];

function State({ view }: { view: UpdateView }) {
  const live = useConnection((status) => status.state === 'live');
  const { busy, run } = useAction();
  const act = (call: () => Promise<unknown>) =>
    run(() =>
      call().catch((error: unknown) => {
        if (!shownHere.includes(toWireError(error).code)) throw error;
      }),
    );
  const off = busy || !live;
  const { state, progress, offer, installs } = view;
  return (
    <>
      <p role="status" className="break-words">
        {stateText(view)}
        {view.checkedAt !== null && state !== 'checking' && (
          <span className="text-faint">
            {' '}
            Checked <Ago at={view.checkedAt} />.
          </span>
        )}
      </p>
      {progress !== null && (
        <div>
          <Progress value={progress.doneBytes / progress.totalBytes} label="Download of the update" />
          <p className="mt-1 text-xs text-faint tabular-nums">
            {formatBytes(progress.doneBytes)} of {formatBytes(progress.totalBytes)}
            {progress.bytesPerSecond !== null && ` · ${formatBytes(progress.bytesPerSecond)}/s`}
          </p>
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        {state === 'available' && installs && (
          <Button
            tone="primary"
            disabled={off}
            onClick={() => act(() => client.call('updates.download', {}))}
          >
            Download {offer?.version}
          </Button>
        )}
        {(state === 'ready' || state === 'staged') && (
          <Button
            tone="primary"
            disabled={off}
            onClick={() => act(() => client.call('updates.install', { restart: true }))}
          >
            Restart now
          </Button>
        )}
        {state === 'ready' && (
          <Button
            disabled={off}
            onClick={() => act(() => client.call('updates.install', { restart: false }))}
          >
            Install when it quits
          </Button>
        )}
        {(state === 'checking' || state === 'downloading' || state === 'staged') && (
          <Button disabled={!live} onClick={() => act(() => client.call('updates.cancel', {}))}>
            Cancel
          </Button>
        )}
        {(state === 'idle' || state === 'available' || state === 'ready') && (
          <Button
            disabled={off || view.address === null}
            onClick={() => act(() => client.call('updates.check', {}))}
          >
            Check now
          </Button>
        )}
      </div>
      {view.address === null && (
        <p className="text-[0.8125rem] text-faint">
          This build has no address for updates. Enter one under “Where updates come from”.
        </p>
      )}
    </>
  );
}

function stateText({ state, found, offer }: UpdateView): string {
  switch (state) {
    case 'checking':
      return 'Checking for updates …';
    case 'downloading':
      return `Downloading version ${offer?.version ?? ''} …`;
    case 'ready':
      return `Version ${offer?.version ?? ''} is ready to be installed.`;
    case 'staged':
      return 'It is installed when Pilotlight quits.';
    default:
      return found === null ? 'Not checked yet.' : textOf(found);
  }
}

function Offer({ offer }: { offer: NonNullable<UpdateView['offer']> }) {
  return (
    <details className="rounded-xl border border-line-strong p-3">
      <summary className="cursor-pointer font-medium">What is new in {offer.version}</summary>
      <p className="mt-1 mb-2 text-xs text-faint">
        {new Date(offer.date).toLocaleDateString()} · {formatBytes(offer.sizeBytes)}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it. */}
      <div tabIndex={0} role="group" aria-label="Release notes" className="max-h-96 overflow-y-auto">
        <Suspense fallback={null}>
          <ReleaseNotes text={offer.notes} />
        </Suspense>
      </div>
    </details>
  );
}

function GoBack({ version }: { version: string }) {
  const [asking, setAsking] = useState(false);
  return (
    <div>
      <Button size="small" onClick={() => setAsking(true)}>
        Go back to {version}
      </Button>
      {asking && (
        <ConfirmDialog
          title={`Go back to ${version}?`}
          about="Pilotlight restarts with the earlier version. Settings and data stay."
          action="Go back"
          onClose={() => setAsking(false)}
          run={async () => {
            await client.call('updates.goBack', {});
          }}
        />
      )}
    </div>
  );
}
