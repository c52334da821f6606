/** Gets a model ready for use: on the GPU where that can be done, and never at the cost of another model in vain. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { MoveRecord, Placement } from '../../../shared/models/placement.ts';
import { placementOf, sameModelName } from '../fleet/model-placement.ts';
import type { InferenceServer } from '../ports/inference.ts';
import { LOADED_PER_GPU } from './fit.ts';
import { whereSentence } from './move-message.ts';
import type { Mover } from './mover.ts';
import type { NodeLocks } from './node-lock.ts';
import type { Pins } from './pins.ts';

const HOST_GONE: ReadonlySet<string> = new Set(['HOST_UNREACHABLE', 'HOST_TIMEOUT', 'NAME_NOT_RESOLVED']);

/**
 * Loads the model and gets it onto the GPU where that can be done; says honestly where it ended. Where that
 * cannot be done it is loaded on the CPU, and not at all (`placement` null) where another model would have to go for
 * it. Throws when the host is gone, the model is missing, or it cannot be loaded at all.
 */
export type EnsureOnGpu = (request: {
  nodeId: string;
  model: string;
  by: Exclude<MoveRecord['by'], 'optimizer'>;
  signal: AbortSignal;
}) => Promise<{ placement: Placement | null; record: MoveRecord | null; reason: string }>;

export function createEnsureOnGpu(deps: {
  mover: Pick<Mover, 'move' | 'write' | 'justLoad' | 'fits'>;
  locks: NodeLocks;
  pins: Pins;
  /** Throws NOT_FOUND, NODE_ASLEEP, NO_SERVER. */
  requireServing: (nodeId: string) => { node: NodeView; server: InferenceServer };
  /** The name as the server knows it; throws MODEL_NOT_FOUND. */
  nameOn: (node: NodeView, model: string, signal: AbortSignal) => Promise<string>;
}): EnsureOnGpu {
  const { mover, locks, pins, requireServing, nameOn } = deps;

  /** Loads it on the CPU; null where Ollama would unload another model for it. */
  async function loadOnCpu(node: NodeView, server: InferenceServer, model: string, signal: AbortSignal) {
    const loaded = await server.loaded(signal);
    const present = loaded.some((entry) => sameModelName(entry.name, model));
    const most = LOADED_PER_GPU * Math.max(1, node.gpus.length);
    if (!present && loaded.length >= most) return null;
    return mover.justLoad(node, server, model, 'cpu', signal);
  }

  return async ({ nodeId, model: wanted, by, signal }) => {
    const model = await nameOn(requireServing(nodeId).node, wanted, signal);
    using _ = await locks.wait(nodeId, model, signal);
    // Another move was waited for: the node may be asleep, another one, or gone.
    const { node, server } = requireServing(nodeId);
    if (node.hasGpu === false) {
      const loaded = await mover.justLoad(node, server, model, 'auto', signal);
      const reason = `${whereSentence(loaded)} ${node.name} has no GPU.`;
      return { placement: placementOf(loaded), record: null, reason };
    }
    if (pins.has(nodeId, model)) {
      const pinned = 'It is pinned, so it was not moved.';
      const loaded = (await mover.fits(node, server, model, signal))
        ? await mover.justLoad(node, server, model, 'auto', signal)
        : await loadOnCpu(node, server, model, signal);
      if (loaded === null) return { placement: null, record: null, reason: pinned };
      return { placement: placementOf(loaded), record: null, reason: `${whereSentence(loaded)} ${pinned}` };
    }
    const task = { model, target: 'gpu' as const, by };
    const end = await mover.move(node, server, task, signal);
    if (end.outcome === 'already-right') return { placement: 'gpu', record: null, reason: end.reason };
    const record = mover.write(node, task, end, end.at, end.durationMs);
    signal.throwIfAborted();
    if (end.error && (HOST_GONE.has(end.code ?? '') || end.code === 'MODEL_NOT_FOUND')) throw end.error;
    if (end.to !== null) return { placement: end.to, record, reason: end.reason };
    const loaded = await loadOnCpu(node, server, model, signal);
    if (loaded === null) return { placement: null, record, reason: end.reason };
    return { placement: placementOf(loaded), record, reason: `${end.reason} ${whereSentence(loaded)}` };
  };
}
