import { RotateCw } from 'lucide-react';
import { client } from '../../client/index.ts';
import { useNow } from '../../components/now.ts';
import { useConnection } from '../../stores/connection.ts';
import { useCoreStatus } from '../../stores/core.ts';

/** The connection state, and when it retries after a loss. */
export function ConnectionState() {
  const { state, retryAt } = useConnection();
  const core = useCoreStatus();
  const now = useNow();
  if (state === 'live') {
    return (
      <p className="flex shrink-0 items-center gap-2 text-xs text-soft" role="status">
        {core?.simulated && (
          <span className="rounded-full border border-line-strong px-2 py-0.5 text-faint max-sm:sr-only">
            simulated fleet
          </span>
        )}
        <span className="size-2 rounded-full bg-flame" aria-hidden="true" />
        live
      </p>
    );
  }
  const seconds = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - now) / 1000));
  return (
    <div className="flex shrink-0 items-center gap-2 text-xs" role="status">
      <span className="breathing size-2 rounded-full bg-cold" aria-hidden="true" />
      <span className="text-soft">
        {state === 'connecting' ? 'connecting' : 'connection lost'}
        {seconds > 0 && <span aria-hidden="true">, retrying in {seconds} s</span>}
      </span>
      <button
        type="button"
        onClick={client.retry}
        className="inline-flex items-center gap-1 rounded font-medium text-flame-text hover:underline"
      >
        <RotateCw size={12} aria-hidden="true" />
        Try now
      </button>
    </div>
  );
}
