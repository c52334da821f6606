/** Unloads one model when its requests have finished. New ones wait meanwhile, because a server may lose them. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { ActivityService } from '../activity/service.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Clock } from '../ports/time.ts';
import { withTags } from './decide-move.ts';
import type { PlacementFleet, PlacementService } from './model.ts';
import { DRAIN_MS, type HoldBack, type RequestsInFlight } from './move.ts';
import type { NodeLocks } from './node-lock.ts';
import type { Pins } from './pins.ts';
import { resolveModel } from './resolve.ts';
import { pollUntilUnloaded } from './verify.ts';

const SHOWN_MS = 5000;

export function createUnload(deps: {
  clock: Clock;
  activity: Pick<ActivityService, 'record'>;
  fleet: Pick<PlacementFleet, 'probeSoon'>;
  pins: Pins;
  locks: NodeLocks;
  inFlight: RequestsInFlight;
  holdBack: HoldBack;
  /** Throws NOT_FOUND, NODE_ASLEEP, NO_SERVER. */
  requireServing: (nodeId: string) => { node: NodeView; server: InferenceServer };
}): PlacementService['unload'] {
  const { clock, activity, fleet, pins, locks, inFlight, holdBack, requireServing } = deps;

  function refuseIfPinned(nodeId: string, model: string, node: string): void {
    if (!pins.has(nodeId, model)) return;
    throw new PilotlightError('PINNED', { message: fact('MODEL_IS_PINNED_ON', { model, node }) });
  }

  return async ({ model, nodeId, signal }) => {
    const { node, server } = requireServing(nodeId);
    const loaded = await server.loaded(signal);
    const name = resolveModel(loaded, model);
    if (name === null) {
      const message = fact('MODEL_NOT_LOADED_ON', { model, node: node.name });
      throw new PilotlightError('NOT_LOADED', { message });
    }
    const named = { model: name, node: node.name };
    refuseIfPinned(nodeId, name, node.name);
    using _ = locks.take(nodeId, name);
    const concerned = withTags(node.installed, [name]);
    using _held = await holdBack(nodeId, concerned);
    if (!(await inFlight.drain(nodeId, concerned, DRAIN_MS, signal))) {
      const models = concerned.filter((one) => inFlight.count(nodeId, one) > 0);
      throw new PilotlightError('MODEL_BUSY', { message: fact('ANSWERING_REQUESTS', { models }) });
    }
    // It may have been pinned while it waited.
    refuseIfPinned(nodeId, name, node.name);
    await server.unload(name, signal);
    await pollUntilUnloaded({ clock, server, signal }, name, SHOWN_MS);
    fleet.probeSoon(nodeId);
    activity.record({ kind: 'placement', severity: 'info', message: fact('MODEL_UNLOADED', named), nodeId });
  };
}
