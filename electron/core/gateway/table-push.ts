/** Sends each changed table to the gateway's process: one at a time, and never more than four a second by itself. */
import { sameValue } from '../fleet/equal.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Timer } from '../ports/time.ts';
import type { GatewayTable } from './model.ts';

export interface TablePush {
  /** Something changed that routes may depend on; sent together with what else changes soon. */
  soon(): void;
  /** The same, but sent at once. */
  now(): void;
  /** Resolves when the process uses a table with everything that has changed until now, or has no table at all. */
  applied(): Promise<void>;
  /** A process has started, or was found with the table of this version: it is sent one. */
  begin(version: number): void;
  /** There is no process. */
  end(): void;
  /** Of the last table that the process confirmed; null for none. */
  readonly version: number | null;
}

const LEAST_MS = 250;
const RETRY_MS = 1000;

export function createTablePush({
  clock,
  log,
  build,
  send,
  onApplied,
}: {
  clock: Pick<Clock, 'now' | 'monotonic' | 'timer'>;
  log: Log;
  build(): Omit<GatewayTable, 'version'>;
  send(table: GatewayTable): Promise<void>;
  onApplied(): void;
}): TablePush {
  let isRunning = false;
  /** Changes that were asked to be sent, sent and confirmed, counted. */
  let wanted = 0;
  let confirmed = 0;
  let sending = false;
  let urgent = false;
  let timer: Timer | null = null;
  let sentAt = Number.NEGATIVE_INFINITY;
  let last: Omit<GatewayTable, 'version'> | null = null;
  let lastVersion = 0;
  let version: number | null = null;
  let waiting: { until: number; resolve(): void }[] = [];

  function release(): void {
    const done = waiting.filter(({ until }) => !isRunning || until <= confirmed);
    waiting = waiting.filter((one) => !done.includes(one));
    for (const { resolve } of done) resolve();
  }

  function plan(): void {
    if (!isRunning || sending || confirmed === wanted) return;
    timer?.cancel();
    const waitMs = urgent ? 0 : Math.max(0, sentAt + LEAST_MS - clock.monotonic());
    if (waitMs === 0) void push();
    else timer = clock.timer(waitMs, () => void push());
  }

  /** Later than every table of an earlier core, unless the clock was set back; then the process's own version counts. */
  function nextVersion(): number {
    lastVersion = Math.max(lastVersion + 1, clock.now());
    return lastVersion;
  }

  async function push(): Promise<void> {
    timer?.cancel();
    timer = null;
    if (!isRunning || sending) return;
    urgent = false;
    const until = wanted;
    const content = build();
    if (last !== null && sameValue(content, last)) {
      confirmed = until;
      release();
      return;
    }
    sending = true;
    sentAt = clock.monotonic();
    const table = { version: nextVersion(), ...content };
    const failed = await send(table).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    sending = false;
    if (failed === null && isRunning) {
      last = content;
      confirmed = until;
      version = table.version;
      release();
      onApplied();
    } else if (isRunning) {
      log.warn('The gateway did not take its table.', { error: String(failed?.error) });
      timer = clock.timer(RETRY_MS, plan);
      return;
    }
    plan();
  }

  function now(): void {
    wanted += 1;
    urgent = true;
    plan();
  }

  return {
    soon() {
      wanted += 1;
      if (timer === null) plan();
    },
    now,
    applied() {
      if (!isRunning) return Promise.resolve();
      const until = wanted;
      if (until <= confirmed) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.push({ until, resolve });
        urgent = true;
        plan();
      });
    },
    begin(found) {
      isRunning = true;
      lastVersion = Math.max(lastVersion, found);
      last = null;
      version = null;
      now();
    },
    end() {
      isRunning = false;
      version = null;
      last = null;
      timer?.cancel();
      timer = null;
      release();
    },
    get version() {
      return version;
    },
  };
}
