import { Info, X } from 'lucide-react';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useAction } from '../../components/use-action.ts';
import { useCoreStatus } from '../../stores/core.ts';

/** What went wrong at start and was mended, and addresses that the environment names but nobody has agreed to. */
export function Banners() {
  const core = useCoreStatus();
  const { busy, run } = useAction();
  if (!core || (core.notices.length === 0 && core.offers.length === 0)) return null;
  return (
    <div className="mb-4 grid gap-2">
      {core.notices.map((notice) => (
        <div
          key={notice.id}
          className="flex items-start gap-3 rounded-xl border border-line-strong bg-surface px-4 py-3"
        >
          <Info size={16} className="mt-0.5 shrink-0 text-amber" aria-hidden="true" />
          <p className="min-w-0 flex-1 break-words">
            <strong className="font-semibold">{notice.message}</strong>{' '}
            <span className="text-soft">{notice.next}</span>
          </p>
          <Button
            tone="quiet"
            size="icon"
            aria-label="Dismiss this notice"
            onClick={() => run(() => client.call('core.dismissNotice', { id: notice.id }))}
          >
            <X size={16} aria-hidden="true" />
          </Button>
        </div>
      ))}
      {core.offers.map((offer) => (
        <div
          key={offer.url}
          className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border border-dashed border-line-strong px-4 py-3"
        >
          <p className="min-w-0 flex-1 basis-64 break-words text-soft">
            {offer.source} names an Ollama server at{' '}
            <span className="font-mono text-[0.8125rem] text-text">{offer.url}</span>. Pilotlight has not
            contacted it.
          </p>
          <Button
            size="small"
            busy={busy}
            onClick={() =>
              run(
                () => client.call('fleet.add', { url: offer.url }),
                (node) => `${node.name} was added.`,
              )
            }
          >
            Add it
          </Button>
        </div>
      ))}
    </div>
  );
}
