/** One power action at a time: requested, counted down, checked again, carried out. */
import { randomBytes } from 'node:crypto';
import type { PowerRequest } from '../../../shared/contract/agent/requests.ts';
import { powerActions } from '../../../shared/models/power-actions.ts';
import type { AgentHost, Clock, Timer } from '../../adapters/agent-host/types.ts';
import { AgentError, errorText } from '../errors.ts';
import { createAbilities } from './abilities.ts';
import { type PowerCommands, powerCommands } from './commands.ts';
import { failureOf } from './failure.ts';
import type { PowerAction, Reason } from './policy.ts';

export type { PowerRequest };

export interface PowerOutcome extends PowerRequest {
  outcome: 'done' | 'dry-run' | 'cancelled' | 'refused' | 'failed' | 'interrupted';
  /** Wall time, milliseconds. */
  at: number;
  reason: string | null;
  /** Why it failed or was refused, as a code; null otherwise. */
  code: string | null;
  /** What to do about a failure; null otherwise. */
  next: string | null;
}

export interface PowerState {
  phase: 'idle' | 'countdown' | 'acting';
  current: (PowerRequest & { remainingSeconds: number }) | null;
  last: PowerOutcome | null;
}

/** The record of a running countdown: a restart learns of it, and people on this machine can cancel it. */
export interface CountdownNotes {
  begin(request: PowerRequest, key: string): void;
  end(): void;
  /** A countdown that was interrupted when the process last ended. */
  broken(): PowerRequest | null;
}

/** Why an automatic request is no longer wanted at this moment; null while it is. */
export type Unwanted = () => { code: string; message: string } | null;

export interface Power {
  state(): PowerState;
  /** The actions that this machine reports as supported. */
  actions(): Promise<PowerAction[]>;
  /**
   * Starts the countdown; with 0 seconds it acts once the response has been sent. `unwanted`, for an automatic request,
   * is called before the countdown and again before the action. Throws IN_USE with the reasons, NO_LONGER_WANTED,
   * POWER_ACTION_RUNNING, NOT_SUPPORTED.
   */
  ask(request: PowerRequest, unwanted?: Unwanted): Promise<PowerState>;
  /** Throws NO_COUNTDOWN. */
  cancel(by: string): PowerState;
  /** The automatic request that is counting down; null if none is. */
  automatic(): Pick<PowerRequest, 'action' | 'countdownSeconds'> | null;
  /** Ends the current request, unless its command is already running; not a cancellation by a person. */
  drop(outcome: 'refused' | 'interrupted', why: { code: string; message: string }): void;
  /** Whether this is the key of the running countdown, which lets people on this machine cancel it. */
  isKey(key: string): boolean;
  stop(): void;
}

export interface PowerOptions {
  clock: Clock;
  host: Pick<AgentHost, 'platform' | 'run' | 'notify' | 'abilities'>;
  commands: PowerCommands;
  dryRun: boolean;
  notes: CountdownNotes;
  /** The command line that a person types before `cancel`. */
  program: string;
  /** Reasons not to power off now. */
  reasons(request: { action: PowerAction; automatic: boolean }): Promise<Reason[]>;
  /** Those that are known without querying the system. */
  knownReasons(): Reason[];
  /** Called before the action, which our own inhibitor would delay. */
  beforeAct(): Promise<void>;
  /** Detects a sleep since the last call, which drops the current request; returns the number of sleeps so far. */
  sleeps(): number;
  onOutcome(outcome: PowerOutcome): void;
  log(message: string): void;
}

/** A machine that accepted the command is off by then; otherwise it may be asked again. */
const GOING_MS = 2 * 60_000;
/** Long enough for the response to be sent. */
const ANSWER_MS = 200;

const verbs: Record<PowerAction, string> = {
  shutdown: 'shuts down',
  sleep: 'goes to sleep',
  hibernate: 'hibernates',
  restart: 'restarts',
};

/** The request in progress. If it is no longer `current` after an await, it was cancelled, dropped or stopped. */
interface Running {
  request: PowerRequest;
  unwanted: Unwanted | null;
  endsAt: number;
  /** Its command has started and can no longer be stopped. */
  started: boolean;
}

