/** The requests that are kept waiting: each gives a sign of life at intervals, until its answer begins. */
import type { Clock, Timer } from '../../core/ports/time.ts';
import { type EarlyKind, earlyHead, signOfLife } from './early-answer.ts';
import type { Exchange } from './exchange.ts';

export interface WaitingRoom {
  /** `kind` is null for an answer of which nothing can be sent early. */
  enter(exchange: Exchange, kind: EarlyKind | null): Stay;
  readonly count: number;
  stop(): void;
}

export interface Stay {
  /** The answer begins, or the request has ended. */
  end(): void;
}

/** Until the first sign of life, and between two, milliseconds. */
export const SIGN_MS = 15_000;
/** The longest that the event loop may be kept by signs of life, milliseconds. */
const SLICE_MS = 4;

export function createWaitingRoom(clock: Pick<Clock, 'monotonic' | 'timer'>): WaitingRoom {
  /** When the next sign of each is due. All wait equally long, so the first is always due first. */
  const due = new Map<Stay, { exchange: Exchange; kind: EarlyKind | null; at: number }>();
  let timer: Timer | null = null;
  let pause: NodeJS.Immediate | null = null;

  function arm(): void {
    if (timer !== null || pause !== null) return;
    for (const { at } of due.values()) {
      timer = clock.timer(Math.max(0, at - clock.monotonic()), give);
      return;
    }
  }

  function give(): void {
    timer = null;
    pause = null;
    const began = performance.now();
    const now = clock.monotonic();
    for (const [stay, { exchange, kind, at }] of due) {
      if (at > now) break;
      if (performance.now() - began > SLICE_MS) {
        pause = setImmediate(give);
        return;
      }
      due.delete(stay);
      if (kind === null || exchange.isGone) continue;
      sign(exchange, kind);
      due.set(stay, { exchange, kind, at: now + SIGN_MS });
    }
    arm();
  }

  return {
    enter(exchange, kind) {
      const stay: Stay = {
        end() {
          due.delete(stay);
        },
      };
      due.set(stay, { exchange, kind, at: clock.monotonic() + SIGN_MS });
      arm();
      return stay;
    },
    get count() {
      return due.size;
    },
    stop() {
      timer?.cancel();
      if (pause !== null) clearImmediate(pause);
      due.clear();
    },
  };
}

function sign(exchange: Exchange, kind: EarlyKind): void {
  const { response } = exchange;
  if (exchange.early === null) {
    exchange.early = kind;
    response.writeHead(200, [...exchange.cors, ...exchange.holdHeaders, ...earlyHead(kind)]);
  }
  response.write(signOfLife(kind));
}
