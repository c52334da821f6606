/** What waits to be sent on one channel: gathered for a moment, held in quiet hours, tried again after a failure. */
import type { QuietHours } from '../../../shared/models/notifications.ts';
import { isWithin } from '../../../shared/quiet-hours.ts';
import type { Notice, NoticeBatch } from '../ports/notices.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { minuteOfDay, nextMinuteOfDay } from '../runtime/local-time.ts';

/** What happens together is one message. */
const GATHER_MS = 2000;
/** Waits before each further try. */
const RETRIES_MS = [15_000, 60_000, 300_000] as const;
/** Of one message; the others are only counted. */
const MOST_NOTICES = 20;
/** The clock of the computer may be changed while it waits. */
const LONGEST_WAIT_MS = 600_000;

export interface OutboxDependencies {
  clock: Clock;
  quietHours(): QuietHours | null;
  /** Rejects if it could not be sent. */
  send(batch: NoticeBatch): Promise<void>;
  /** After the last try. */
  onGivenUp(error: unknown): void;
  /** IANA name; default: this computer's. */
  timeZone?: string | undefined;
}

export interface Outbox {
  add(notice: Notice): void;
  /** The hours have changed. */
  reschedule(): void;
  /** Forgets what waits. */
  clear(): void;
}

export function createOutbox({ clock, quietHours, send, onGivenUp, timeZone }: OutboxDependencies): Outbox {
  let waiting: Notice[] = [];
  let more = 0;
  let tries = 0;
  let due: number | null = null;
  let timer: Timer | null = null;
  let sending = false;
  /** Changes with `clear`, so that a message under way leaves nothing behind. */
  let round = 0;

  /** When quiet hours let it through. */
  function allowedAt(at: number): number {
    const hours = quietHours();
    if (hours === null || !isWithin(minuteOfDay(at, timeZone), hours)) return at;
    return nextMinuteOfDay(hours.to, at, timeZone);
  }

  function schedule(at: number): void {
    due = at;
    timer?.cancel();
    timer = clock.timer(Math.min(Math.max(0, at - clock.now()), LONGEST_WAIT_MS), look);
  }

  function look(): void {
    timer = null;
    if (due === null || sending) return;
    const now = clock.now();
    const allowed = allowedAt(Math.max(now, due));
    if (allowed > now) schedule(allowed);
    else void deliver();
  }

  async function deliver(): Promise<void> {
    const mine = round;
    const notices = waiting;
    const others = more;
    waiting = [];
    more = 0;
    due = null;
    sending = true;
    try {
      await send({ notices, more: others });
      tries = 0;
    } catch (error) {
      if (mine !== round) return;
      const wait = RETRIES_MS[tries];
      tries += 1;
      if (wait === undefined) {
        tries = 0;
        onGivenUp(error);
      } else {
        keep([...notices, ...waiting], others + more);
        schedule(clock.now() + wait);
      }
    } finally {
      if (mine === round) sending = false;
    }
    if (mine === round && due === null && waiting.length > 0) schedule(clock.now() + GATHER_MS);
  }

  function keep(notices: Notice[], others: number): void {
    waiting = notices.slice(-MOST_NOTICES);
    more = others + notices.length - waiting.length;
  }

  return {
    add(notice) {
      keep([...waiting, notice], more);
      if (due === null && !sending) schedule(clock.now() + GATHER_MS);
    },
    reschedule() {
      if (due !== null) schedule(Math.min(due, clock.now() + GATHER_MS));
    },
    clear() {
      round += 1;
      timer?.cancel();
      timer = null;
      waiting = [];
      ({ more, tries, due, sending } = { more: 0, tries: 0, due: null, sending: false });
    },
  };
}
