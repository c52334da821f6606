/** The GPU machine behind the door of an agent: wakes it, and keeps it awake with a lease at its own agent. */
import { agentApi } from '../../../shared/contract/agent.ts';
import type { Clock, Timer } from '../../adapters/agent-host/types.ts';
import { errorText } from '../errors.ts';
import { ask } from './ask.ts';
import type { WatchedRunner } from './watched-runner.ts';

export interface Machine {
  /** Resolves when its runner serves. Rejects with why it does not, or with the signal's reason. */
  wake(signal: AbortSignal): Promise<void>;
  /** One lease for any number of holders. It ends a minute after the last one. */
  hold(): Disposable;
  stop(): void;
}

/** Packets get lost, and a machine that is just shutting down ignores them. */
const PACKET_EVERY_MS = 5000;
const PROBE_EVERY_MS = 2000;
const LEASE_SECONDS = 120;
const RENEW_MS = 50_000;
const LINGER_MS = 60_000;

export function createMachine({
  upstream,
  runner,
  mac,
  wakePacket,
  timeoutMs,
  id,
  clock,
  log,
}: {
  upstream: { url: string; token: string };
  runner: WatchedRunner;
  mac: string | null;
  wakePacket(mac: string): Promise<unknown>;
  timeoutMs: number;
  /** Of this agent. */
  id: string;
  clock: Pick<Clock, 'monotonic' | 'timer' | 'sleep'>;
  log(message: string): void;
}): Machine {
  const lease = agentApi.lease.path.replace('{id}', `immich-${id}`);
  let holders = 0;
  let renewing: Timer | null = null;
  let ending: Timer | null = null;

  /** One that fails is tried again: while it works, the machine's runner keeps it awake as well. */
  function renew(): void {
    renewing?.cancel();
    renewing = clock.timer(RENEW_MS, renew);
    if (!runner.serves()) return;
    const body = { holder: 'Immich', purpose: 'machine learning', ttlSeconds: LEASE_SECONDS };
    ask(upstream, 'PUT', lease, { body }).catch((error: unknown) =>
      log(`immich: no lease at the machine: ${errorText(error)}`),
    );
  }

  function end(): void {
    renewing?.cancel();
    ending?.cancel();
    renewing = null;
    ending = null;
    if (runner.serves()) ask(upstream, 'DELETE', lease).catch(() => {});
  }

  /** A machine whose runner only restarts was switched on by someone else. */
  const isOn = () =>
    ask(upstream, 'GET', agentApi.policy.path).then(
      () => true,
      () => false,
    );

  /** Its policy may power it off again only in a boot in which it was woken. */
  async function noteWoken(): Promise<void> {
    try {
      const { bootId } = Object(await ask(upstream, 'GET', agentApi.policy.path));
      if (typeof bootId !== 'string') return;
      await ask(upstream, 'PUT', agentApi.woken.path, { body: { bootId, by: 'Immich' } });
    } catch (error) {
      log(`immich: the machine does not know that it was woken: ${errorText(error)}`);
    }
  }

  return {
    async wake(signal) {
      const startedAt = clock.monotonic();
      let packetAt = -Infinity;
      let problem: string | null = null;
      await runner.probe();
      const wasOn = await isOn();
      while (!runner.serves()) {
        signal.throwIfAborted();
        const now = clock.monotonic();
        if (now - startedAt >= timeoutMs) {
          throw new Error(problem ?? `Its runner did not answer within ${Math.round(timeoutMs / 1000)} s.`);
        }
        if (mac !== null && now - packetAt >= PACKET_EVERY_MS) {
          packetAt = now;
          problem = await wakePacket(mac).then(() => null, errorText);
        }
        await clock.sleep(PROBE_EVERY_MS, signal);
        await runner.probe();
      }
      if (!wasOn) await noteWoken();
      if (holders > 0) renew();
    },
    hold() {
      holders += 1;
      ending?.cancel();
      ending = null;
      if (renewing === null) renew();
      let isOver = false;
      return {
        [Symbol.dispose]() {
          if (isOver) return;
          isOver = true;
          holders -= 1;
          if (holders === 0) ending = clock.timer(LINGER_MS, end);
        },
      };
    },
    stop: end,
  };
}
