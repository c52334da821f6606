import type { Lease } from '../../../shared/models/power.ts';
import { purposeLabel } from '../../../shared/text/lease-purpose.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useNow } from '../../components/now.ts';
import { Ago } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { leaseEnd } from './power-text.ts';

/**
 * The leases on a machine: holder, purpose and end, each with a Release button. @param holds whether they keep it on: a
 * lease does not hold a machine that was shut down all the same
 */
export function LeaseList({ leases, holds = true }: { leases: readonly Lease[]; holds?: boolean }) {
  return (
    <ul className="divide-y divide-line" aria-label={holds ? 'What keeps it on' : 'Leases'}>
      {leases.map((lease) => (
        <LeaseRow key={lease.id} lease={lease} />
      ))}
    </ul>
  );
}

function LeaseRow({ lease }: { lease: Lease }) {
  const now = useNow(60);
  const { busy, run } = useAction();
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-2.5">
      <div className="min-w-0 flex-1 basis-48">
        <p className="font-medium break-words">
          {purposeLabel(lease.purpose)} <span className="font-normal text-soft">{leaseEnd(lease, now)}</span>
        </p>
        <p className="text-xs break-words text-faint">
          {lease.holder} · started <Ago at={lease.createdAt} />
          {lease.mirrored ? '' : ' · known to this panel only'}
        </p>
      </div>
      <Button
        size="small"
        busy={busy}
        aria-label={`Release: ${purposeLabel(lease.purpose)}, ${lease.holder}`}
        onClick={() =>
          run(
            () => client.call('power.release', { nodeId: lease.nodeId, leaseId: lease.id }),
            `Released: ${purposeLabel(lease.purpose)}`,
          )
        }
      >
        Release
      </Button>
    </li>
  );
}
