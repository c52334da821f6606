/** Ways to wake: which of them can be gone at all, and what people read of them. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { WakeProgress } from '../../../shared/models/fleet.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import { canSendPackets, type WakeTarget } from './destinations.ts';

export type WaysTarget = WakeTarget & { wakeWays: readonly WakeWay[] };

/** Whether the agent of another node could be asked: it has an address and a token. */
export type HasAgent = (nodeId: string) => boolean;

/** Why a way cannot be gone, one sentence with the mend; null where it can be tried. */
export function wayObstacle(target: WakeTarget, way: WakeWay, hasAgent: HasAgent): string | null {
  switch (way.kind) {
    case 'direct':
      if (target.mac === null) return 'It has no MAC address.';
      return canSendPackets(target) ? null : 'Its address is on this computer: give it a wake destination.';
    case 'agent':
      if (target.mac === null) return 'It has no MAC address.';
      return hasAgent(way.nodeId) ? null : 'That node has no agent that could be asked.';
    case 'relay':
      // An existing relay knows the one machine that it wakes.
      return null;
    case 'command':
      return null;
  }
}

/** Whether Pilotlight knows a way to wake it. */
export function canWake(target: WaysTarget, hasAgent: HasAgent): boolean {
  return target.wakeWays.some((way) => wayObstacle(target, way, hasAgent) === null);
}

/** CANNOT_WAKE, with what would mend it. */
export function cannotWake(nodeId: string, target: WaysTarget | null, hasAgent: HasAgent): PilotlightError {
  const only = target?.wakeWays.length === 1 ? target.wakeWays[0] : undefined;
  const obstacle = target && only && target.mac !== null ? wayObstacle(target, only, hasAgent) : null;
  return new PilotlightError('CANNOT_WAKE', {
    ...(obstacle === null ? {} : { next: obstacle }),
    details: { nodeId },
  });
}

/** `the relay 192.168.1.2:9753` */
export function wayWords(way: WakeWay, nameOf: (nodeId: string) => string | null): string {
  switch (way.kind) {
    case 'direct':
      return 'magic packets from this computer';
    case 'agent':
      return `the agent of ${nameOf(way.nodeId) ?? 'a node that is not there any more'}`;
    case 'relay':
      return `the relay ${new URL(way.url).host}`;
    case 'command':
      return `the command ${programName(way.command)}`;
  }
}

export function programName(command: readonly string[]): string {
  return (command[0] ?? '').split(/[\\/]/).at(-1) ?? '';
}

/** What was tried, one sentence for people; empty before the first way. */
export function triedWords(ways: WakeProgress['ways']): string {
  if (ways.length === 0) return '';
  const tried = ways.map(({ way, failed }) => (failed === null ? way : `${way} (${lowerFirst(failed)})`));
  return `Tried: ${tried.join(', then ')}.`;
}

const lowerFirst = (words: string) =>
  /^[A-Z][a-z]/.test(words)
    ? words.charAt(0).toLowerCase() + words.slice(1).replace(/\.$/, '')
    : words.replace(/\.$/, '');
