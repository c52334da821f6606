/**
 * Powers the machine off when it is no longer needed. The facts behind the decision are read again after each wait:
 * before the countdown, when a policy or a lease changes during it, and before the action.
 */
import type { AgentHost, Clock, Timer } from '../../adapters/agent-host/types.ts';
import { errorText } from '../errors.ts';
import {
  decideIdleShutdown,
  type FinishPolicy,
  type IdleDecision,
  type Reason,
  strictest,
  unwantedBecause,
} from './policy.ts';
import type { PolicyBook } from './policy-book.ts';
import type { Power, PowerOutcome } from './power.ts';

export interface IdleShutdown {
  /** The decision from the last check and what is known now, with the reasons that keep the machine on. */
  decision(): { decision: IdleDecision; reasons: readonly Reason[]; idleSeconds: number };
  /** The policy that applies: the strictest combination of all. */
  effective(): FinishPolicy | null;
  /** Detects a sleep since the last call, and discards what it made outdated. */
  noticeSleep(): void;
  /** The same; returns the number of sleeps detected so far. */
  sleeps(): number;
  woken(bootId: string, by: string): void;
  leaseChanged(began: boolean): void;
  /** A policy was put or removed: cancels an automatic countdown that is no longer wanted. */
  policyChanged(): void;
  outcome(outcome: PowerOutcome): void;
  /** Checks whether the machine may power off. One check runs at a time; concurrent callers share it. */
  check(): Promise<void>;
  stop(): void;
}

export interface IdleShutdownOptions {
  clock: Clock;
  host: Pick<AgentHost, 'uptimeSeconds'>;
  bootId: string;
  book: PolicyBook;
  /** Reasons to stay on that are known without querying the system. */
  leaseReasons(): Reason[];
  reasons(policy: FinishPolicy): Promise<Reason[]>;
  isIdle(): boolean;
  /** The machine slept; the monotonic clock missed this many milliseconds. */
  slept(gapMs: number): void;
  power: Pick<Power, 'ask' | 'automatic' | 'drop'>;
  log(message: string): void;
}

const REQUESTER = 'the agent itself';
const CHECK_MS = 30_000;
/** Shorter than the check, because panels wait for the announcement after a wake. */
const NOTICE_MS = 5000;
/** Seconds by which the monotonic clock, which stops in a sleep, must fall behind the uptime. */
const SLEEP_SECONDS = 5;

export function createIdleShutdown(options: IdleShutdownOptions): IdleShutdown {
  const { clock, host, bootId, book, leaseReasons, reasons, isIdle, slept, power, log } = options;
  let idleSince = clock.monotonic();
  let seen = { monotonic: clock.monotonic(), uptime: host.uptimeSeconds() };
  let lastReasons: readonly Reason[] = [];
  let checkedAt = clock.monotonic();
  let timer: Timer | null = null;
  let stopped = false;
  let checking: Promise<void> | null = null;
  let sleepCount = 0;

  const leases = () => leaseReasons().length;
  const effective = () => strictest(book.policies().map(({ policy }) => policy));

  function noticeSleep(): void {
    const monotonic = clock.monotonic();
    const uptime = host.uptimeSeconds();
    const passed = (monotonic - seen.monotonic) / 1000;
    // Where both clocks continue in a sleep (Windows), the timer was late instead.
    const gap = uptime - seen.uptime - passed;
    const late = passed > (3 * CHECK_MS) / 1000;
    seen = { monotonic, uptime };
    if (gap <= SLEEP_SECONDS && !late) return;
    sleepCount += 1;
    idleSince = monotonic;
    // A panel reports again that it woke the machine; otherwise a person did.
    if (book.woken() !== null) keep(() => book.setWoken(null));
    if (book.keptOn()) keep(() => book.setKeptOn(false));
    log('idle shutdown: the machine slept; waiting for a new report of who woke it');
    slept(Math.max(0, gap) * 1000);
  }

  /** A failed write must not decide whether a machine stays on: the value still applies in memory. */
  function keep(write: () => void): void {
    try {
      write();
    } catch (error) {
      log(`idle shutdown: ${errorText(error)}`);
    }
  }

  /** Decides from what is known now. */
  function decide(reasons: readonly Reason[]): IdleDecision {
    if (leases() > 0) idleSince = clock.monotonic();
    return decideIdleShutdown({
      policy: effective(),
      wokenInThisBoot: book.woken()?.bootId === bootId,
      keptOn: book.keptOn(),
      reasons,
      idleMs: clock.monotonic() - idleSince,
    });
  }

  /** Compares the earlier decision with what is known now. */
  function unwanted(wanted: { action: FinishPolicy['action']; countdownSeconds: number }) {
    noticeSleep();
    return unwantedBecause(wanted, decide([]), leases());
  }

  /** Cancels an automatic countdown that is no longer wanted. */
  function recheck(): void {
    const running = power.automatic();
    if (running === null || running.action === 'restart') return;
    const why = unwanted({ action: running.action, countdownSeconds: running.countdownSeconds });
    if (why !== null) power.drop('refused', why);
  }

  /** null if the policy changed meanwhile, so that these are not the reasons that it requires. */
  async function reasonsNow(policy: FinishPolicy): Promise<Reason[] | null> {
    const found = await reasons(policy);
    return JSON.stringify(effective()) === JSON.stringify(policy) ? found : null;
  }

  async function checkOnce(): Promise<void> {
    noticeSleep();
    recheck();
    const policy = effective();
    lastReasons = [];
    // The system is queried only if the answer can change the decision.
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
    const request = { action, countdownSeconds, force: false, by: REQUESTER };
    await power
      .ask(request, () => unwanted({ action, countdownSeconds }))
      .catch((error: unknown) => {
        idleSince = clock.monotonic();
        log(`idle shutdown: ${errorText(error)}`);
      });
  }

  function check(): Promise<void> {
    checking ??= checkOnce().finally(() => {
      checking = null;
    });
    return checking;
  }

  async function notice(): Promise<void> {
    if (clock.monotonic() - checkedAt < CHECK_MS) noticeSleep();
    else {
      checkedAt = clock.monotonic();
      await check();
    }
  }

  function schedule(): void {
    if (stopped) return;
    timer = clock.timer(NOTICE_MS, () => {
      notice()
        .catch((error: unknown) => log(`idle shutdown: ${errorText(error)}`))
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
    check,
    decision() {
      // Leases may have begun or ended since the last check.
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
      // A person's cancellation applies until the machine is needed again; stopping the agent does not count as one.
      if (outcome !== 'cancelled' || stopped) return;
      if (by === REQUESTER || leases() === 0) keep(() => book.setKeptOn(true));
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
