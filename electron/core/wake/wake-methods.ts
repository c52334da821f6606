/** Messages about wake methods. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import { type HasAgent, unavailableReason, type WakeableNode } from '../fleet/wakeable.ts';

/** CANNOT_WAKE, with how to fix it if there is only one method. */
export function cannotWake(nodeId: string, target: WakeableNode | null, hasAgent: HasAgent): PilotlightError {
  const only = target?.wakeWays.length === 1 ? target.wakeWays[0] : undefined;
  const unavailable =
    target && only && target.mac !== null ? unavailableReason(target, only, hasAgent) : null;
  return new PilotlightError('CANNOT_WAKE', {
    ...(unavailable === null ? {} : { next: unavailable }),
    details: { nodeId },
  });
}

/** A method in terms that people know, for example by the host of its relay. */
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

/** The methods tried so far; null before the first one. */
export function triedMethods(ways: WakeProgress['ways']): Message | null {
  return ways.length === 0 ? null : fact('WAKE_TRIED', { methods: methodsOf(ways) });
}

export const methodsOf = (ways: WakeProgress['ways']) =>
  ways.map(({ way, failed }) => ({ method: way, failed }));
