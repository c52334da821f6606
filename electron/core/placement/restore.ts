/** Puts a node back as it was before a move that failed: each model with its own place, context and time. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { LoadedModel, Placement } from '../../../shared/models/placement.ts';
import { gpuShareOf, placementOf, sameModelName } from '../fleet/model-placement.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { contextToSend } from './fit.ts';
import { LOAD_STALL_MS } from './loads.ts';
import { type Before, type MoveDependencies, type MoveRequest, placementOrNull } from './move.ts';
import { errorSentence, listNames, placementWords, vanishedSentence, whereSentence } from './move-message.ts';
import { evictedBetween, findLoaded, lookUntilGone, lookUntilPlaced } from './verify.ts';

export interface PutBack {
  /** What was put back and what could not be, with a space before it; empty when nothing had changed. */
  sentence: string;
  /** Where the moved model is now. */
  placement: Placement | null;
  restored: string[];
  missing: string[];
}

/** A server that unloads for an aborted load takes a moment: what it shows is believed when it stays so. */
const SETTLE_MS = 1500;
const POLL_MS = 250;
/** How long Ollama itself waits for VRAM to come back. */
const RECOVER_MS = 5000;
/** How long a server that was cut off, or that starts again, is waited for. */
const REACH_MS = 15_000;
const REACH_POLL_MS = 1000;
/** A load back is given up only after the server itself would have given it up. */
const LOAD_MS = LOAD_STALL_MS + 60_000;
/** A part of the model that is smaller than this is no loss. */
const SHARE_TOLERANCE = 0.01;

/** Whether a model has less on the GPU than before. */
export function hasLess(now: LoadedModel, was: LoadedModel): boolean {
  return gpuShareOf(now) < gpuShareOf(was) - SHARE_TOLERANCE;
}

