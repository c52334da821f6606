/**
 * The agent powers the machine off by itself when it is no longer needed. What it decides on is read again after
 * each wait: before the countdown, whenever a policy or a lease changes in it, and before the act.
 */
import type { AgentHost, Clock, Timer } from '../../adapters/agent-host/types.ts';
import { wordsOf } from '../errors.ts';
import {
  decideFinish,
  type FinishDecision,
  type FinishPolicy,
  type Reason,
  strictest,
  unwantedBecause,
} from './policy.ts';
import type { PolicyBook } from './policy-book.ts';
import type { Power, PowerOutcome } from './power.ts';

export interface Finish {
  /** What follows from the last check by what is known now, and what kept the machine on at that check. */
  decision(): { decision: FinishDecision; reasons: readonly Reason[]; idleSeconds: number };
  /** The policy that holds: the strictest of all. */
  effective(): FinishPolicy | null;
  /** Notices a sleep that lies behind, so that what was true before it no longer counts. */
  noticeSleep(): void;
  /** The same; how many sleeps were noticed so far. */
  sleeps(): number;
  woken(bootId: string, by: string): void;
  leaseChanged(began: boolean): void;
  /** A policy was put or removed: its own countdown ends where the policies no longer want it. */
  policyChanged(): void;
  outcome(outcome: PowerOutcome): void;
  /** Checks whether the machine may go, one check at a time: a caller who comes meanwhile shares it. */
  look(): Promise<void>;
  stop(): void;
}

export interface FinishOptions {
  clock: Clock;
  host: Pick<AgentHost, 'uptimeSeconds'>;
  bootId: string;
  book: PolicyBook;
  /** What speaks against it and is known without asking the system. */
  leaseReasons(): Reason[];
  reasons(policy: FinishPolicy): Promise<Reason[]>;
  isIdle(): boolean;
  /** It has slept; so many milliseconds of that are in no clock of ours. */
  slept(gapMs: number): void;
  power: Pick<Power, 'ask' | 'automatic' | 'drop'>;
  say(message: string): void;
}

const FINISHER = 'the agent itself';
const LOOK_MS = 30_000;
/** A sleep is noticed sooner: panels wait to hear that the machine is awake. */
const NOTICE_MS = 5000;
/** The clock that stands still in a sleep falls behind the one that goes on. */
const SLEEP_SECONDS = 5;

export function createFinish(options: FinishOptions): Finish {
  const { clock, host, bootId, book, leaseReasons, reasons, isIdle, slept, power, say } = options;
  let idleSince = clock.monotonic();
  let seen = { monotonic: clock.monotonic(), uptime: host.uptimeSeconds() };
  let lastReasons: readonly Reason[] = [];
  let lookedAt = clock.monotonic();
  let timer: Timer | null = null;
  let stopped = false;
  let looking: Promise<void> | null = null;
  let sleepCount = 0;

  const leases = () => leaseReasons().length;
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
    sleepCount += 1;
    idleSince = monotonic;
    // Who woke it this time is said anew, or was a person.
    if (book.woken() !== null) keep(() => book.setWoken(null));
    if (book.keptOn()) keep(() => book.setKeptOn(false));
    say('finish: the machine has slept; who woke it is to be said anew');
    slept(Math.max(0, gap) * 1000);
  }

  /** What could not be written is still known; the disk is not asked to decide whether a machine stays on. */
  function keep(write: () => void): void {
    try {
      write();
    } catch (error) {
      say(`finish: ${wordsOf(error)}`);
    }
  }

  /** By what is known at this moment. */
  function decide(reasons: readonly Reason[]): FinishDecision {
    if (leases() > 0) idleSince = clock.monotonic();
    return decideFinish({
      policy: effective(),
      wokenInThisBoot: book.woken()?.bootId === bootId,
      keptOn: book.keptOn(),
      reasons,
      idleMs: clock.monotonic() - idleSince,
    });
  }

  /** What was decided, held against what is known now. */
  function unwanted(wanted: { action: FinishPolicy['action']; countdownSeconds: number }) {
    noticeSleep();
    return unwantedBecause(wanted, decide([]), leases());
  }

  /** Ends its own countdown where that is no longer wanted. */
  function recheck(): void {
    const running = power.automatic();
    if (running === null || running.action === 'restart') return;
    const why = unwanted({ action: running.action, countdownSeconds: running.countdownSeconds });
    if (why !== null) power.drop('refused', why);
  }

  /** null where the policy changed meanwhile, so that the reasons are not those that it asks for. */
  async function reasonsNow(policy: FinishPolicy): Promise<Reason[] | null> {
    const found = await reasons(policy);
    return JSON.stringify(effective()) === JSON.stringify(policy) ? found : null;
  }

  async function lookOnce(): Promise<void> {
    noticeSleep();
    recheck();
    const policy = effective();
    lastReasons = [];
    // Programs are asked only where their answer can change something.
    if (policy === null || decide([]).do === 'stay') return;
    const found = await reasonsNow(policy);
    if (found === null || stopped) return;
    lastReasons = found;
    if (found.length > 0) {
      idleSince = clock.monotonic();
      if (power.automatic() !== null) {
        const message = found.map((reason) => reason.message).join(' ');
        power.drop('refused', { code: found[0]?.code ?? 'IN_USE', message });
      }
    }
    const decision = decide(found);
    if (decision.do !== 'go' || !isIdle()) return;
    const { action, countdownSeconds } = decision;
    const request = { action, countdownSeconds, force: false, by: FINISHER };
    await power
      .ask(request, () => unwanted({ action, countdownSeconds }))
      .catch((error: unknown) => {
        idleSince = clock.monotonic();
        say(`finish: ${wordsOf(error)}`);
      });
  }

  function look(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = null;
    });
    return looking;
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
    sleeps() {
      noticeSleep();
      return sleepCount;
    },
    look,
    decision() {
      // Leases may have come or ended since the machine was asked.
      const found = [...leaseReasons(), ...lastReasons.filter(({ code }) => code !== 'LEASE')];
      return {
        decision: decide(found),
        reasons: found,
        idleSeconds: Math.round((clock.monotonic() - idleSince) / 1000),
      };
    },
    woken(boot, by) {
      book.setWoken({ bootId: boot, by, at: clock.now() });
      idleSince = clock.monotonic();
      if (book.keptOn()) keep(() => book.setKeptOn(false));
      recheck();
    },
    leaseChanged(began) {
      idleSince = clock.monotonic();
      if (began && book.keptOn()) keep(() => book.setKeptOn(false));
    },
    policyChanged: recheck,
    outcome({ by, outcome }) {
      idleSince = clock.monotonic();
      // A person's "no" holds until somebody needs the machine again; the end of the agent is no person's.
      if (outcome !== 'cancelled' || stopped) return;
      if (by === FINISHER || leases() === 0) keep(() => book.setKeptOn(true));
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
