/** Restores a node after a failed move: each model with its own placement, context and keep-alive. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { LoadedModel, Placement } from '../../../shared/models/placement.ts';
import { gpuShareOf, placementOf, sameModelName } from '../fleet/model-placement.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { contextToSend } from './fit.ts';
import { LOAD_STALL_MS } from './load-times.ts';
import { type MoveDependencies, type MoveRequest, placementOrNull, type Snapshot } from './move.ts';
import { failureMessage, locationMessage } from './move-message.ts';
import { evictedBetween, findLoaded, pollUntilPlaced, pollUntilUnloaded } from './verify.ts';

export interface Restored {
  /** What was restored and what could not be; empty if nothing had changed. */
  messages: Message[];
  /** Where the moved model is now. */
  placement: Placement | null;
  restored: string[];
  missing: string[];
}

/** A server that unloads for an aborted load takes a moment: its list is believed once it stays the same this long. */
const SETTLE_MS = 1500;
const POLL_MS = 250;
/** How long Ollama itself waits for VRAM to be freed. */
const RECOVER_MS = 5000;
/** How long to wait for a server that disconnected or restarts. */
const REACH_MS = 15_000;
const REACH_POLL_MS = 1000;
/** A load is aborted only after the server itself would have aborted it. */
const LOAD_MS = LOAD_STALL_MS + 60_000;
/** A smaller difference in the share on the GPU is no loss. */
const SHARE_TOLERANCE = 0.01;

/** Whether a model has less on the GPU than before. */
export function hasLessOnGpu(now: LoadedModel, was: LoadedModel): boolean {
  return gpuShareOf(now) < gpuShareOf(was) - SHARE_TOLERANCE;
}

/** Never rejects. `unloadRequested`: the server was asked to unload the moved model and may still do so. */
export async function restoreModels(
  deps: MoveDependencies,
  request: MoveRequest,
  before: Snapshot,
  unloadRequested: boolean,
): Promise<Restored> {
  const { server, model } = request;
  const { clock, restoreSignal: signal } = deps;
  const was = before.current;
  const others = before.loaded.filter((other) => !sameModelName(other.name, model));
  const failures = new Map<string, Message>();
  const restored: string[] = [];

  let loaded: LoadedModel[];
  try {
    loaded = await (before.loaded.length === 0 ? server.loaded(signal) : settled(deps, request));
  } catch (error) {
    const models = before.loaded.map((entry) => entry.name);
    const unknown = fact('UNKNOWN_WHETHER_LOADED', { models, failure: failureMessage(error) });
    return { messages: [unknown], placement: null, restored, missing: models };
  }

  const isMissing = (entry: LoadedModel, now: readonly LoadedModel[]) =>
    evictedBetween([entry], now, '', clock.now()).length > 0;
  const lost = others.filter((other) => isMissing(other, loaded));
  const newcomer = findLoaded(loaded, model);

  if (was === null && newcomer !== null && lost.length > 0) {
    // It is not where it was wanted, and its VRAM is needed for the models that it evicted.
    await attempt(model, async () => {
      await server.unload(model, signal);
      await pollUntilUnloaded({ clock, server, signal }, model);
    });
  }
  const todo = [...lost];
  if (was !== null && needsReload(was, newcomer, lost.length > 0)) todo.push(was);
  else if (was !== null && newcomer !== null && unloadRequested) {
    // It still answers requests and would be unloaded after them: renew its keep-alive.
    await attempt(was.name, () => renew(was));
  }
  for (const entry of inOrder(todo, loaded)) {
    await attempt(entry.name, async () => {
      // Another client may have loaded it by now, or its time has expired.
      if (entry !== was && !isMissing(entry, await server.loaded(signal))) return;
      await loadAsBefore(entry);
    });
  }
  return report();

  function needsReload(entry: LoadedModel, now: LoadedModel | null, othersLost: boolean): boolean {
    if (now === null) return isMissing(entry, loaded);
    return hasLessOnGpu(now, entry) || (othersLost && placementOf(now) !== placementOf(entry));
  }

  async function attempt(name: string, act: () => Promise<void>): Promise<void> {
    try {
      const blocked = deps.blocked();
      if (blocked === null) await act();
      else failures.set(name, blocked);
    } catch (error) {
      failures.set(name, failureMessage(error));
    }
  }

  async function load(
    entry: LoadedModel,
    options: { layers: 'auto' | 'cpu'; contextLength?: number | undefined },
  ): Promise<void> {
    const { contextLength, layers } = options;
    const keepAliveSeconds =
      entry.expiresAt === null ? -1 : Math.max(1, Math.ceil((entry.expiresAt - clock.now()) / 1000));
    const sent = { layers, keepAliveSeconds, ...(contextLength === undefined ? {} : { contextLength }) };
    await withDeadline(clock, LOAD_MS, signal, (limited) =>
      deps.watchLoad(entry.name, () => server.load(entry.name, sent, limited)),
    );
  }

  async function contextsOf(entry: LoadedModel) {
    const described = await server.describe(entry.name, signal).catch(() => null);
    const trained = described?.contextLength ?? null;
    const toSend = contextToSend({
      loadedContext: entry.contextLength,
      trainedContext: trained,
      totalVramBytes: request.node.vram.totalBytes,
    });
    return { toSend, trained };
  }

  /** Renews the keep-alive of a loaded model. Without exactly its context, the server would load it again. */
  async function renew(entry: LoadedModel): Promise<void> {
    const { toSend, trained } = await contextsOf(entry);
    const contextLength = entry.contextLength === trained ? toSend : (entry.contextLength ?? undefined);
    await load(entry, { layers: 'auto', contextLength });
  }

  async function loadAsBefore(entry: LoadedModel): Promise<void> {
    let back = await loadOnce(entry);
    if (back !== null && hasLessOnGpu(back, entry)) {
      // The driver frees the VRAM of models that were just unloaded with a delay: try once more after that.
      await clock.sleep(RECOVER_MS, signal);
      await server.unload(entry.name, signal);
      await pollUntilUnloaded({ clock, server, signal }, entry.name);
      back = await loadOnce(entry);
    }
    if (back === null) throw new PilotlightError('MOVE_FAILED', { message: fact('LOADED_MODEL_MISSING') });
    if (!sameModelName(entry.name, model)) restored.push(entry.name);
  }

  async function loadOnce(entry: LoadedModel): Promise<LoadedModel | null> {
    const place = placementOf(entry);
    const layers = place === 'cpu' ? 'cpu' : 'auto';
    await load(entry, { layers, contextLength: (await contextsOf(entry)).toSend });
    const { model: back } = await pollUntilPlaced({ clock, server, signal }, entry.name, place);
    if (back === null || entry.contextLength === null || back.contextLength === entry.contextLength)
      return back;
    await load(entry, { layers, contextLength: entry.contextLength });
    return (await pollUntilPlaced({ clock, server, signal }, entry.name, place)).model;
  }

  async function report(): Promise<Restored> {
    let now: LoadedModel[];
    try {
      now = await server.loaded(signal);
    } catch (error) {
      for (const entry of lost) failures.set(entry.name, failureMessage(error));
      now = loaded;
    }
    const current = findLoaded(now, model);
    const missing = before.loaded.filter((entry) => isMissing(entry, now)).map((entry) => entry.name);
    const back = restored.filter((name) => !missing.includes(name));
    const lower = before.loaded.flatMap((entry) => {
      const found = findLoaded(now, entry.name);
      return found !== null && hasLessOnGpu(found, entry) ? [found] : [];
    });
    const messages: Message[] = [];
    if (was !== null && current !== null && !hasLessOnGpu(current, was)) {
      messages.push(fact('STILL_THERE', { placement: placementOf(current) }));
    } else if (was === null && current !== null) messages.push(locationMessage(current));
    if (back.length > 0) messages.push(fact('MODELS_RELOADED', { models: back }));
    for (const entry of lower) {
      messages.push(fact('LESS_ON_GPU', { model: entry.name, location: locationMessage(entry) }));
    }
    if (missing.length > 0) {
      const models = missing.map((name) => ({ name, failure: failures.get(name) ?? null }));
      messages.push(fact('MODELS_NOT_RELOADED', { models }));
    }
    return { messages, placement: placementOrNull(current), restored: back, missing };
  }
}

