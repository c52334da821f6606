/** Keeps contact with one agent: connects, listens to its stream, and retries with a back-off. */
import { eitherOf } from '../../../shared/either.ts';
import type { Clock, Random } from '../ports/time.ts';

export interface ContactLoop {
  /** Does nothing if it is running. */
  begin(): void;
  end(): void;
  /** The agent is back: skips the wait before the next attempt. */
  retryNow(): void;
  /** Resolves when everything has stopped. */
  ended(): Promise<void>;
  /** Waits `ms`, or until the signal aborts; never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export interface ContactLoopOptions {
  clock: Pick<Clock, 'sleep'>;
  random: Random;
  /** Rejects if the agent does not answer. */
  reach(signal: AbortSignal): Promise<void>;
  /** Whether the agent pushes its samples. */
  pushes(): boolean;
  /** Resolves when the stream has ended, with whether anything was received. */
  listen(signal: AbortSignal): Promise<boolean>;
  /** Reads what the agent does not push; called only while `polls` is true. */
  poll(signal: AbortSignal): Promise<void>;
  polls(): boolean;
  onFailure(error: unknown): void;
  /** Whether it refuses this core. */
  isRefused(): boolean;
}

const POLL_MS = 60_000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;
/** Retrying a wrong token is pointless, and agents throttle repeated attempts. */
const REFUSED_RETRY_MS = 600_000;
const JITTER = 0.2;

export function createContactLoop(options: ContactLoopOptions): ContactLoop {
  const { clock, random, reach, pushes, listen, polls, onFailure, isRefused } = options;
  let run: AbortController | null = null;
  let running: Promise<unknown> = Promise.resolve();
  let retry: AbortController | null = null;

  const withJitter = (ms: number) => ms * (1 - JITTER / 2 + random() * JITTER);
  const wait = (ms: number, signal: AbortSignal) => clock.sleep(ms, signal).catch(() => {});

  /** Runs for as long as the stream is open. */
  async function poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && polls()) {
      await wait(withJitter(POLL_MS), signal);
      await options.poll(signal);
    }
  }

  async function listenAndPoll(signal: AbortSignal): Promise<boolean> {
    const polling = new AbortController();
    using either = eitherOf(signal, polling.signal);
    const polled = poll(either.signal);
    const heard = await listen(signal);
    polling.abort();
    await polled;
    return heard;
  }

  async function keep(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      let waitMs = POLL_MS;
      try {
        await reach(signal);
        if (signal.aborted) return;
        if (pushes()) {
          failures = (await listenAndPoll(signal)) ? 1 : failures + 1;
          waitMs = retryMs(failures);
        } else failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        onFailure(error);
        waitMs = retryMs(failures);
      }
      if (!signal.aborted) await rest(isRefused() ? REFUSED_RETRY_MS : waitMs, signal);
    }
  }

  /** Waits for the next attempt. */
  async function rest(ms: number, signal: AbortSignal): Promise<void> {
    const called = new AbortController();
    retry = called;
    using either = eitherOf(signal, called.signal);
    await wait(withJitter(ms), either.signal);
    if (retry === called) retry = null;
  }

  return {
    begin() {
      if (run !== null) return;
      run = new AbortController();
      running = Promise.all([running, keep(run.signal)]);
    },
    end() {
      run?.abort(new DOMException('The contact was ended.', 'AbortError'));
      run = null;
    },
    retryNow: () => retry?.abort(),
    async ended() {
      await running;
    },
    wait,
  };
}

/** The wait after a number of failures in a row, milliseconds: doubles each time, up to a minute. */
function retryMs(failures: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(16, failures - 1));
}
