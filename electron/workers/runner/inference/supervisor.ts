/**
 * Keeps one inference process running: replaces it when it ended, at once if it had come up. A spare that has loaded
 * onnxruntime, but no model, takes over: to start a program is what takes long on a busy machine.
 */

import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { RunnerProvider } from '../../../../shared/models/runner.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { Clock, Timer } from '../../../core/ports/time.ts';
import { type InferenceLink, type LinkOptions, type ProcessEnded, startInference } from './link.ts';

/** One generation of the process. What was opened in it is gone with it. */
export interface Generation {
  readonly link: InferenceLink;
  /** The graphs that are open in it or being opened, by number. */
  readonly open: Map<number, Promise<void>>;
  readonly version: string;
  readonly providers: readonly RunnerProvider[];
}

export interface Supervisor {
  /** The running process, as soon as it has loaded onnxruntime. Rejects with RUNNER_NOT_INSTALLED, RUNNER_STOPPED. */
  current(): Promise<Generation>;
  /** Without waiting; null while none has come up. */
  peek(): Generation | null;
  /** Ends it; another one is started at once. */
  restart(why: string): Promise<void>;
  stop(): void;
  /** Of the running one and the spare. */
  pids(): number[];
  /** How often it was replaced. */
  restarts(): number;
}

export interface SupervisorOptions extends Omit<LinkOptions, 'timer' | 'onDefect'> {
  clock: Pick<Clock, 'timer' | 'sleep'>;
  log: Log;
  /** So long after one has come up, the spare for it is started. Default: there is none. */
  spareAfterMs?: number | undefined;
  onUp?(generation: Generation): void;
}

/** How long onnxruntime may take to load, milliseconds: a cold disk, a virus scanner. */
const LOAD_MS = 60_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** A spare that ended is not started again at once: memory may be short. */
const SPARE_AGAIN_MS = 30_000;

/** A process that is loading onnxruntime, or has. */
interface Prepared {
  link: InferenceLink;
  described: ReturnType<typeof describe>;
}
const describe = (link: InferenceLink) => link.call('describe', null, { deadlineMs: LOAD_MS });

export function superviseInference(options: SupervisorOptions): Supervisor {
  const { clock, log } = options;
  const stopping = new AbortController();
  let up: Generation | null = null;
  let running: InferenceLink | null = null;
  let runs = 0;
  let spare: Prepared | null = null;
  let spareTimer: Timer | null = null;
  let failure: unknown = null;
  let waiting: { resolve(generation: Generation): void; reject(error: unknown): void }[] = [];

  function settle(act: (one: (typeof waiting)[number]) => void): void {
    const all = waiting;
    waiting = [];
    for (const one of all) act(one);
  }

  function start(): Prepared {
    const link = startInference({
      host: options.host,
      config: options.config,
      timer: clock.timer,
      onDefect: (cause) => log.error('The inference process has a defect.', { cause }),
    });
    const described = describe(link);
    // Whoever needs it hears of it then.
    described.catch(() => {});
    return { link, described };
  }

  function prepareSpare(afterMs: number | undefined): void {
    spareTimer?.cancel();
    if (afterMs === undefined) return;
    spareTimer = clock.timer(afterMs, () => {
      if (stopping.signal.aborted || spare !== null) return;
      try {
        const prepared = start();
        spare = prepared;
        void prepared.link.ended.then(() => {
          if (spare !== prepared) return;
          spare = null;
          prepareSpare(SPARE_AGAIN_MS);
        });
      } catch (error) {
        log.warn('A spare inference process could not be started.', { error: String(error) });
        prepareSpare(SPARE_AGAIN_MS);
      }
    });
  }

  function next(): Prepared {
    const ready = spare;
    spare = null;
    runs += 1;
    return ready ?? start();
  }

  /** True if it came up. */
  async function serveOnce({ link, described }: Prepared): Promise<boolean> {
    running = link;
    try {
      const { version, providers } = await described;
      const generation: Generation = { link, open: new Map(), version, providers };
      up = generation;
      failure = null;
      options.onUp?.(generation);
      prepareSpare(options.spareAfterMs);
      settle(({ resolve }) => resolve(generation));
    } catch (error) {
      if (error instanceof PilotlightError) {
        failure = error;
        settle(({ reject }) => reject(error));
      }
    }
    const cameUp = up !== null;
    const end: ProcessEnded = await link.ended;
    up = null;
    running = null;
    if (!stopping.signal.aborted && end.reason !== 'closed')
      log.warn('The inference process ended.', { reason: end.reason, stderr: end.stderr });
    return cameUp;
  }

  async function keepRunning(): Promise<void> {
    let pauseMs = 0;
    while (!stopping.signal.aborted) {
      let cameUp = false;
      try {
        cameUp = await serveOnce(next());
      } catch (error) {
        log.error('The inference process could not be started.', { error: String(error) });
      }
      pauseMs = cameUp ? 0 : Math.min(Math.max(FIRST_PAUSE_MS, pauseMs * 2), LONGEST_PAUSE_MS);
      if (pauseMs > 0) await clock.sleep(pauseMs, stopping.signal).catch(() => {});
    }
  }
  void keepRunning();

  return {
    current() {
      if (stopping.signal.aborted) return Promise.reject(new PilotlightError('RUNNER_STOPPED'));
      if (up !== null) return Promise.resolve(up);
      if (failure !== null) return Promise.reject(failure);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    peek: () => up,
    async restart(why) {
      const link = running;
      if (link === null) return;
      log.info('The inference process is started again.', { why });
      up = null;
      link.kill();
      await link.ended;
    },
    stop() {
      stopping.abort();
      spareTimer?.cancel();
      spare?.link.kill();
      running?.kill();
      settle(({ reject }) => reject(new PilotlightError('RUNNER_STOPPED')));
    },
    pids: () => [running, spare?.link].map((link) => link?.pid).filter((pid) => pid !== undefined),
    restarts: () => Math.max(0, runs - 1),
  };
}
