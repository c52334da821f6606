/** One power action at a time: asked, counted down, checked again, done. */
import { randomBytes } from 'node:crypto';
import type { AgentHost, Clock, Timer } from '../../adapters/agent-host/types.ts';
import { AgentError, wordsOf } from '../errors.ts';
import { type PowerCommands, powerCommand } from './commands.ts';
import { type PowerAction, powerActions, type Reason } from './policy.ts';

export interface PowerRequest {
  action: PowerAction;
  countdownSeconds: number;
  force: boolean;
  /** Who asked, in words. */
  by: string;
}

export interface PowerOutcome extends PowerRequest {
  outcome: 'done' | 'dry-run' | 'cancelled' | 'refused' | 'failed' | 'interrupted';
  /** Wall time, milliseconds. */
  at: number;
  reason: string | null;
}

export interface PowerState {
  phase: 'idle' | 'countdown' | 'acting';
  current: (PowerRequest & { remainingSeconds: number }) | null;
  last: PowerOutcome | null;
}

/** What is kept of a countdown while it runs: so that a restart knows of it, and people here can cancel it. */
export interface CountdownNotes {
  begin(request: PowerRequest, key: string): void;
  end(): void;
  /** A countdown that the end of the process before broke off. */
  broken(): PowerRequest | null;
}

export interface Power {
  state(): PowerState;
  /** What this machine can be asked to do, as far as it says. */
  actions(): Promise<PowerAction[]>;
  /**
   * Starts the countdown; with 0 seconds it acts when the answer has left. Throws IN_USE with the reasons,
   * POWER_ACTION_RUNNING, NOT_SUPPORTED.
   */
  ask(request: PowerRequest): Promise<PowerState>;
  /** Throws NO_COUNTDOWN. */
  cancel(by: string): PowerState;
  /** The key of the running countdown, for people at this machine. */
  isKey(key: string): boolean;
  stop(): void;
}

export interface PowerOptions {
  clock: Clock;
  host: Pick<AgentHost, 'platform' | 'run' | 'notify' | 'cannot'>;
  commands: PowerCommands;
  dryRun: boolean;
  notes: CountdownNotes;
  /** What speaks against it now. */
  reasons(request: PowerRequest): Promise<Reason[]>;
  /** Before it acts: our own inhibitor would hold it up. */
  beforeAct(): void;
  onOutcome(outcome: PowerOutcome): void;
  say(message: string): void;
}

/** A machine that was told to go is gone by then; one that is not may be told again. */
const GOING_MS = 2 * 60_000;
/** Long enough for the answer to leave. */
const ANSWER_MS = 200;

const verbs: Record<PowerAction, string> = {
  shutdown: 'shuts down',
  sleep: 'goes to sleep',
  hibernate: 'hibernates',
  restart: 'restarts',
};

export function createPower(options: PowerOptions): Power {
  const { clock, host, commands, dryRun, notes, reasons, beforeAct, onOutcome, say } = options;
  let phase: PowerState['phase'] = 'idle';
  let current: PowerRequest | null = null;
  let endsAt = 0;
  let key: string | null = null;
  let timer: Timer | null = null;
  let last: PowerOutcome | null = null;

  const broken = notes.broken();
  if (broken !== null) {
    // Half an order is no order: whoever gave it sees that it was not carried out.
    finish(broken, 'interrupted', 'The agent ended in the countdown.');
    notes.end();
  }

  function finish(request: PowerRequest, outcome: PowerOutcome['outcome'], reason: string | null): void {
    last = { ...request, outcome, at: clock.now(), reason };
    say(
      `power: ${request.action} asked by ${request.by}: ${outcome}${reason === null ? '' : ` (${reason})`}`,
    );
    onOutcome(last);
  }

  function toIdle(): void {
    phase = 'idle';
    current = null;
    key = null;
    timer = null;
  }

  function commandOf({ action, force }: PowerRequest): readonly string[] {
    const command = powerCommand(host.platform, action, { force, own: commands });
    if (command === null)
      throw new AgentError('NOT_SUPPORTED', { details: { action, platform: host.platform } });
    return command;
  }

  async function act(request: PowerRequest): Promise<void> {
    phase = 'acting';
    timer = null;
    key = null;
    notes.end();
    const against = request.force ? [] : await reasons(request);
    if (against.length > 0) {
      toIdle();
      finish(request, 'refused', against.map((reason) => reason.message).join(' '));
      return;
    }
    const command = commandOf(request);
    if (dryRun) {
      say(`power: dry run, not run: ${JSON.stringify(command)}`);
      toIdle();
      finish(request, 'dry-run', null);
      return;
    }
    beforeAct();
    try {
      await host.run(command);
    } catch (error) {
      toIdle();
      finish(request, 'failed', wordsOf(error));
      return;
    }
    finish(request, 'done', null);
    if (request.action === 'shutdown' || request.action === 'restart') timer = clock.timer(GOING_MS, toIdle);
    else toIdle();
  }

  function actSoon(request: PowerRequest, ms: number): void {
    timer = clock.timer(ms, () => {
      act(request).catch((error: unknown) => {
        toIdle();
        finish(request, 'failed', wordsOf(error));
      });
    });
  }

  function state(): PowerState {
    const remainingSeconds =
      phase === 'countdown' ? Math.max(0, Math.round((endsAt - clock.monotonic()) / 100) / 10) : 0;
    return { phase, current: current === null ? null : { ...current, remainingSeconds }, last };
  }

  function refuseIfRunning(): void {
    if (phase !== 'idle') throw new AgentError('POWER_ACTION_RUNNING', { details: { power: state() } });
  }

  return {
    state,
    async actions() {
      const cannot: readonly string[] = (await host.cannot?.()) ?? [];
      return powerActions.filter((action) => {
        if (commands[action] !== undefined) return true;
        const command = powerCommand(host.platform, action, { force: false, own: commands });
        return command !== null && !cannot.includes(action);
      });
    },
    isKey: (given) => key !== null && given === key,
    async ask(request) {
      refuseIfRunning();
      commandOf(request);
      const against = request.force ? [] : await reasons(request);
      // Another may have come while we looked.
      refuseIfRunning();
      if (against.length > 0) {
        throw new AgentError('IN_USE', {
          message: `This machine is in use. ${against.map((reason) => reason.message).join(' ')}`,
          details: { reasons: against },
        });
      }
      const ms = request.countdownSeconds === 0 ? ANSWER_MS : request.countdownSeconds * 1000;
      if (request.countdownSeconds > 0) {
        key = randomBytes(16).toString('base64url');
        notes.begin(request, key);
        phase = 'countdown';
      } else phase = 'acting';
      current = request;
      endsAt = clock.monotonic() + ms;
      actSoon(request, ms);
      if (request.countdownSeconds > 0) {
        const text = `Pilotlight: this machine ${verbs[request.action]} in ${request.countdownSeconds} s (asked by ${request.by}). To keep it on, run: pilotlight agent cancel`;
        host.notify(text).catch((error: unknown) => say(`notice: ${wordsOf(error)}`));
      }
      return state();
    },
    cancel(by) {
      if (phase !== 'countdown' || current === null) throw new AgentError('NO_COUNTDOWN');
      timer?.cancel();
      const request = current;
      notes.end();
      toIdle();
      finish(request, 'cancelled', `by ${by}`);
      return state();
    },
    stop() {
      timer?.cancel();
      // A stop that was asked for ends the countdown; only a crash leaves its note.
      if (phase === 'countdown' && current !== null) {
        notes.end();
        finish(current, 'cancelled', 'the agent was stopped');
      }
      toIdle();
    },
  };
}
