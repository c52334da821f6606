/** The agent powers the machine off by itself when nobody needs it any more. */
import type { AgentHost, Clock, Timer } from '../../adapters/agent-host/types.ts';
import { wordsOf } from '../errors.ts';
import { decideFinish, type FinishDecision, type FinishPolicy, type Reason, strictest } from './policy.ts';
import type { PolicyBook } from './policy-book.ts';
import type { PowerOutcome, PowerRequest } from './power.ts';

export interface Finish {
  /** What was decided at the last look, and what kept the machine on then. */
  decision(): { decision: FinishDecision; reasons: readonly Reason[]; idleSeconds: number };
  /** The policy that holds: the strictest of all. */
  effective(): FinishPolicy | null;
  /** Notices a sleep that lies behind, so that what was true before it no longer counts. */
  noticeSleep(): void;
  woken(bootId: string, by: string): void;
  leaseChanged(began: boolean): void;
  outcome(outcome: PowerOutcome): void;
  look(): Promise<void>;
  stop(): void;
}

export interface FinishOptions {
  clock: Clock;
  host: Pick<AgentHost, 'uptimeSeconds'>;
  bootId: string;
  book: PolicyBook;
  leases(): number;
  reasons(policy: FinishPolicy): Promise<Reason[]>;
  isIdle(): boolean;
  /** It has slept; so many milliseconds of that are in no clock of ours. */
  slept(gapMs: number): void;
  ask(request: PowerRequest): Promise<unknown>;
  say(message: string): void;
}

export const FINISHER = 'the agent itself';
const LOOK_MS = 30_000;
/** A sleep is noticed sooner: panels wait to hear that the machine is awake. */
const NOTICE_MS = 5000;
/** The clock that stands still in a sleep falls behind the one that goes on. */
const SLEEP_SECONDS = 5;

export function createFinish(options: FinishOptions): Finish {
  const { clock, host, bootId, book, leases, reasons, isIdle, slept, ask, say } = options;
  let idleSince = clock.monotonic();
  let seen = { monotonic: clock.monotonic(), uptime: host.uptimeSeconds() };
  let lastDecision: FinishDecision = { do: 'stay', why: 'no-policy' };
  let lastReasons: readonly Reason[] = [];
  let lookedAt = clock.monotonic();
  let timer: Timer | null = null;
  let stopped = false;

  const effective = () => strictest(book.policies().map(({ policy }) => policy));

  function noticeSleep(): void {
    const monotonic = clock.monotonic();
    const uptime = host.uptimeSeconds();
    const passed = (monotonic - seen.monotonic) / 1000;
    // Where both go on in a sleep (Windows), our own timer was late instead.
    const gap = uptime - seen.uptime - passed;
    const late = passed > (3 * LOOK_MS) / 1000;
    seen = { monotonic, uptime };
    if (gap <= SLEEP_SECONDS && !late) return;
    idleSince = monotonic;
    // Who woke it this time is said anew, or was a person.
    if (book.woken() !== null) book.setWoken(null);
    if (book.keptOn()) book.setKeptOn(false);
    say('finish: the machine has slept; who woke it is to be said anew');
    slept(Math.max(0, gap) * 1000);
  }

  async function look(): Promise<void> {
    noticeSleep();
    const policy = effective();
    const base = { policy, wokenInThisBoot: book.woken()?.bootId === bootId, keptOn: book.keptOn() };
    const now = () => clock.monotonic() - idleSince;
    if (leases() > 0) idleSince = clock.monotonic();
    let decision = decideFinish({ ...base, reasons: [], idleMs: now() });
    lastReasons = [];
    // Programs are asked only where their answer can change something.
    if (policy !== null && decision.do !== 'stay') {
      lastReasons = await reasons(policy);
      if (lastReasons.length > 0) idleSince = clock.monotonic();
      decision = decideFinish({ ...base, reasons: lastReasons, idleMs: now() });
    }
    lastDecision = decision;
    if (stopped || decision.do !== 'go' || !isIdle()) return;
    const { action, countdownSeconds } = decision;
    await ask({ action, countdownSeconds, force: false, by: FINISHER }).catch((error: unknown) => {
      idleSince = clock.monotonic();
      say(`finish: ${wordsOf(error)}`);
    });
  }

  async function notice(): Promise<void> {
    if (clock.monotonic() - lookedAt < LOOK_MS) noticeSleep();
    else {
      lookedAt = clock.monotonic();
      await look();
    }
  }

  function schedule(): void {
    if (stopped) return;
    timer = clock.timer(NOTICE_MS, () => {
      notice()
        .catch((error: unknown) => say(`finish: ${wordsOf(error)}`))
        .finally(schedule);
    });
  }
  schedule();

  return {
    effective,
    noticeSleep,
    look,
    decision: () => ({
      decision: lastDecision,
      reasons: lastReasons,
      idleSeconds: Math.round((clock.monotonic() - idleSince) / 1000),
    }),
    woken(boot, by) {
      book.setWoken({ bootId: boot, by, at: clock.now() });
      idleSince = clock.monotonic();
      if (book.keptOn()) book.setKeptOn(false);
    },
    leaseChanged(began) {
      idleSince = clock.monotonic();
      if (began && book.keptOn()) book.setKeptOn(false);
    },
    outcome({ by, outcome }) {
      idleSince = clock.monotonic();
      // A person's "no" holds until somebody needs the machine again; the end of the agent is no person's.
      if (outcome !== 'cancelled' || stopped) return;
      if (by === FINISHER || leases() === 0) book.setKeptOn(true);
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
