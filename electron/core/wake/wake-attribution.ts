/** Whether Pilotlight woke a node, in the boot that it is in now. */
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Log } from '../ports/log.ts';
import type { PowerStore } from '../ports/power-state.ts';
import type { Clock } from '../ports/time.ts';

export interface WakeAttribution {
  /** Its agent will remember it from now on, for that boot. */
  confirmed(nodeId: string, bootId: string): void;
  /**
   * null where an earlier core woke it, or this computer slept for long: it may have been off meanwhile, unless its
   * agent says which boot it is in.
   */
  byUs(nodeId: string, bootId: string | null): boolean | null;
  /** A wake that its agent has not been notified of, and is recent enough to be. */
  isUnreported(nodeId: string): boolean;
  /** This computer goes to sleep. */
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

/** A machine that comes up later than this after its wake may have been started by a person. */
const WORTH_REPORTING_MS = 15 * 60_000;
/** A machine that was unreachable for no longer was not off: the network failed for a moment. */
const BLINK_MS = 45_000;
/** A machine may have gone off and come back while this computer slept for longer. */
const DOUBT_AFTER_MS = 5 * 60_000;

type Kept = { at: number; bootId: string | null } | null;

export function createWakeAttribution(dependencies: WakeAttributionDependencies): WakeAttribution {
  const { clock, log, store } = dependencies;
  /** Nodes that this core has observed for their whole boot. */
  const watched = new Set<string>();
  const unreported = new Map<string, number>();
  /** As saved: it is read often. */
  const kept = new Map<string, Kept>();
  const offSince = new Map<string, number>();
  let pausedAt: number | null = null;

  function read(nodeId: string): Kept {
    const known = kept.get(nodeId);
    if (known !== undefined) return known;
    const woken = store.woken(nodeId);
    kept.set(nodeId, woken);
    return woken;
  }

  function keep(nodeId: string, woken: Kept): void {
    kept.set(nodeId, woken);
    try {
      store.setWoken(nodeId, woken);
    } catch (error) {
      log.warn('Who woke a machine could not be saved.', { nodeId, error: String(error) });
    }
  }

  function finish(nodeId: string): void {
    watched.delete(nodeId);
    unreported.delete(nodeId);
    if (read(nodeId)) keep(nodeId, null);
  }

  /** Another boot begins where the machine was off for longer than a network fails for a moment. */
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
      // A simulated machine comes back as it was.
      if (previous.kind !== 'simulated') finish(previous.id);
    }),
    dependencies.wakes.onWoken((nodeId, { wasSilent }) => {
      if (!wasSilent) return;
      watched.add(nodeId);
      unreported.set(nodeId, clock.now());
      keep(nodeId, { at: clock.now(), bootId: null });
    }),
  ];

  return {
    confirmed(nodeId, bootId) {
      unreported.delete(nodeId);
      const known = read(nodeId);
      if (known) keep(nodeId, { ...known, bootId });
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
      if (pausedAt !== null && clock.now() - pausedAt > DOUBT_AFTER_MS) watched.clear();
      pausedAt = null;
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}
