import { Info, X } from 'lucide-react';
import { useState } from 'react';
import type { Notice } from '../../../shared/contract/streams.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useAction } from '../../components/use-action.ts';
import { WithCode } from '../../components/with-code.tsx';
import { useCoreStatus } from '../../stores/core.ts';
import { textOf } from '../../texts.ts';

/** More than this would push the machines off screen. */
const shownNotices = 2;

/** Problems that were repaired at start, and servers named by the environment that await approval. */
export function Banners() {
  const core = useCoreStatus();
  const { busy, run } = useAction();
  if (!core || (core.notices.length === 0 && core.offers.length === 0)) return null;
  return (
    <div className="mb-4 grid gap-2">
      <Notices notices={core.notices} />
      {core.offers.map((offer) => (
        <div
          key={offer.url}
          className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border border-dashed border-line-strong px-4 py-3"
        >
          <p className="min-w-0 flex-1 basis-64 break-words text-soft">
            {offer.source} points to an Ollama server at{' '}
            <span className="font-mono text-[0.8125rem] text-text">{offer.url}</span>. Pilotlight has not
            contacted it.
          </p>
          <Button
            size="small"
            busy={busy}
            onClick={() =>
              run(
                () => client.call('fleet.add', { url: offer.url }),
                (node) => `${node.name} added`,
              )
            }
          >
            {' '}
            Add{' '}
          </Button>
        </div>
      ))}
    </div>
  );
}

/** The first few; the rest on request, unless only one is left. */
function Notices({ notices }: { notices: readonly Notice[] }) {
  const [all, setAll] = useState(false);
  const hidden = notices.length - shownNotices;
  const canHide = hidden > 1;
  return (
    <>
      {(canHide && !all ? notices.slice(0, shownNotices) : notices).map((notice) => (
        <NoticeCard key={notice.id} notice={notice} />
      ))}
      {canHide && (
        <div>
          <Button tone="quiet" size="small" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? 'Show fewer notices' : `Show ${hidden} more notices`}
          </Button>
        </div>
      )}
    </>
  );
}

function NoticeCard({ notice }: { notice: Notice }) {
  const { run } = useAction();
  return (
    <div className="flex items-start gap-3 rounded-xl border border-line-strong bg-surface px-4 py-3">
      <Info size={16} className="mt-0.5 shrink-0 text-amber" aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <p className="font-medium break-words">
          <WithCode text={textOf(notice.message)} />
        </p>
        <p className="mt-0.5 break-words text-soft">
          <WithCode text={textOf(notice.next)} />
        </p>
      </div>
      <Button
        tone="quiet"
        size="icon"
        className="-my-2 -mr-2"
        aria-label="Dismiss this notice"
        onClick={() => run(() => client.call('core.dismissNotice', { id: notice.id }))}
      >
        <X size={16} aria-hidden="true" />
      </Button>
    </div>
  );
}
