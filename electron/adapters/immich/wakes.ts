/** One wake for any number of requests that wait for it. */
import type { DoorBackend, DoorWake } from '../../core/ports/immich-door.ts';
import type { Clock } from '../../core/ports/time.ts';

export interface Joined extends Disposable {
  /** It has ended, well or not: `onWake` has been called with how. */
  isOver(): boolean;
}

export interface WakeFailure {
  reason: string;
  /** Another try would fail as well until a person changes something. */
  isFinal: boolean;
  /** How long it rests still. */
  restMs: number;
}

export interface Wakes {
  /**
   * Joins the wake of this machine, or begins it. The machine is kept awake until everyone who joined has left; a wake
   * is given up when the last of them has left.
   */
  join(machine: { id: string; name: string }): Joined;
  /** Begins it for later requests, if it does not run already. */
  begin(machine: { id: string; name: string }): void;
  /** Its last wake failed a moment ago; null if it may be tried. */
  failure(id: string): WakeFailure | null;
  last(): DoorWake | null;
  stop(): void;
}

interface Running {
  joined: number;
  isOver: boolean;
  /** It was begun for later requests, and counts as joined. */
  isInBackground: boolean;
  giveUp: AbortController;
  lease: Disposable | null;
}

/** After a failure the machine rests for this long. Requests go on waiting, unless the failure is final. */
const REST_MS = 30_000;
const FINAL: ReadonlySet<unknown> = new Set(['WAKE_NOT_ALLOWED', 'CANNOT_WAKE', 'NO_RUNNER', 'NOT_FOUND']);

export function createWakes({
  clock,
  backend,
  onWake,
}: {
  clock: Pick<Clock, 'now' | 'monotonic'>;
  backend: Pick<DoorBackend, 'wake'>;
  onWake(wake: DoorWake): void;
}): Wakes {
  const running = new Map<string, Running>();
  const failures = new Map<string, { reason: string; isFinal: boolean; until: number }>();
  let last: DoorWake | null = null;

  function start({ id, name }: { id: string; name: string }): Running {
    const note = (outcome: DoorWake['outcome'], reason: string | null = null) => {
      last = { nodeId: id, name, at: clock.now(), outcome, reason };
      onWake(last);
    };
    const giveUp = new AbortController();
    const wake: Running = { joined: 0, isOver: false, isInBackground: false, giveUp, lease: null };
    running.set(id, wake);
    failures.delete(id);
    note('running');
    backend.wake(id, giveUp.signal).then(
      (lease) => {
        wake.isOver = true;
        if (giveUp.signal.aborted) {
          lease[Symbol.dispose]();
          return note('abandoned');
        }
        wake.lease = lease;
        note('awake');
        if (wake.isInBackground) leave(id, wake);
      },
      (error: unknown) => {
        wake.isOver = true;
        if (running.get(id) === wake) running.delete(id);
        if (giveUp.signal.aborted) return note('abandoned');
        const reason = error instanceof Error ? error.message : String(error);
        const isFinal = FINAL.has((error as { code?: unknown } | null)?.code);
        failures.set(id, { reason, isFinal, until: clock.monotonic() + REST_MS });
        note('failed', reason);
      },
    );
    return wake;
  }

  function end(id: string, wake: Running): void {
    if (running.get(id) === wake) running.delete(id);
    if (!wake.isOver) wake.giveUp.abort(new Error('It is not needed any more.'));
    wake.lease?.[Symbol.dispose]();
  }

  function leave(id: string, wake: Running): void {
    wake.joined -= 1;
    if (wake.joined === 0) end(id, wake);
  }

  return {
    join(machine) {
      const wake = running.get(machine.id) ?? start(machine);
      wake.joined += 1;
      let hasLeft = false;
      return {
        isOver: () => wake.isOver,
        [Symbol.dispose]() {
          if (hasLeft) return;
          hasLeft = true;
          leave(machine.id, wake);
        },
      };
    },
    begin(machine) {
      if (running.has(machine.id)) return;
      const wake = start(machine);
      wake.joined += 1;
      wake.isInBackground = true;
    },
    failure(id) {
      const found = failures.get(id);
      const restMs = (found?.until ?? 0) - clock.monotonic();
      if (found === undefined || restMs <= 0) return null;
      return { reason: found.reason, isFinal: found.isFinal, restMs };
    },
    last: () => last,
    stop() {
      for (const [id, wake] of [...running]) end(id, wake);
    },
  };
}
