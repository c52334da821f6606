/** Power in words, and what can be chosen. Pure. */

import { endOfTonight } from '../../../shared/evening.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/node-words.ts';
import type { Lease, NodePower, PowerAction, WakeWay } from '../../../shared/models/power.ts';
import { textOf } from '../../../shared/text/index.ts';
import { formatClock } from '../../charts/time-axis.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A power-off that a person asked for can be taken back for so long. */
export const takeBackSeconds = 10;

/** What a person presses. */
export const actionVerbs: Record<PowerAction, string> = {
  sleep: 'Sleep',
  shutdown: 'Shut down',
  hibernate: 'Hibernate',
  restart: 'Restart',
};

/** What the machine does, after its name. */
export const actionDoes: Record<PowerAction, string> = {
  sleep: 'goes to sleep',
  shutdown: 'shuts down',
  hibernate: 'hibernates',
  restart: 'restarts',
};

/** Why nothing can be done there, whatever it is; null when something can. */
export function offRefusal(node: Pick<NodeView, 'state'>, power: NodePower): string | null {
  if (power.means === 'none')
    return 'Run the agent there with the power role, or name its shutdown server with Edit.';
  if (!isServing(node.state) && node.state !== 'trouble' && power.agent?.state !== 'ok')
    return 'It is not on.';
  if (power.leaving) return `It ${actionDoes[power.leaving.action]} already.`;
  if (power.countdown) return 'It counts down already.';
  if (power.means === 'agent' && power.agent?.state === 'refused')
    return 'Its agent does not accept the token: pair it again.';
  if (power.means === 'agent' && power.agent?.state === 'unreachable') return 'Its agent does not answer.';
  return null;
}

export interface OffChoice {
  action: PowerAction;
  /** Why this machine cannot do it; null when it can. */
  refused: string | null;
}

/** Each way to go off, with why it cannot be had. */
export function offChoices(power: Pick<NodePower, 'means' | 'agent'>): OffChoice[] {
  const all: PowerAction[] = ['sleep', 'shutdown', 'hibernate', 'restart'];
  return all.map((action) => ({ action, refused: cannot(power, action) }));
}

function cannot({ means, agent }: Pick<NodePower, 'means' | 'agent'>, action: PowerAction): string | null {
  switch (means) {
    case 'agent':
      // An agent that was never asked yet may be able to do all of them.
      return agent === null || agent.state !== 'ok' || agent.actions.includes(action)
        ? null
        : 'Its agent cannot do that there.';
    case 'server':
      return action === 'shutdown' ? null : 'Its shutdown server can only shut down.';
    case 'simulator':
      return action === 'sleep' || action === 'shutdown'
        ? null
        : 'A simulated machine without an agent cannot.';
    case 'none':
      return 'Nothing there can do that.';
  }
}

/** `23:00`, `Sun 23:00` on another day than today. */
export function formatUntil(until: number, now: number): string {
  const sameDay = new Date(until).toDateString() === new Date(now).toDateString();
  if (sameDay) return formatClock(until);
  return `${new Intl.DateTimeFormat(undefined, { weekday: 'short' }).format(until)} ${formatClock(until)}`;
}

/** `until done`, `until 23:00`, `until released`. */
export function leaseEnd(lease: Pick<Lease, 'kind' | 'until'>, now: number): string {
  if (lease.until !== null) return `until ${formatUntil(lease.until, now)}`;
  return lease.kind === 'person' ? 'until released' : 'until done';
}

/** `Lease: index "Notes" until done`, and who holds it where that is another panel or a script. */
export function leaseLine(
  lease: Pick<Lease, 'kind' | 'until' | 'purpose' | 'holder' | 'origin'>,
  now: number,
) {
  const what = `${lease.purpose} ${leaseEnd(lease, now)}`;
  return lease.origin === 'elsewhere' ? `Lease: ${what}, for ${lease.holder}` : `Lease: ${what}`;
}

/** Why a machine is on, without the leases, which are shown beside it. */
export function otherReasons({ whyOn }: Pick<NodePower, 'whyOn'>): string[] {
  return whyOn.filter(({ code }) => code !== 'LEASE_HELD').map(textOf);
}

export interface KeepChoice {
  words: string;
  /** null until somebody releases it. */
  until: number | null;
}

/** For how long a person may want it awake. */
export function keepChoices(now: number): KeepChoice[] {
  const tonight = endOfTonight(now);
  return [
    { words: 'For 1 hour', until: now + hour },
    { words: 'For 2 hours', until: now + 2 * hour },
    { words: `Tonight, until ${formatClock(tonight)}`, until: tonight },
    { words: 'Until I release it', until: null },
  ];
}

/** The next time that a clock shows `HH:MM`; null where that is no time. */
export function nextClock(text: string, now: number): number | null {
  const [hours, minutes] = text.split(':').map(Number);
  if (hours === undefined || minutes === undefined || Number.isNaN(hours + minutes)) return null;
  const at = new Date(now);
  at.setHours(hours, minutes, 0, 0);
  if (at.getTime() <= now) at.setDate(at.getDate() + 1);
  return at.getTime();
}

/** `in 12 min`, `in 2 h 5 min`, `in less than a minute`. */
export function inWords(ms: number): string {
  if (ms < minute) return 'in less than a minute';
  const minutes = Math.round(ms / minute);
  if (minutes < 60) return `in ${minutes} min`;
  return minutes % 60 === 0 ? `in ${minutes / 60} h` : `in ${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `Magic packets from this computer`, `By the agent of nas`, `By the relay at 10.0.0.2:9753`, `By a command: wake box`. */
export function wayWords(way: WakeWay, nameOf: (nodeId: string) => string | null): string {
  switch (way.kind) {
    case 'direct':
      return 'Magic packets from this computer';
    case 'agent':
      return `By the agent of ${nameOf(way.nodeId) ?? 'a machine that is no longer here'}`;
    case 'relay':
      return `By the relay at ${way.url.replace(/^https?:\/\//, '').replace(/\/$/, '')}`;
    case 'command':
      return `By a command: ${way.command.join(' ')}`;
  }
}

/** An order with one entry moved by one place; the same order where it stands at the end. */
export function moved<Entry>(entries: readonly Entry[], index: number, by: -1 | 1): Entry[] {
  const copy = [...entries];
  const [entry] = copy.splice(index, 1);
  if (entry === undefined || index + by < 0 || index + by > copy.length) return [...entries];
  copy.splice(index + by, 0, entry);
  return copy;
}

/** A command as it is typed: spaces divide, quotes hold together. No shell reads it. */
export function readCommand(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((part) => part[1] ?? part[2] ?? part[3] ?? '');
}
