/** Notices that a runner has ended, or that it answers no more although its process is there. */
import type { Timer } from '../../../core/ports/time.ts';
import { isRunning } from '../is-running.ts';
import { hasToken } from './identity.ts';
import type { RunnerEndpoint } from './instance.ts';

export interface WatchRunnerOptions {
  endpoint: Pick<RunnerEndpoint, 'pid' | 'port' | 'token'>;
  /** Called once; the watch has stopped then. */
  onGone(why: 'ended' | 'hung'): void;
  /** Default: one that keeps no process alive. */
  timer?: (ms: number, fn: () => void) => Timer;
  /** For tests. */
  answers?: typeof hasToken;
  isAlive?: typeof isRunning;
}

const CHECK_EVERY_MS = 1000;
/** It is asked with every so manieth check. */
const ASK_EVERY = 5;
/** The machine may be busy with something else, or have slept. */
const MOST_SILENCES = 6;

export function watchRunner(options: WatchRunnerOptions): { stop(): void } {
  const { endpoint, onGone, timer = unheldTimer, answers = hasToken, isAlive = isRunning } = options;
  let next: Timer | null = null;
  let stopped = false;
  let checks = 0;
  let silences = 0;

  function stop(): void {
    stopped = true;
    next?.cancel();
  }
  function gone(why: 'ended' | 'hung'): void {
    stop();
    onGone(why);
  }
  async function check(): Promise<void> {
    if (!isAlive(endpoint.pid)) return gone('ended');
    checks += 1;
    if (checks % ASK_EVERY === 0) {
      silences = (await answers(endpoint)) ? 0 : silences + 1;
      if (stopped) return;
      if (silences >= MOST_SILENCES) return gone(isAlive(endpoint.pid) ? 'hung' : 'ended');
    }
    wait();
  }
  function wait(): void {
    next = timer(CHECK_EVERY_MS, () => void check());
  }
  wait();
  return { stop };
}

function unheldTimer(ms: number, fn: () => void): Timer {
  const timeout = setTimeout(fn, ms).unref();
  return { cancel: () => clearTimeout(timeout) };
}
