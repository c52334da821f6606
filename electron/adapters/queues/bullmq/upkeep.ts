/**
 * Looks for leases that ended. A lease that ended while the server could not be reached, or while this computer slept,
 * is no sign of a dead worker: it gets the time of its lease to renew it.
 */
import type { createAttempts } from './attempts.ts';
import type { RedisWorld } from './redis-world.ts';

export interface Upkeep {
  start(): void;
  stopped(): Promise<void>;
}

/** How long workers get after a break, milliseconds. */
const GRACE_MS = 30_000;
/** A clock that went so much further than time passed: this computer slept. */
const JUMP_MS = 10_000;

export function createUpkeep(options: {
  world: RedisWorld;
  attempts: Pick<ReturnType<typeof createAttempts>, 'endLost' | 'giveBackOrphans'>;
  checkMs: number;
  signal: AbortSignal;
  /** The server answers again. */
  onReady(): void;
}): Upkeep {
  const { world, attempts, checkMs, signal } = options;
  const { clock, log, redis } = world;
  let graceUntil = Number.NEGATIVE_INFINITY;
  let running: Promise<void> = Promise.resolve();

  async function loop(): Promise<void> {
    let wall = clock.now();
    let passed = clock.monotonic();
    while (!signal.aborted) {
      await clock.sleep(checkMs, signal).catch(() => {});
      if (signal.aborted) return;
      if (clock.now() - wall - (clock.monotonic() - passed) > JUMP_MS)
        graceUntil = clock.monotonic() + GRACE_MS;
      wall = clock.now();
      passed = clock.monotonic();
      if (passed < graceUntil || redis.client.status !== 'ready') continue;
      try {
        await attempts.endLost();
      } catch (error) {
        log.debug('Ended leases could not be looked for.', { error: String(error) });
      }
    }
  }

  return {
    start() {
      running = loop();
      redis.client.on('close', () => {
        graceUntil = Number.POSITIVE_INFINITY;
      });
      redis.client.on('ready', () => {
        graceUntil = clock.monotonic() + GRACE_MS;
        attempts
          .giveBackOrphans()
          .catch(() => {})
          .then(() => options.onReady());
      });
    },
    stopped: () => running,
  };
}
