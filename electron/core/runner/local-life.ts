/** The life of this computer's runner: started when it is needed, started again when it ends, stopped when it is not allowed. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Log } from '../ports/log.ts';
import type { LocalRunner, LocalRunnerOptions, OpenRunner } from '../ports/runner.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { createChanges } from '../runtime/changes.ts';

export type LocalState =
  | { state: 'off' }
  | { state: 'starting' }
  /** `sharedFrom`: the data folder whose runner it is, if that is another one. */
  | { state: 'running'; url: string; token: string; sharedFrom: string | null }
  | { state: 'failed'; error: PilotlightError };

export interface LocalLife {
  current(): LocalState;
  /** Starts it unless it runs, or starts again soon. Does nothing if it may not run. */
  need(): void;
  /** Resolves when it runs. Rejects with RUNNER_OFF, RUNNER_NOT_STARTED, or the signal's reason. */
  ready(signal: AbortSignal): Promise<void>;
  /** Ends it until it is needed again. */
  stop(): Promise<void>;
  /** Settings have changed: it is ended if it may not run any more, and started again with new options. */
  follow(): void;
  /** Ends it for good. */
  end(): Promise<void>;
}

export interface LocalLifeOptions {
  clock: Clock;
  log: Log;
  runner: LocalRunner | null;
  /** null if it may not run. */
  wanted(): LocalRunnerOptions | null;
  onChange(): void;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 60_000;
/** A runner that ran this long has recovered. */
const HEALTHY_MS = 60_000;

export function createLocalLife(options: LocalLifeOptions): LocalLife {
  const { clock, log, runner, wanted, onChange } = options;
  const changes = createChanges();
  let current: LocalState = { state: 'off' };
  let needed = false;
  let ended = false;
  let opened: OpenRunner | null = null;
  let startedWith = '';
  let starting: { abort: AbortController; done: Promise<void> } | null = null;
  let retry: Timer | null = null;
  let pauseMs = FIRST_PAUSE_MS;

  function set(next: LocalState): void {
    current = next;
    changes.notify();
    onChange();
  }

  function fail(error: PilotlightError): void {
    set({ state: 'failed', error });
    retry?.cancel();
    retry = clock.timer(pauseMs, () => {
      retry = null;
      start();
    });
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }

  function start(): void {
    const wish = runner === null || ended ? null : wanted();
    if (runner === null || wish === null || !needed || opened !== null || starting !== null) return;
    retry?.cancel();
    retry = null;
    startedWith = JSON.stringify(wish);
    const abort = new AbortController();
    const { promise: done, resolve } = Promise.withResolvers<void>();
    // Whoever hears of it may need it at once, and must not start another one.
    starting = { abort, done };
    set({ state: 'starting' });
    void open(runner, wish, abort.signal).finally(() => {
      starting = null;
      resolve();
      // It may have been stopped, or given other options, meanwhile.
      follow();
    });
  }

  async function open(from: LocalRunner, wish: LocalRunnerOptions, signal: AbortSignal): Promise<void> {
    try {
      const found = await from.open(wish, signal);
      if (signal.aborted) return found.stop();
      opened = found;
      const since = clock.monotonic();
      found.onExit(({ code }) => {
        if (opened !== found) return;
        opened = null;
        // The program that had it has ended: that is no failure.
        if (!found.owned) {
          set({ state: 'off' });
          return start();
        }
        log.warn('The runner ended.', { code });
        if (clock.monotonic() - since >= HEALTHY_MS) pauseMs = FIRST_PAUSE_MS;
        fail(
          new PilotlightError('RUNNER_NOT_STARTED', {
            message: fact('RUNNER_ENDED', { code }),
            next: fact('RUNNER_STARTED_AGAIN'),
          }),
        );
      });
      if (opened === found) {
        const { url, token, sharedFrom } = found;
        set({ state: 'running', url, token, sharedFrom });
      }
    } catch (error) {
      if (signal.aborted) return;
      log.warn('The runner could not be started.', { error: String(error) });
      fail(isPilotlightError(error) ? error : new PilotlightError('RUNNER_NOT_STARTED', { cause: error }));
    }
  }

  async function close(): Promise<void> {
    retry?.cancel();
    retry = null;
    starting?.abort.abort(new PilotlightError('CANCELLED'));
    await starting?.done;
    const leaving = opened;
    opened = null;
    await leaving?.stop();
    // It may be needed again by now.
    if (opened === null && starting === null) set({ state: 'off' });
  }

  let following: Promise<void> | null = null;
  function follow(): void {
    if (following !== null || starting !== null) return;
    const wish = ended ? null : wanted();
    const mustStop = wish === null || !needed || JSON.stringify(wish) !== startedWith;
    if ((opened !== null || retry !== null) && mustStop) {
      following = close()
        .catch((error: unknown) => log.warn('The runner could not be stopped.', { error: String(error) }))
        .finally(() => {
          following = null;
          start();
        });
    } else if (retry === null) start();
  }

  return {
    current: () => current,
    need() {
      if (wanted() === null) return;
      needed = true;
      if (retry === null) start();
    },
    async ready(signal) {
      if (runner === null || wanted() === null) throw new PilotlightError('RUNNER_OFF');
      needed = true;
      if (current.state === 'failed') {
        retry?.cancel();
        retry = null;
      }
      start();
      for (;;) {
        signal.throwIfAborted();
        if (current.state === 'running') return;
        if (current.state === 'failed') throw current.error;
        if (wanted() === null || !needed || ended) throw new PilotlightError('RUNNER_OFF');
        await changes.wait(signal);
      }
    },
    async stop() {
      needed = false;
      pauseMs = FIRST_PAUSE_MS;
      await close();
    },
    follow,
    async end() {
      ended = true;
      needed = false;
      await close();
    },
  };
}
