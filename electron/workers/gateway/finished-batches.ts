/** Finished requests and used credentials, reported together and never more than a core can take. */
import type { DoorReason, FinishedRequest } from '../../core/gateway/model.ts';
import type { GatewayEvent } from '../../core/gateway/protocol.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';

export interface FinishedBatches {
  add(request: FinishedRequest): void;
  used(credentialId: string): void;
  turnedAway(reason: DoorReason): void;
  /** Without a core, what comes is kept up to a limit, and the rest counted. */
  setConnected(connected: boolean): void;
  flush(): void;
  stop(): void;
}

const REPORT_MS = 250;
const MOST_IN_BATCH = 10_000;
/** While no core is connected. */
const MOST_KEPT = 1000;
/** How often the use of a credential is reported, milliseconds. */
const USED_MS = 10_000;

export function createFinishedBatches(options: {
  clock: Pick<Clock, 'timer' | 'monotonic'>;
  report(event: GatewayEvent): void;
}): FinishedBatches {
  const { clock, report } = options;
  let requests: FinishedRequest[] = [];
  let dropped = 0;
  const turnedAway = new Map<DoorReason, number>();
  let connected = true;
  let timer: Timer | null = null;
  const unreported = new Set<string>();
  const reportedAt = new Map<string, number>();

  function flush(): void {
    timer?.cancel();
    timer = null;
    if (!connected) return;
    if (requests.length > 0 || dropped > 0 || turnedAway.size > 0) {
      const event: GatewayEvent = {
        kind: 'finished',
        requests,
        dropped,
        ...(turnedAway.size > 0 && { turnedAway: [...turnedAway] }),
      };
      requests = [];
      dropped = 0;
      turnedAway.clear();
      report(event);
    }
    if (unreported.size > 0) {
      report({ kind: 'used', credentialIds: [...unreported] });
      unreported.clear();
    }
  }

  function plan(): void {
    if (connected) timer ??= clock.timer(REPORT_MS, flush);
  }

  return {
    add(request) {
      if (requests.length >= (connected ? MOST_IN_BATCH : MOST_KEPT)) dropped += 1;
      else requests.push(request);
      plan();
    },
    used(credentialId) {
      const now = clock.monotonic();
      if (now - (reportedAt.get(credentialId) ?? Number.NEGATIVE_INFINITY) < USED_MS) return;
      reportedAt.set(credentialId, now);
      unreported.add(credentialId);
      plan();
    },
    turnedAway(reason) {
      turnedAway.set(reason, (turnedAway.get(reason) ?? 0) + 1);
      plan();
    },
    setConnected(is) {
      connected = is;
      if (is) plan();
      else {
        timer?.cancel();
        timer = null;
      }
    },
    flush,
    stop() {
      timer?.cancel();
      timer = null;
    },
  };
}
