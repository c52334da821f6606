/** Watches the loads of the fleet, and shows a node on which one does not end. */
import { fact } from '../../../shared/models/message.ts';
import { serverCan } from '../../../shared/server-can.ts';
import type { ActivityService } from '../activity/service.ts';
import { sameModelName } from '../fleet/model-placement.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import { type LoadTimes, loadLimitMs } from './load-times.ts';
import { createLoadWatch, type LoadWatch, type StuckLoad } from './loads.ts';
import type { PlacementFleet } from './model.ts';
import type { RequestsInFlight } from './move.ts';
import { sameWeightsAs } from './siblings.ts';

export function createStuckLoads({
  clock,
  log,
  activity,
  fleet,
  inFlight,
  times,
}: {
  clock: Clock;
  log: Log;
  activity: Pick<ActivityService, 'record'>;
  fleet: Pick<PlacementFleet, 'list' | 'setStuck'>;
  inFlight: Pick<RequestsInFlight, 'busySince'>;
  times: LoadTimes;
}): LoadWatch {
  const viewOf = (nodeId: string) => fleet.list().find((node) => node.id === nodeId);
  const installedAs = (nodeId: string, model: string) =>
    viewOf(nodeId)?.installed.find(({ name }) => sameModelName(name, model));

  /** Another loaded model has answered without a pause since then. */
  function isBusySince(nodeId: string, model: string, at: number): boolean {
    return (viewOf(nodeId)?.loaded ?? []).some(({ name }) => {
      const since = sameModelName(name, model) ? null : inFlight.busySince(nodeId, name);
      return since !== null && since <= at;
    });
  }

  /** A server that does not say what is loaded, or does not list the model, shows nothing of its loads. */
  function isOrMayBeLoaded(nodeId: string, model: string): boolean {
    const node = viewOf(nodeId);
    if (node === undefined || !serverCan(node, 'says-placement')) return true;
    if (installedAs(nodeId, model) === undefined) return true;
    const tags = [model, ...sameWeightsAs(node.installed, model)];
    return node.loaded.some(({ name }) => tags.some((tag) => sameModelName(tag, name)));
  }

  const loads = createLoadWatch({
    clock,
    log,
    isLoaded: isOrMayBeLoaded,
    limitMs: (nodeId, model, startedAt) =>
      loadLimitMs({
        time: times.of(nodeId, model),
        sizeBytes: installedAs(nodeId, model)?.sizeBytes ?? null,
        isBusy: isBusySince(nodeId, model, startedAt),
      }),
    onLoaded: times.learn,
  });

  function show(nodeId: string, stuck: StuckLoad | null): void {
    const node = viewOf(nodeId)?.name ?? null;
    if (node === null) return;
    if (stuck === null) {
      fleet.setStuck(nodeId, null);
      const message = fact('LOADS_WORK_AGAIN', { node });
      activity.record({ kind: 'placement', severity: 'success', message, nodeId });
      return;
    }
    const { model, startedAt } = stuck;
    const ms = clock.monotonic() - startedAt;
    fleet.setStuck(nodeId, { model, since: clock.now() - ms });
    activity.record({
      kind: 'placement',
      severity: 'error',
      message: fact('MODEL_DOES_NOT_LOAD', { model, node }),
      why: fact('LOADS_BLOCKED', { stuck: fact('LOAD_STUCK', { model, ms }), node: null }),
      nodeId,
      notify: true,
    });
  }

  loads.onChange(show);
  return loads;
}