const listOf = <Value>(value: Value | null): Value[] => (value === null ? [] : [value]);
const messagesOf = (reasons: readonly { message: string }[]) =>
  reasons.map(({ message }) => message).join(' ');

export function createPower(options: PowerOptions): Power {
  const { clock, host, commands, dryRun, notes, program, reasons, knownReasons, beforeAct, onOutcome, log } =
    options;
  const { sleeps } = options;
  let phase: PowerState['phase'] = 'idle';
  let current: Running | null = null;
  let key: string | null = null;
  let timer: Timer | null = null;
  let last: PowerOutcome | null = null;
  const readAbilities = createAbilities({ clock, host, log });

  const broken = notes.broken();
  if (broken !== null) {
    // An interrupted countdown is never resumed: the caller sees that it was not carried out.
    conclude(broken, 'interrupted', { reason: 'The agent stopped during the countdown.' });
    endNote();
  }

  function conclude(
    request: PowerRequest,
    outcome: PowerOutcome['outcome'],
    why: { reason?: string; code?: string; next?: string } = {},
  ): void {
    const { reason = null, code = null, next = null } = why;
    last = { ...request, outcome, at: clock.now(), reason, code, next };
    log(
      `power: ${request.action} requested by ${request.by}: ${outcome}${reason === null ? '' : ` (${reason})`}`,
    );
    onOutcome(last);
  }

  /** A record that cannot be removed only makes a restart report the countdown as interrupted. */
  function endNote(): void {
    try {
      notes.end();
    } catch (error) {
      log(`power: the countdown record was not removed: ${errorText(error)}`);
    }
  }

  function toIdle(): void {
    timer?.cancel();
    phase = 'idle';
    current = null;
    key = null;
    timer = null;
  }

  /** Ends the current request without acting. */
  function end(
    { request }: Running,
    outcome: PowerOutcome['outcome'],
    why: { reason?: string; code?: string; next?: string },
  ): void {
    toIdle();
    endNote();
    conclude(request, outcome, why);
  }

  const refuse = (running: Running, against: readonly { code: string; message: string }[]) =>
    end(running, 'refused', { reason: messagesOf(against), code: against[0]?.code ?? 'IN_USE' });

  function commandsOf({ action, force }: PowerRequest): readonly (readonly string[])[] {
    const found = powerCommands(host.platform, action, { force, own: commands });
    if (found.length === 0)
      throw new AgentError('NOT_SUPPORTED', { details: { action, platform: host.platform } });
    return found;
  }

  async function refuseUnable({ action }: PowerRequest): Promise<void> {
    if (commands[action] !== undefined) return;
    if ((await readAbilities())[action] !== 'not-supported') return;
    throw new AgentError('NOT_SUPPORTED', {
      message: `This machine cannot ${action === 'shutdown' ? 'shut down' : action}, according to its system.`,
      details: { action, platform: host.platform },
    });
  }

  async function act(running: Running): Promise<void> {
    const { request, unwanted } = running;
    timer = null;
    sleeps();
    if (current !== running) return;
    const automatic = unwanted !== null;
    const against = request.force ? [] : await reasons({ action: request.action, automatic });
    if (current !== running) return;
    if (against.length > 0) return refuse(running, against);
    if (!dryRun) await beforeAct();
    sleeps();
    if (current !== running) return;
    const late = request.force ? [] : [...knownReasons(), ...(unwanted === null ? [] : listOf(unwanted()))];
    if (late.length > 0) return refuse(running, late);
    // No await between the checks and the command, so they are still valid.
    const [first, ...others] = commandsOf(request);
    phase = 'acting';
    running.started = true;
    key = null;
    endNote();
    if (first === undefined) return;
    if (dryRun) {
      log(`power: dry run, not run: ${JSON.stringify(first)}`);
      toIdle();
      conclude(request, 'dry-run');
      return;
    }
    await runFirstThatWorks(running, first, others);
  }

  async function runFirstThatWorks(
    running: Running,
    first: readonly string[],
    others: readonly (readonly string[])[],
  ): Promise<void> {
    const { request } = running;
    let failed: { error: unknown } | null = null;
    for (const command of [first, ...others]) {
      if (failed !== null) log(`power: ${errorText(failed.error)}; forced by ${JSON.stringify(command)}`);
      try {
        await host.run(command);
        failed = null;
        break;
      } catch (error) {
        failed = { error };
      }
    }
    if (failed !== null) {
      // A program may have blocked it between the check and the action; that is then the reason.
      const against = request.force ? [] : await reasons({ action: request.action, automatic: false });
      if (current === running) toIdle();
      if (against.length > 0) {
        conclude(request, 'refused', {
          reason: messagesOf(against),
          code: against[0]?.code ?? 'IN_USE',
        });
      } else conclude(request, 'failed', failureOf(failed.error));
      return;
    }
    conclude(request, 'done');
    if (current !== running) return;
    if (request.action === 'shutdown' || request.action === 'restart') timer = clock.timer(GOING_MS, toIdle);
    else toIdle();
  }

  function actSoon(running: Running, ms: number): void {
    timer = clock.timer(ms, () => {
      act(running).catch((error: unknown) => {
        if (current === running) end(running, 'failed', failureOf(error));
        else log(`power: ${errorText(error)}`);
      });
    });
  }

  function state(): PowerState {
    const remainingSeconds =
      phase === 'countdown' && current !== null
        ? Math.max(0, Math.round((current.endsAt - clock.monotonic()) / 100) / 10)
        : 0;
    return {
      phase,
      current: current === null ? null : { ...current.request, remainingSeconds },
      last,
    };
  }

  function refuseIfRunning(): void {
    if (phase !== 'idle') throw new AgentError('POWER_ACTION_RUNNING', { details: { power: state() } });
  }

  return {
    state,
    async actions() {
      const able = await readAbilities();
      return powerActions.filter((action) => {
        if (commands[action] !== undefined) return true;
        const command = powerCommands(host.platform, action, { force: false, own: commands });
        return command.length > 0 && able[action] === 'yes';
      });
    },
    isKey: (given) => key !== null && given === key,
    automatic: () => (phase === 'countdown' && current?.unwanted ? current.request : null),
    async ask(request, unwanted) {
      const before = sleeps();
      refuseIfRunning();
      commandsOf(request);
      await refuseUnable(request);
      const automatic = unwanted !== undefined;
      const against = request.force ? [] : await reasons({ action: request.action, automatic });
      // Another request may have arrived during the await.
      refuseIfRunning();
      if (sleeps() !== before)
        throw new AgentError('NO_LONGER_WANTED', { message: 'The machine slept before this could start.' });
      if (against.length > 0) {
        throw new AgentError('IN_USE', {
          message: `This machine is in use. ${messagesOf(against)}`,
          details: { reasons: against },
        });
      }
      const why = unwanted?.() ?? null;
      if (why !== null) throw new AgentError('NO_LONGER_WANTED', { message: why.message });
      const ms = request.countdownSeconds === 0 ? ANSWER_MS : request.countdownSeconds * 1000;
      const running = { request, unwanted: unwanted ?? null, endsAt: clock.monotonic() + ms, started: false };
      if (request.countdownSeconds > 0) {
        const made = randomBytes(16).toString('base64url');
        notes.begin(request, made);
        key = made;
        phase = 'countdown';
      } else phase = 'acting';
      current = running;
      actSoon(running, ms);
      if (request.countdownSeconds > 0) {
        const text = `Pilotlight: this machine ${verbs[request.action]} in ${request.countdownSeconds} s (requested by ${request.by}). To keep it on, run: ${program} cancel`;
        host.notify(text).catch((error: unknown) => log(`notice: ${errorText(error)}`));
      }
      return state();
    },
    cancel(by) {
      if (phase !== 'countdown' || current === null) throw new AgentError('NO_COUNTDOWN');
      end(current, 'cancelled', { reason: `by ${by}` });
      return state();
    },
    drop(outcome, { code, message }) {
      if (current !== null && !current.started) end(current, outcome, { reason: message, code });
    },
    stop() {
      // A normal stop ends the countdown; only a crash leaves its record behind.
      if (phase === 'countdown' && current !== null)
        end(current, 'cancelled', { reason: 'the agent was stopped' });
      else toIdle();
    },
  };
}
