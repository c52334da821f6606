/** The services of the core in order: started and resumed from the first, paused and stopped from the last. */
import type { Log } from '../ports/log.ts';

/** Steps that a service does not need are left out. */
export interface Service {
  start?(): void | Promise<void>;
  /** This computer is going to sleep: nothing runs by itself until `resume`. */
  pause?(): unknown;
  resume?(): void;
  /** Resolves when everything has stopped. */
  stop?(): unknown;
}

export interface Lifecycle {
  /** One service after the other; stops at the first error and rejects with it. */
  start(): Promise<void>;
  /** Resolves when all are paused. Does nothing while paused or after `stop`. */
  pause(): Promise<void>;
  /** Resumes once the pause is complete. Does nothing unless paused. */
  resume(): void;
  /** Stops every service, even if one fails. Idempotent. */
  stop(): Promise<void>;
}

export function createLifecycle(services: Readonly<Record<string, Service>>, log: Log): Lifecycle {
  const first = Object.entries(services);
  const last = [...first].reverse();
  let paused: Promise<unknown> | null = null;
  let stopping: Promise<void> | null = null;

  function failed(name: string, step: string) {
    return (error: unknown) => log.error('A service failed.', { name, step, error: String(error) });
  }

  async function stopAll(): Promise<void> {
    for (const [name, service] of last) {
      try {
        await service.stop?.();
      } catch (error) {
        failed(name, 'stop')(error);
      }
    }
  }

  return {
    async start() {
      for (const [, service] of first) await service.start?.();
    },
    async pause() {
      if (stopping) return;
      // All at once, because the computer may be asleep in a moment.
      paused ??= Promise.all(
        last.map(async ([name, service]) => {
          try {
            await service.pause?.();
          } catch (error) {
            failed(name, 'pause')(error);
          }
        }),
      );
      await paused;
    },
    resume() {
      if (paused === null || stopping) return;
      const complete = paused;
      paused = null;
      void complete.then(() => {
        if (paused !== null || stopping) return;
        for (const [name, service] of first) {
          try {
            service.resume?.();
          } catch (error) {
            failed(name, 'resume')(error);
          }
        }
      });
    },
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}