/** Never throws. `unloadAsked`: the server was asked to unload the moved model, and may still do so. */
export async function putBack(
  deps: MoveDependencies,
  request: MoveRequest,
  before: Before,
  unloadAsked: boolean,
): Promise<PutBack> {
  const { server, model } = request;
  const { clock, restoreSignal: signal } = deps;
  const was = before.current;
  const others = before.loaded.filter((other) => !sameModelName(other.name, model));
  const failures = new Map<string, string>();
  const restored: string[] = [];

  let loaded: LoadedModel[];
  try {
    loaded = await (before.loaded.length === 0 ? server.loaded(signal) : settled(deps, request));
  } catch (error) {
    const names = before.loaded.map((entry) => entry.name);
    const unknown =
      names.length === 0
        ? ''
        : ` It is not known whether ${listNames(names)} ${areOrIs(names)} still loaded:`;
    return { sentence: `${unknown} ${errorSentence(error)}`, placement: null, restored, missing: names };
  }

  const isMissing = (entry: LoadedModel, now: readonly LoadedModel[]) =>
    evictedBetween([entry], now, '', clock.now()).length > 0;
  const lost = others.filter((other) => isMissing(other, loaded));
  const newcomer = findLoaded(loaded, model);

  if (was === null && newcomer !== null && lost.length > 0) {
    // It took the place of others and is not where it was wanted: their place is theirs.
    await attempt(model, async () => {
      await server.unload(model, signal);
      await lookUntilGone({ clock, server, signal }, model);
    });
  }
  const todo = [...lost];
  if (was !== null && needsReload(was, newcomer, lost.length > 0)) todo.push(was);
  else if (was !== null && newcomer !== null && unloadAsked) {
    // It still answers requests, and would be unloaded after them: its time is given back.
    await attempt(was.name, () => renew(was));
  }
  for (const entry of inOrder(todo, loaded)) {
    await attempt(entry.name, async () => {
      // Another client may have used it meanwhile, or its time has run out.
      if (entry !== was && !isMissing(entry, await server.loaded(signal))) return;
      await loadAsBefore(entry);
    });
  }
  return report();

  function needsReload(entry: LoadedModel, now: LoadedModel | null, othersLost: boolean): boolean {
    if (now === null) return isMissing(entry, loaded);
    return hasLess(now, entry) || (othersLost && placementOf(now) !== placementOf(entry));
  }

  async function attempt(name: string, act: () => Promise<void>): Promise<void> {
    try {
      const blocked = deps.blocked();
      if (blocked === null) await act();
      else failures.set(name, blocked);
    } catch (error) {
      failures.set(name, errorSentence(error));
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

  /** Gives a loaded model its time again. Without the very context that it has, it would be loaded again for it. */
  async function renew(entry: LoadedModel): Promise<void> {
    const { toSend, trained } = await contextsOf(entry);
    const contextLength = entry.contextLength === trained ? toSend : (entry.contextLength ?? undefined);
    await load(entry, { layers: 'auto', contextLength });
  }

  async function loadAsBefore(entry: LoadedModel): Promise<void> {
    let back = await loadOnce(entry);
    if (back !== null && hasLess(back, entry)) {
      // The driver gives back the VRAM of what was just unloaded with a delay: once more after that.
      await clock.sleep(RECOVER_MS, signal);
      await server.unload(entry.name, signal);
      await lookUntilGone({ clock, server, signal }, entry.name);
      back = await loadOnce(entry);
    }
    if (back === null) throw new PilotlightError('MOVE_FAILED', { message: vanishedSentence });
    if (!sameModelName(entry.name, model)) restored.push(entry.name);
  }

  async function loadOnce(entry: LoadedModel): Promise<LoadedModel | null> {
    const place = placementOf(entry);
    const layers = place === 'cpu' ? 'cpu' : 'auto';
    await load(entry, { layers, contextLength: (await contextsOf(entry)).toSend });
    const { model: back } = await lookUntilPlaced({ clock, server, signal }, entry.name, place);
    if (back === null || entry.contextLength === null || back.contextLength === entry.contextLength)
      return back;
    await load(entry, { layers, contextLength: entry.contextLength });
    return (await lookUntilPlaced({ clock, server, signal }, entry.name, place)).model;
  }

  async function report(): Promise<PutBack> {
    let now: LoadedModel[];
    try {
      now = await server.loaded(signal);
    } catch (error) {
      for (const entry of lost) failures.set(entry.name, errorSentence(error));
      now = loaded;
    }
    const current = findLoaded(now, model);
    const missing = before.loaded.filter((entry) => isMissing(entry, now)).map((entry) => entry.name);
    const back = restored.filter((name) => !missing.includes(name));
    const lower = before.loaded.flatMap((entry) => {
      const found = findLoaded(now, entry.name);
      return found !== null && hasLess(found, entry) ? [found] : [];
    });
    const sentences = [
      was !== null && current !== null && !hasLess(current, was)
        ? ` It is ${placementWords(placementOf(current))}, as before.`
        : was === null && current !== null
          ? ` ${whereSentence(current)}`
          : '',
      back.length > 0 ? ` ${listNames(back)} ${wereOrWas(back)} loaded again.` : '',
      ...lower.map((entry) => ` ${entry.name} has less on the GPU than before. ${whereSentence(entry)}`),
      missing.length > 0 ? ` ${listNames(missing)} could not be loaded again.` : '',
      ...missing.flatMap((name) => {
        const why = failures.get(name);
        return why === undefined ? [] : [` ${name}: ${why}`];
      }),
    ];
    return { sentence: sentences.join(''), placement: placementOrNull(current), restored: back, missing };
  }
}

/** What the server shows, once it has not changed for a while. Throws when it cannot be reached. */
async function settled(deps: MoveDependencies, { server, node, by }: MoveRequest): Promise<LoadedModel[]> {
  const { clock, restoreSignal: signal } = deps;
  // A job has other machines to go to.
  const reachUntil = clock.monotonic() + (by === 'job' ? 0 : REACH_MS);
  let last: LoadedModel[] | null = null;
  let since = 0;
  for (;;) {
    try {
      if (!deps.serving()) {
        throw new PilotlightError('HOST_UNREACHABLE', { message: `${node.name} is not serving now.` });
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
 * First what holds VRAM in a place that is not its own; then the largest, for Ollama lets a model in beside others
 * only if it leaves a part of what is free; last what belongs on the CPU, which counts as another model too.
 */
function inOrder(todo: readonly LoadedModel[], loaded: readonly LoadedModel[]): LoadedModel[] {
  const present = (entry: LoadedModel) => Number(findLoaded(loaded, entry.name) !== null);
  return todo.toSorted((one, other) => present(other) - present(one) || other.vramBytes - one.vramBytes);
}

function sameModels(one: readonly LoadedModel[], other: readonly LoadedModel[]): boolean {
  return one.length === other.length && one.every((model) => findLoaded(other, model.name) !== null);
}

const areOrIs = (names: readonly string[]) => (names.length === 1 ? 'is' : 'are');
const wereOrWas = (names: readonly string[]) => (names.length === 1 ? 'was' : 'were');