/** The loaded models, once the list has not changed for a while. Rejects if the server is unreachable. */
async function settled(deps: MoveDependencies, { server, node, by }: MoveRequest): Promise<LoadedModel[]> {
  const { clock, restoreSignal: signal } = deps;
  // A job can use other machines.
  const reachUntil = clock.monotonic() + (by === 'job' ? 0 : REACH_MS);
  let last: LoadedModel[] | null = null;
  let since = 0;
  for (;;) {
    try {
      if (!deps.serving()) {
        throw new PilotlightError('HOST_UNREACHABLE', {
          message: fact('NODE_NOT_SERVING', { node: node.name }),
        });
      }
      const loaded = await server.loaded(signal);
      if (last === null || !sameModels(last, loaded)) since = clock.monotonic();
      last = loaded;
      if (clock.monotonic() - since >= SETTLE_MS) return loaded;
    } catch (error) {
      signal.throwIfAborted();
      if (clock.monotonic() >= reachUntil) throw error;
      last = null;
      await clock.sleep(REACH_POLL_MS, signal);
      continue;
    }
    await clock.sleep(POLL_MS, signal);
  }
}

/**
 * First the models that are loaded in the wrong place. Then the largest in VRAM, because Ollama loads a model next to
 * others only if it leaves part of the free VRAM. Last the models of the CPU, which count as loaded models, too.
 */
function inOrder(todo: readonly LoadedModel[], loaded: readonly LoadedModel[]): LoadedModel[] {
  const present = (entry: LoadedModel) => Number(findLoaded(loaded, entry.name) !== null);
  return todo.toSorted((one, other) => present(other) - present(one) || other.vramBytes - one.vramBytes);
}

function sameModels(one: readonly LoadedModel[], other: readonly LoadedModel[]): boolean {
  return one.length === other.length && one.every((model) => findLoaded(other, model.name) !== null);
}
