/** Ways to wake: which of them can be gone at all, and what people read of them. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { WakeProgress } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import { canSendPackets, type WakeTarget } from './destinations.ts';

export type WaysTarget = WakeTarget & { wakeWays: readonly WakeWay[] };

/** Whether the agent of another node could be asked: it has an address and a token. */
export type HasAgent = (nodeId: string) => boolean;

/** Why a method cannot be used; null where it can be tried. */
export function wayObstacle(target: WakeTarget, way: WakeWay, hasAgent: HasAgent): Message | null {
  switch (way.kind) {
    case 'direct':
      if (target.mac === null) return fact('NO_MAC_ADDRESS');
      return canSendPackets(target) ? null : fact('NO_WAKE_DESTINATION');
    case 'agent':
      if (target.mac === null) return fact('NO_MAC_ADDRESS');
      return hasAgent(way.nodeId) ? null : fact('NO_AGENT_TO_WAKE_WITH');
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

/** A method as people know it, for example by the host of its relay. */
export function describeMethod(way: WakeWay, nameOf: (nodeId: string) => string | null): Message {
  switch (way.kind) {
    case 'direct':
      return fact('WAKE_BY_PACKETS');
    case 'agent':
      return fact('WAKE_BY_AGENT', { node: nameOf(way.nodeId) });
    case 'relay':
      return fact('WAKE_BY_RELAY', { host: new URL(way.url).host });
    case 'command':
      return fact('WAKE_BY_COMMAND', { program: programName(way.command) });
  }
}

export function programName(command: readonly string[]): string {
  return (command[0] ?? '').split(/[\\/]/).at(-1) ?? '';
}

/** What was tried; null before the first method. */
export function triedMethods(ways: WakeProgress['ways']): Message | null {
  return ways.length === 0 ? null : fact('WAKE_TRIED', { methods: methodsOf(ways) });
}

export const methodsOf = (ways: WakeProgress['ways']) =>
  ways.map(({ way, failed }) => ({ method: way, failed }));
