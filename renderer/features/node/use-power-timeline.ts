import { useEffect, useState } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { PowerTimeline } from '../../../shared/models/power.ts';
import { usePageVisible } from '../../charts/use-visible.ts';
import { client } from '../../client/index.ts';
import { useNow } from '../../components/now.ts';
import { useConnection } from '../../stores/connection.ts';
import { usePower } from '../../stores/power.ts';

/**
 * The recorded day of a machine: asked again each minute that somebody looks, and when its state or its leases
 * change. null before the first answer, and where the core cannot tell it.
 */
export function usePowerTimeline(node: Pick<NodeView, 'id' | 'state'>): PowerTimeline | null {
  const { id, state } = node;
  const [timeline, setTimeline] = useState<PowerTimeline | null>(null);
  const visible = usePageVisible();
  const live = useConnection((status) => status.state === 'live');
  const minute = useNow(60);
  const leases = usePower((power) => power.entries[id]?.leases.map((lease) => lease.id).join() ?? '');
  // biome-ignore lint/correctness/useExhaustiveDependencies: what changed is asked for, not read here.
  useEffect(() => {
    if (!visible || !live) return;
    const abort = new AbortController();
    client.call('power.timeline', { nodeId: id }, { signal: abort.signal }).then(setTimeline, () => {
      // What telemetry kept is shown instead; asked again in a minute.
    });
    return () => abort.abort();
  }, [id, state, leases, minute, visible, live]);
  return timeline;
}
