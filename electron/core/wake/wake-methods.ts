/** What people read about wake methods. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import { type HasAgent, unavailableReason, type WakeableNode } from '../fleet/wakeable.ts';

/** CANNOT_WAKE, with the fix. */
export function cannotWake(nodeId: string, target: WakeableNode | null, hasAgent: HasAgent): PilotlightError {
  const only = target?.wakeWays.length === 1 ? target.wakeWays[0] : undefined;
  const obstacle = target && only && target.mac !== null ? unavailableReason(target, only, hasAgent) : null;
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
