/** Power according to logind: the locks that programs hold against an action, and what this user may do. */
import { oneLine } from '../../../shared/printable.ts';
import type { Exec } from '../hardware/exec.ts';
import type { Abilities, HostPowerAction, PowerBlocker, PowerOrder } from './types.ts';

/** A busy machine is slow to start four programs at once. */
const DEADLINE_MS = 8000;
const MANAGER = [
  'org.freedesktop.login1',
  '/org/freedesktop/login1',
  'org.freedesktop.login1.Manager',
] as const;
const LONGEST_TEXT = 200;

export interface LogindOptions {
  exec: Exec;
  /** Whether systemd runs this machine. Without it there is no logind, and no program can hold such a lock. */
  hasSystemd(): boolean;
  /** Whether this process belongs to the agent, whose own locks do not count against it. */
  isOurs(pid: number): boolean;
  /** `/sys/power/state`; null if it cannot be read. */
  sleepStates(): Promise<string | null>;
}

export interface Logind {
  /** Rejects if logind exists but does not answer. */
  blockers(action: HostPowerAction, signal: AbortSignal, order: PowerOrder): Promise<PowerBlocker[]>;
  abilities(signal: AbortSignal): Promise<Abilities>;
}

interface Lock {
  what: string[];
  who: string;
  why: string;
  blocks: boolean;
  pid: number;
}

/** The kind of lock that stops an action. */
const lockOf: Record<HostPowerAction, string> = {
  shutdown: 'shutdown',
  restart: 'shutdown',
  sleep: 'sleep',
  hibernate: 'sleep',
};

/** A program that keeps the machine from sleeping or idling needs it: only a person may power it off then. */
const blocksAutomatic: readonly string[] = ['shutdown', 'sleep', 'idle'];

const questions: Record<HostPowerAction, string> = {
  shutdown: 'CanPowerOff',
  restart: 'CanReboot',
  sleep: 'CanSuspend',
  hibernate: 'CanHibernate',
};

export function createLogind({ exec, hasSystemd, isOurs, sleepStates }: LogindOptions): Logind {
  async function call(method: string, signal: AbortSignal): Promise<unknown> {
    const args = ['--system', '--json=short', 'call', ...MANAGER, method];
    return JSON.parse(await exec('busctl', args, { deadlineMs: DEADLINE_MS, signal }));
  }

  async function locks(signal: AbortSignal): Promise<Lock[]> {
    if (!hasSystemd()) return [];
    try {
      return parseInhibitors(await call('ListInhibitors', signal));
    } catch (error) {
      // Without logind on the bus, no program can hold one of its locks.
      if (error instanceof Error && /not provided by any \.service files/.test(error.message)) return [];
      throw error;
    }
  }

  const blocking = (all: readonly Lock[], kinds: readonly string[]) =>
    all.filter(({ what, blocks }) => blocks && what.some((kind) => kinds.includes(kind)));

  return {
    async blockers(action, signal, { automatic }) {
      return blocking(await locks(signal), automatic ? blocksAutomatic : [lockOf[action]])
        .filter(({ pid }) => !isOurs(pid))
        .map(({ who, why }) => ({ who, why }));
    },

    async abilities(signal) {
      if (!hasSystemd()) return statesOnly(await sleepStates());
      const answers = await Promise.all(
        hostPowerActions.map(async (action) => {
          const answer = await call(questions[action], signal).then(parseAnswer, () => null);
          return [action, answer] as const;
        }),
      );
      // A lock hides whether the user has the right: logind then answers as if not.
      const held = await locks(signal).catch(() => null);
      return Object.fromEntries(
        answers.flatMap(([action, answer]) => {
          const ability = abilityOf(
            answer,
            held === null ? null : blocking(held, [lockOf[action]]).length > 0,
          );
          return ability === null ? [] : [[action, ability]];
        }),
      );
    },
  };
}

export const hostPowerActions = ['shutdown', 'sleep', 'hibernate', 'restart'] as const;

/** `{"type":"a(ssssuu)","data":[[[what, who, why, mode, uid, pid], …]]}`. Throws for anything else. */
function parseInhibitors(answer: unknown): Lock[] {
  const list = (answer as { data?: unknown } | null)?.data;
  const entries = Array.isArray(list) && list.length === 1 ? list[0] : null;
  if (!Array.isArray(entries)) throw new Error('logind listed its inhibitors in an unexpected form.');
  return entries.map((entry: unknown) => {
    const [what, who, why, mode, , pid] = Array.isArray(entry) ? entry : [];
    if ([what, who, why, mode].some((part) => typeof part !== 'string') || typeof pid !== 'number')
      throw new Error('logind listed an inhibitor in an unexpected form.');
    return {
      what: String(what).split(':'),
      who: plain(String(who)) || `process ${pid}`,
      why: plain(String(why)),
      // "delay" only makes the system wait. "block-weak" yields to root and to the same user, not to the agent.
      blocks: mode !== 'delay',
      pid,
    };
  });
}

/** Any program on the machine can write these. */
function plain(text: string): string {
  return oneLine(text).slice(0, LONGEST_TEXT);
}

/** `{"type":"s","data":["yes"]}`; null for anything else. */
function parseAnswer(answer: unknown): string | null {
  const data = (answer as { data?: unknown } | null)?.data;
  return Array.isArray(data) && typeof data[0] === 'string' ? data[0] : null;
}

/** `blocked` is null if the locks are unknown. */
function abilityOf(answer: string | null, blocked: boolean | null): Abilities[HostPowerAction] | null {
  switch (answer) {
    case 'yes':
    case 'inhibited':
    case 'inhibitor-blocked':
      return 'yes';
    case 'na':
      return 'not-supported';
    case 'no':
    case 'challenge':
    case 'challenge-inhibitor-blocked':
      if (blocked === null) return null;
      return blocked ? 'yes' : 'not-permitted';
    default:
      return null;
  }
}

/** `freeze mem disk` of `/sys/power/state`: what the kernel supports, on systems without logind. */
function statesOnly(states: string | null): Abilities {
  if (states === null) return {};
  const words = states.trim().split(/\s+/);
  const sleeps = words.some((word) => word === 'mem' || word === 'freeze' || word === 'standby');
  return {
    sleep: sleeps ? 'yes' : 'not-supported',
    hibernate: words.includes('disk') ? 'yes' : 'not-supported',
  };
}
