/** Gets a model ready for use: on the GPU if possible, and without unloading another model in vain. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { LoadedModel, MoveRecord, Placement } from '../../../shared/models/placement.ts';
import { placementOf, sameModelName } from '../fleet/model-placement.ts';
import type { InferenceServer } from '../ports/inference.ts';
import { LOADED_PER_GPU } from './fit.ts';
import { locationMessage } from './move-message.ts';
import type { Mover } from './mover.ts';
import type { NodeLocks } from './node-lock.ts';
import type { Pins } from './pins.ts';

const hostFailures: ReadonlySet<string> = new Set(['HOST_UNREACHABLE', 'HOST_TIMEOUT', 'NAME_NOT_RESOLVED']);

/**
 * Loads the model, on the GPU if possible, and returns where it is. If it cannot be on the GPU it is loaded on the CPU,
 * or not at all (`placement` null) if that would unload another model. Rejects if the host is unreachable, the model is
 * missing, or it cannot be loaded at all.
 */
export type EnsureOnGpu = (request: {
  nodeId: string;
  model: string;
  by: Exclude<MoveRecord['by'], 'optimizer'>;
  signal: AbortSignal;
}) => Promise<{ placement: Placement | null; record: MoveRecord | null; reason: Message }>;

export function createEnsureOnGpu(deps: {
  mover: Pick<Mover, 'move' | 'record' | 'load' | 'fits'>;
  locks: NodeLocks;
  pins: Pins;
  /** Throws NOT_FOUND, NODE_ASLEEP, NO_SERVER. */
  requireServing: (nodeId: string) => { node: NodeView; server: InferenceServer };
  /** Why a load for the GPU would end on the CPU; null if it may succeed. */
  futile: (node: NodeView, model: string) => Message | null;
  /** The model's name on the server; rejects with MODEL_NOT_FOUND. */
  nameOn: (node: NodeView, model: string, signal: AbortSignal) => Promise<string>;
}): EnsureOnGpu {
  const { mover, locks, pins, requireServing, nameOn } = deps;

  /** Loads it without moving it; null if Ollama would unload another model for it. */
  async function loadBeside(
    node: NodeView,
    server: InferenceServer,
    model: string,
    layers: 'auto' | 'cpu',
    signal: AbortSignal,
  ) {
    const loaded = await server.loaded(signal);
    const present = loaded.some((entry) => sameModelName(entry.name, model));
    const most = LOADED_PER_GPU * Math.max(1, node.gpus.length);
    if (!present && loaded.length >= most) return null;
    return mover.load(node, server, model, layers, signal);
  }
  const loadOnCpu = (node: NodeView, server: InferenceServer, model: string, signal: AbortSignal) =>
    loadBeside(node, server, model, 'cpu', signal);

  return async ({ nodeId, model: wanted, by, signal }) => {
    const model = await nameOn(requireServing(nodeId).node, wanted, signal);
    using _ = await locks.wait(nodeId, model, signal);
    // While it waited for another move, the node may have dropped out, changed or been removed.
    const { node, server } = requireServing(nodeId);
    if (node.hasGpu === false) {
      const loaded = await mover.load(node, server, model, 'auto', signal);
      return at(loaded, [locationMessage(loaded), fact('NODE_HAS_NO_GPU', { node: node.name })]);
    }
    const futile = deps.futile(node, model);
    if (futile !== null) {
      const loaded = await loadBeside(node, server, model, 'auto', signal);
      if (loaded === null) return { placement: null, record: null, reason: futile };
      return at(loaded, [locationMessage(loaded), futile]);
    }
    if (pins.has(nodeId, model)) {
      const pinned = fact('PINNED_SO_NOT_MOVED');
      const loaded = (await mover.fits(node, server, model, signal))
        ? await mover.load(node, server, model, 'auto', signal)
        : await loadOnCpu(node, server, model, signal);
      if (loaded === null) return { placement: null, record: null, reason: pinned };
      return at(loaded, [locationMessage(loaded), pinned]);
    }
    const task = { model, target: 'gpu' as const, by };
    const result = await mover.move(node, server, task, signal);
    if (result.outcome === 'already-right') return { placement: 'gpu', record: null, reason: result.reason };
    const record = mover.record(node, task, result, result.at, result.durationMs);
    signal.throwIfAborted();
    const { code, error, reason } = result;
    if (error && (hostFailures.has(code ?? '') || code === 'MODEL_NOT_FOUND')) throw error;
    if (result.to !== null) return { placement: result.to, record, reason };
    const loaded = await loadOnCpu(node, server, model, signal);
    if (loaded === null) return { placement: null, record, reason };
    return { ...at(loaded, [reason, locationMessage(loaded)]), record };
  };
}

const at = (loaded: LoadedModel, parts: Message[]) => ({
  placement: placementOf(loaded),
  record: null,
  reason: fact('SENTENCES', { parts }),
});
