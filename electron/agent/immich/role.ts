/** The door for Immich on a machine that is always on, such as a NAS, for a GPU machine that sleeps. */
import type { Clock, Timer } from '../../adapters/agent-host/types.ts';
import { openDoor } from '../../adapters/immich/door.ts';
import type { DoorBackend, OpenDoor, PredictNeed, PredictPlace } from '../../adapters/immich/types.ts';
import { errorText } from '../errors.ts';
import type { ImmichConfig } from './config.ts';
import { createMachine } from './machine.ts';
import { createWatchedRunner, type WatchedRunner } from './watched-runner.ts';

export interface ImmichRoleOptions {
  config: ImmichConfig;
  /** The address at which the agent listens. */
  bind: string;
  /** Of this agent. */
  id: string;
  clock: Clock;
  /** Sends a wake packet. */
  wake(mac: string): Promise<unknown>;
  /** The runner's process on this machine; null while there is none. */
  local(): { port: number; token: string } | null;
  log(message: string): void;
  onOpen?(door: OpenDoor): void;
}

const UP_PROBE_MS = 15_000;
/** A machine that sleeps is left in peace. */
const DOWN_PROBE_MS = 60_000;
const RETRY_MS = 15_000;
const noop: Disposable = { [Symbol.dispose]() {} };

const has = (runner: WatchedRunner, { graphs }: PredictNeed) =>
  graphs.every((graph) => runner.graphs()?.includes(graph) ?? false);

export function startImmichRole(options: ImmichRoleOptions): { stop(): void } {
  const { config, bind, id, clock, log } = options;
  const { upstream: url, token, holdSeconds, cpuMeanwhile, bodyBudgetMb, ocrUrl, allowed } = config;
  const upstream = { url, token };
  const holdMs = holdSeconds * 1000;
  const listeners = new Set<() => void>();
  const onChange = () => {
    for (const listener of [...listeners]) listener();
  };
  const localAddress = () => {
    const found = options.local();
    return found === null ? null : { url: `http://127.0.0.1:${found.port}`, token: found.token };
  };
  const far = createWatchedRunner({ address: () => upstream, onChange });
  const near = createWatchedRunner({ address: localAddress, onChange });
  const { mac } = config;
  const machine = createMachine({
    ...{ upstream, runner: far, mac, id, clock, log },
    wakePacket: options.wake,
    timeoutMs: holdMs,
  });
  let opened: OpenDoor | null = null;
  let stopped = false;
  const timers = new Set<Timer>();

  function later(ms: number, act: () => void): void {
    const timer = clock.timer(ms, () => {
      timers.delete(timer);
      if (!stopped) act();
    });
    timers.add(timer);
  }
  async function watch(runner: WatchedRunner, downMs: number): Promise<void> {
    await runner.probe();
    if (!stopped) later(runner.serves() ? UP_PROBE_MS : downMs, () => void watch(runner, downMs));
  }

  function farPlace(): PredictPlace {
    return {
      ...{ id: 'upstream', name: new URL(url).host, here: false, fallback: false, ...upstream },
      begin: machine.hold,
      ended(ok) {
        if (ok) return;
        far.lost();
        void far.probe();
      },
    };
  }

  function nearPlaces(need: PredictNeed): PredictPlace[] {
    const address = localAddress();
    if (address === null || !near.serves() || !has(near, need)) return [];
    const fallback = far.graphs() === null || has(far, need);
    return [
      { id: 'here', name: 'this machine', here: true, fallback, ...address, begin: () => noop, ended() {} },
    ];
  }

  const backend: DoorBackend = {
    places: (need) => [...(far.serves() && has(far, need) ? [farPlace()] : []), ...nearPlaces(need)],
    sleepers: (need) =>
      far.serves() || (far.graphs() !== null && !has(far, need))
        ? []
        : [{ id: 'upstream', name: new URL(url).host }],
    missing: (need) =>
      far.graphs() === null
        ? []
        : need.graphs.filter((graph) => ![far, near].some((one) => one.graphs()?.includes(graph))),
    async wake(_, signal) {
      const held = machine.hold();
      try {
        await machine.wake(signal);
        return held;
      } catch (error) {
        held[Symbol.dispose]();
        throw error;
      }
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };

  async function open(): Promise<void> {
    try {
      const door = await openDoor({
        // Only this machine may connect, unless the configuration lists others.
        listen: { host: allowed === 'anyone' || allowed.length > 0 ? bind : '127.0.0.1', port: config.port },
        rules: () => ({
          holdMs,
          ...{ cpuMeanwhile, ocrUrl },
          budgetBytes: bodyBudgetMb * 1024 * 1024,
          allowed: allowed === 'anyone' ? null : allowed,
        }),
        backend,
        clock,
        onChange() {},
        onMissing: (graph) => log(`immich: no runner has ${graph}`),
        onWake: ({ outcome, reason }) =>
          log(`immich: wake of ${new URL(url).host}: ${outcome}${reason === null ? '' : ` (${reason})`}`),
        log: (message, details) => log(`immich: ${message} ${JSON.stringify(details)}`),
      });
      if (stopped) return void door.close();
      opened = door;
      log(`immich: listens on port ${door.port}`);
      options.onOpen?.(door);
    } catch (error) {
      log(`immich: cannot listen on port ${config.port}: ${errorText(error)}; tries again`);
      later(RETRY_MS, () => void open());
    }
  }

  void watch(far, DOWN_PROBE_MS);
  void watch(near, UP_PROBE_MS);
  void open();

  return {
    stop() {
      stopped = true;
      for (const timer of timers) timer.cancel();
      machine.stop();
      void opened?.close();
    },
  };
}
