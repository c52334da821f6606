/**
 * Unloads a model, or deletes it, when its requests have finished. New ones wait meanwhile, because a server may lose
 * them.
 */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { ActivityService } from '../activity/service.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Clock } from '../ports/time.ts';
import { usesOf, withTags } from './decide-move.ts';
import type { PlacementFleet, PlacementService } from './model.ts';
import { DRAIN_MS, type HoldBack, type OtherUse, type RequestsInFlight } from './move.ts';
import type { NodeLocks } from './node-lock.ts';
import type { Pins } from './pins.ts';
import { resolveModel } from './resolve.ts';
import { pollUntilUnloaded } from './verify.ts';

const SHOWN_MS = 5000;

interface IdleRequest {
  /** The node's lock; released at the end. */
  lock: Disposable;
  nodeId: string;
  node: NodeView;
  name: string;
  anyway: boolean;
  signal: AbortSignal;
}

export function createUnload(deps: {
  clock: Clock;
  activity: Pick<ActivityService, 'record'>;
  fleet: Pick<PlacementFleet, 'probeSoon'>;
  pins: Pins;
  locks: NodeLocks;
  inFlight: RequestsInFlight;
  holdBack: HoldBack;
  usedByOthers: (nodeId: string) => readonly OtherUse[] | null;
  /** Throws NOT_FOUND, NODE_ASLEEP, NO_SERVER. */
  requireServing: (nodeId: string) => { node: NodeView; server: InferenceServer };
}): Pick<PlacementService, 'unload' | 'remove'> {
  const { clock, activity, fleet, pins, locks, inFlight, holdBack, usedByOthers, requireServing } = deps;

  function refuseIfPinned(nodeId: string, model: string, node: string): void {
    if (!pins.has(nodeId, model)) return;
    throw new PilotlightError('PINNED', { message: fact('MODEL_IS_PINNED_ON', { model, node }) });
  }

  /** Runs `act` while no request uses the model there, none is sent to it, and nothing is moved on the node. */
  async function whileIdle(
    { lock, nodeId, node, name, anyway, signal }: IdleRequest,
    act: () => Promise<void>,
  ): Promise<void> {
    using _ = lock;
    refuseIfPinned(nodeId, name, node.name);
    const concerned = withTags(node.installed, [name]);
    const [other] = anyway ? [] : usesOf(usedByOthers(nodeId) ?? [], concerned);
    if (other !== undefined) {
      throw new PilotlightError('IN_USE', {
        message: fact('USED_BY_OTHER_PANEL', { models: [...other.models], holder: other.holder }),
        next: fact('UNLOAD_ANYWAY'),
        details: { nodeId, holder: other.holder },
      });
    }
    using _held = await holdBack(nodeId, concerned);
    if (!(await inFlight.drain(nodeId, concerned, DRAIN_MS, signal))) {
      const models = concerned.filter((one) => inFlight.count(nodeId, one) > 0);
      throw new PilotlightError('MODEL_BUSY', { message: fact('ANSWERING_REQUESTS', { models }) });
    }
    // It may have been pinned while it waited.
    refuseIfPinned(nodeId, name, node.name);
    await act();
  }

  return {
    async unload({ model, nodeId, anyway = false, signal }) {
      const { node, server } = requireServing(nodeId);
      const name = resolveModel(await server.loaded(signal), model);
      const named = { model: name ?? model, node: node.name };
      if (name === null)
        throw new PilotlightError('NOT_LOADED', { message: fact('MODEL_NOT_LOADED_ON', named) });
      const lock = locks.take(nodeId, name);
      await whileIdle({ lock, nodeId, node, name, anyway, signal }, async () => {
        await server.unload(name, signal);
        await pollUntilUnloaded({ clock, server, signal }, name, SHOWN_MS);
      });
      fleet.probeSoon(nodeId);
      activity.record({
        kind: 'placement',
        severity: 'info',
        message: fact('MODEL_UNLOADED', { ...named, model: name }),
        nodeId,
      });
    },

    async remove({ model, nodeId, anyway = false, signal }) {
      const { node, server } = requireServing(nodeId);
      const named = { model, node: node.name };
      if (!server.capabilities.has('manages-models')) {
        throw new PilotlightError('NOT_SUPPORTED', { message: fact('SERVER_KEEPS_ITS_MODELS', named) });
      }
      const name = resolveModel(await server.installed(signal, { withCloud: true }), model);
      if (name === null)
        throw new PilotlightError('MODEL_NOT_FOUND', { message: fact('MODEL_NOT_ON_NODE', named) });
      // Another model's move says nothing against it: it is deleted when that has ended.
      const lock = await locks.wait(nodeId, name, signal);
      await whileIdle({ lock, nodeId, node, name, anyway, signal }, async () => {
        // A model that is deleted while it is loaded keeps its memory, and could not be unloaded by its name.
        if (resolveModel(await server.loaded(signal), name) === name) {
          await server.unload(name, signal);
          if (!(await pollUntilUnloaded({ clock, server, signal }, name, SHOWN_MS))) {
            throw new PilotlightError('MODEL_BUSY', {
              message: fact('STILL_LOADED', { ...named, model: name }),
            });
          }
        }
        await server.remove(name, signal);
      });
      fleet.probeSoon(nodeId, { listChanged: true });
      activity.record({
        kind: 'placement',
        severity: 'info',
        message: fact('MODEL_DELETED', { ...named, model: name }),
        nodeId,
      });
    },
  };
}
