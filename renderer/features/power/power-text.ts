/** Texts and choices for power. Pure. */

import { endOfTonight } from '../../../shared/evening.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { Lease, NodePower, PowerAction, WakeWay } from '../../../shared/models/power.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { givesReason } from '../../../shared/text/lease-purpose.ts';
import { formatClock } from '../../charts/time-axis.ts';
import { textOf } from '../../texts.ts';

const minute = 60_000;
const hour = 60 * minute;

/** How long a requested power-off can be cancelled. */
export const cancelSeconds = 10;

/** Button labels. */
export const actionVerbs: Record<PowerAction, string> = {
  sleep: 'Sleep',
  shutdown: 'Shut down',
  hibernate: 'Hibernate',
  restart: 'Restart',
};

/** The action in progress. */
export const actionProgress: Record<PowerAction, string> = {
  sleep: 'Going to sleep',
  shutdown: 'Shutting down',
  hibernate: 'Hibernating',
  restart: 'Restarting',
};

/** Why no power-off is possible now; null if one is. */
export function offRefusal(node: Pick<NodeView, 'state'>, power: NodePower): string | null {
  if (power.means === 'none')
    return 'Run the agent there with the power role, or set its shutdown server with Edit.';
  if (!isServing(node.state) && node.state !== 'trouble' && power.agent?.state !== 'ok')
    return 'It is not on.';
  if (power.leaving) return `Already ${actionProgress[power.leaving.action].toLowerCase()}.`;
  if (power.countdown) return 'A countdown is already running.';
  if (power.means === 'agent' && power.agent?.state === 'refused')
    return 'Its agent rejected the token. Pair it again.';
  if (power.means === 'agent' && power.agent?.state === 'unreachable') return 'Its agent does not answer.';
  return null;
}

export interface OffChoice {
  action: PowerAction;
  /** Why this machine cannot do it; null if it can. */
  refused: string | null;
}

/** Every power action, with the reason if it is unavailable. */
export function offChoices(power: Pick<NodePower, 'means' | 'agent'>): OffChoice[] {
  const all: PowerAction[] = ['sleep', 'shutdown', 'hibernate', 'restart'];
  return all.map((action) => ({ action, refused: cannot(power, action) }));
}

function cannot({ means, agent }: Pick<NodePower, 'means' | 'agent'>, action: PowerAction): string | null {
  switch (means) {
    case 'agent':
      // An agent that has not been reached yet may support all of them.
      return agent === null || agent.state !== 'ok' || agent.actions.includes(action)
        ? null
        : 'Its agent does not support this.';
    case 'server':
      return action === 'shutdown' ? null : 'Its shutdown server can only shut down.';
    case 'simulator':
      return action === 'sleep' || action === 'shutdown'
        ? null
        : 'A simulated machine needs an agent for this.';
    case 'none':
      return 'Nothing on that machine can do this.';
  }
}

/** `23:00`; `Sun 23:00` on another day. */
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

/** `Kept awake by you for a game`, `Lease: index "Notes"`. */
export function leaseSubject(lease: Pick<Lease, 'kind' | 'purpose' | 'holder' | 'origin'>): string {
  const { kind, purpose, holder, origin } = lease;
  if (kind !== 'person')
    return origin === 'elsewhere' ? `Lease: ${purpose}, for ${holder}` : `Lease: ${purpose}`;
  const reason = givesReason(purpose) ? ` for ${purpose}` : '';
  return `Kept awake by ${origin === 'elsewhere' ? holder : 'you'}${reason}`;
}

/** A lease with its end: `Lease: index "Notes" until done`. */
export const leaseLine = (
  lease: Pick<Lease, 'kind' | 'until' | 'purpose' | 'holder' | 'origin'>,
  now: number,
): string => `${leaseSubject(lease)} ${leaseEnd(lease, now)}`;

/** Why a machine is on, apart from its leases, which are listed separately. */
export function otherReasons({ whyOn }: Pick<NodePower, 'whyOn'>): string[] {
  return whyOn.filter(({ code }) => code !== 'LEASE_HELD').map(textOf);
}

export interface KeepChoice {
  label: string;
  /** null: until it is released. */
  until: number | null;
}

/** The durations offered for “Keep awake”. */
export function keepChoices(now: number): KeepChoice[] {
  const tonight = endOfTonight(now);
  return [
    { label: 'For 1 hour', until: now + hour },
    { label: 'For 2 hours', until: now + 2 * hour },
    { label: `Tonight, until ${formatClock(tonight)}`, until: tonight },
    { label: 'Until I release it', until: null },
  ];
}

/** The next moment at `HH:MM`; null if the text is not a time. */
export function nextClock(text: string, now: number): number | null {
  const [hours, minutes] = text.split(':').map(Number);
  if (hours === undefined || minutes === undefined || Number.isNaN(hours + minutes)) return null;
  const at = new Date(now);
  at.setHours(hours, minutes, 0, 0);
  if (at.getTime() <= now) at.setDate(at.getDate() + 1);
  return at.getTime();
}

/** `in 12 min`, `in 2 h 5 min`, `in less than a minute`. */
export function inText(ms: number): string {
  if (ms < minute) return 'in less than a minute';
  const minutes = Math.round(ms / minute);
  if (minutes < 60) return `in ${minutes} min`;
  return minutes % 60 === 0 ? `in ${minutes / 60} h` : `in ${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `Magic packets from this computer`, `Agent on nas`, `Relay at 10.0.0.2:9753`, `Command: wake box`. */
export function wakeMethodLabel(way: WakeWay, nameOf: (nodeId: string) => string | null): string {
  switch (way.kind) {
    case 'direct':
      return 'Magic packets from this computer';
    case 'agent':
      return `Agent on ${nameOf(way.nodeId) ?? 'a removed machine'}`;
    case 'relay':
      return `Relay at ${way.url.replace(/^https?:\/\//, '').replace(/\/$/, '')}`;
    case 'command':
      return `Command: ${way.command.join(' ')}`;
  }
}

/** The list with one entry moved by one place; unchanged at either end. */
export function moved<Entry>(entries: readonly Entry[], index: number, by: -1 | 1): Entry[] {
  const copy = [...entries];
  const [entry] = copy.splice(index, 1);
  if (entry === undefined || index + by < 0 || index + by > copy.length) return [...entries];
  copy.splice(index + by, 0, entry);
  return copy;
}

/** Splits a typed command at spaces, keeping quoted parts together. No shell is involved. */
export function readCommand(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((part) => part[1] ?? part[2] ?? part[3] ?? '');
}
