/**
 * Starts the agent of this machine: the installed program itself, in this process, or a newer one that a panel sent, as
 * a child. It belongs to whoever installed it, and no panel can replace it; it starts only what a release vouches for
 * that its keys signed. A new program has to prove itself, or the one before it is put back.
 */
import type { Clock } from '../../adapters/agent-host/types.ts';
import { LISTEN_MS, PROVE_MS } from './guard-times.ts';
import { beginTrial, chooseProgram, endTrial, type SentProgram, type UpdateRecord } from './record.ts';
import type { UpdateStore } from './store.ts';

/** How an agent that ran here ended: it was asked to, or a new program is to take its place. */
export interface RunEnd {
  replaceWith: SentProgram | null;
}

export interface GuardedChild {
  onListening(listener: () => void): void;
  onStart(listener: (program: SentProgram) => void): void;
  /** Asks it to end. */
  stop(): void;
  kill(): void;
  /** With its exit code; null if a signal ended it. */
  ended: Promise<number | null>;
}

export interface GuardOptions {
  store: UpdateStore;
  /** The version of this program. */
  installed: string;
  clock: Pick<Clock, 'now' | 'timer'>;
  /** Resolves when it ended gracefully; rejects as `startAgent` does. */
  runHere(): Promise<RunEnd>;
  startChild(path: string): GuardedChild;
  /** Aborts when this process is to end. */
  stopping: AbortSignal;
  log(message: string): void;
}

/** One that is to end is killed after this time. */
const STOP_MS = 10_000;

/** Resolves with the exit code of this process. */
export async function runGuarded(options: GuardOptions): Promise<number> {
  const { store, installed, clock, log, stopping } = options;

  function keep(record: UpdateRecord): void {
    store.create();
    store.save(record);
  }

  for (;;) {
    const now = clock.now();
    const before = store.read();
    const { program, isTrial, record } = chooseProgram(before, { installed, now, isIntact: store.isIntact });
    if (JSON.stringify(before) !== JSON.stringify(record)) keep(record);
    if (before.trial !== null && !isTrial)
      log(`update: ${before.trial.program.version} is not used (${record.last?.code})`);
    // Not while a panel sends a new one: no agent runs now.
    store.sweep(record);
    const end =
      program === null
        ? { ...(await options.runHere()), code: 0 }
        : await runChild(options, { program, isTrial, keep });
    if (end === 'again') continue;
    if (stopping.aborted || end.replaceWith === null) return end.code;
    // A version that is on trial has itself been replaced, so it has served.
    const served = isTrial
      ? endTrial(store.read(), { installed, now: clock.now(), code: null })
      : store.read();
    keep(beginTrial(served, end.replaceWith));
  }
}

interface Child {
  program: SentProgram;
  isTrial: boolean;
  keep(record: UpdateRecord): void;
}

async function runChild(
  { store, installed, clock, startChild, stopping, log }: GuardOptions,
  { program, isTrial, keep }: Child,
): Promise<(RunEnd & { code: number }) | 'again'> {
  const child = startChild(store.pathOf(program));
  let next: SentProgram | null = null;
  let failure: string | null = null;
  let isProved = !isTrial;
  let killing: { cancel(): void } | null = null;

  function end(): void {
    child.stop();
    killing ??= clock.timer(STOP_MS, () => child.kill());
  }
  function settle(code: string | null): void {
    keep(endTrial(store.read(), { installed, now: clock.now(), code }));
  }
  let waiting = isTrial
    ? clock.timer(LISTEN_MS, () => {
        failure = 'NEVER_LISTENED';
        end();
      })
    : null;
  child.onListening(() => {
    if (isProved || failure !== null) return;
    waiting?.cancel();
    waiting = clock.timer(PROVE_MS, () => {
      isProved = true;
      settle(null);
      log(`update: ${program.version} is well and stays`);
    });
  });
  child.onStart((wanted) => {
    next = wanted;
    end();
  });
  stopping.addEventListener('abort', end);
  if (stopping.aborted) end();

  const code = await child.ended;
  waiting?.cancel();
  (killing as { cancel(): void } | null)?.cancel();
  stopping.removeEventListener('abort', end);
  if (next !== null) return { replaceWith: next, code: 0 };
  // An agent ends with 0 only if it was asked to: then its machine is going off, and its trial continues later.
  if (isProved || stopping.aborted || (code === 0 && failure === null))
    return { replaceWith: null, code: code ?? 1 };
  settle(failure ?? 'ENDED');
  log(
    `update: ${program.version} failed (${failure ?? `it ended with ${code}`}); the version before it is put back`,
  );
  return 'again';
}
