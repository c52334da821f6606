/** Whether Pilotlight started the current boot of a node. */
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Log } from '../ports/log.ts';
import type { PowerStore } from '../ports/power-state.ts';
import type { Clock } from '../ports/time.ts';

export interface WakeAttribution {
  /** The node's agent has recorded that Pilotlight started this boot. */
  confirmed(nodeId: string, bootId: string): void;
  /**
   * null if unknown: a previous core woke it, or this computer slept for a long time, and no agent says which boot it is
   * in.
   */
  byUs(nodeId: string, bootId: string | null): boolean | null;
  /** Whether a recent wake has not been reported to the node's agent yet. */
  isUnreported(nodeId: string): boolean;
  /** This computer is going to sleep. */
  pause(): void;
  resume(): void;
  stop(): void;
}

export interface WakeAttributionDependencies {
  clock: Pick<Clock, 'now'>;
  log: Log;
  store: Pick<PowerStore, 'woken' | 'setWoken'>;
  fleet: Pick<FleetService, 'onChange'>;
  wakes: { onWoken(listener: (nodeId: string, woken: { wasSilent: boolean }) => void): () => void };
}

/** A machine that comes up later than this after a wake may have been started by a person. */
const WORTH_REPORTING_MS = 15 * 60_000;
/** An outage no longer than this was a network problem, not a reboot. */
const BLINK_MS = 45_000;
/** During a longer sleep of this computer, a machine may have gone off and come back unnoticed. */
const LONG_SLEEP_MS = 5 * 60_000;

type SavedWake = { at: number; bootId: string | null } | null;

export function createWakeAttribution(dependencies: WakeAttributionDependencies): WakeAttribution {
  const { clock, log, store } = dependencies;
  /** Nodes whose whole boot this core has observed. */
  const watched = new Set<string>();
  const unreported = new Map<string, number>();
  /** Cache of the store, which is read often. */
  const saved = new Map<string, SavedWake>();
  const offSince = new Map<string, number>();
  let pausedAt: number | null = null;

  function read(nodeId: string): SavedWake {
    const known = saved.get(nodeId);
    if (known !== undefined) return known;
    const woken = store.woken(nodeId);
    saved.set(nodeId, woken);
    return woken;
  }

  function save(nodeId: string, woken: SavedWake): void {
    saved.set(nodeId, woken);
    try {
      store.setWoken(nodeId, woken);
    } catch (error) {
      log.warn('Who woke a machine could not be saved.', { nodeId, error: String(error) });
    }
  }

  function finish(nodeId: string): void {
    watched.delete(nodeId);
    unreported.delete(nodeId);
    if (read(nodeId)) save(nodeId, null);
  }

  /** A node that was off for longer than a network problem lasts is in a new boot. */
  function follow({ id, state }: NodeView): void {
    if (state === 'off' && !offSince.has(id)) offSince.set(id, clock.now());
    if (!isServing(state)) return;
    const since = offSince.get(id);
    offSince.delete(id);
    if (since !== undefined && clock.now() - since > BLINK_MS) finish(id);
  }

  const stops = [
    dependencies.fleet.onChange((node, previous) => {
      if (node !== null) return follow(node);
      if (previous === null) return;
      offSince.delete(previous.id);
      // A simulated machine returns unchanged.
      if (previous.kind !== 'simulated') finish(previous.id);
    }),
    dependencies.wakes.onWoken((nodeId, { wasSilent }) => {
      if (!wasSilent) return;
      watched.add(nodeId);
      unreported.set(nodeId, clock.now());
      save(nodeId, { at: clock.now(), bootId: null });
    }),
  ];

  return {
    confirmed(nodeId, bootId) {
      unreported.delete(nodeId);
      const known = read(nodeId);
      if (known) save(nodeId, { ...known, bootId });
    },
    byUs(nodeId, bootId) {
      if (watched.has(nodeId)) return true;
      const known = read(nodeId);
      if (!known) return false;
      if (known.bootId !== null && bootId !== null) return known.bootId === bootId;
      return null;
    },
    isUnreported(nodeId) {
      const at = unreported.get(nodeId);
      return at !== undefined && clock.now() - at < WORTH_REPORTING_MS;
    },
    pause() {
      pausedAt ??= clock.now();
    },
    resume() {
      if (pausedAt !== null && clock.now() - pausedAt > LONG_SLEEP_MS) watched.clear();
      pausedAt = null;
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}
