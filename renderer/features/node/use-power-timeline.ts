import { useEffect, useState } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { PowerTimeline } from '../../../shared/models/power.ts';
import { usePageVisible } from '../../charts/use-visible.ts';
import { client } from '../../client/index.ts';
import { useNow } from '../../components/now.ts';
import { useConnection } from '../../stores/connection.ts';
import { usePower } from '../../stores/power.ts';

/**
 * The recorded day of a machine: fetched again every minute while visible, and when its state or leases change. null
 * before the first answer, and if the core has none.
 */
export function usePowerTimeline(node: Pick<NodeView, 'id' | 'state'>): PowerTimeline | null {
  const { id, state } = node;
  const [timeline, setTimeline] = useState<PowerTimeline | null>(null);
  const visible = usePageVisible();
  const live = useConnection((status) => status.state === 'live');
  const minute = useNow(60);
  const leases = usePower((power) => power.entries[id]?.leases.map((lease) => lease.id).join() ?? '');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the dependencies only trigger the fetch.
  useEffect(() => {
    if (!visible || !live) return;
    const abort = new AbortController();
    client.call('power.timeline', { nodeId: id }, { signal: abort.signal }).then(setTimeline, () => {
      // The stored telemetry is shown instead; fetched again in a minute.
    });
    return () => abort.abort();
  }, [id, state, leases, minute, visible, live]);
  return timeline;
}
