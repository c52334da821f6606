/** Whether a node can be woken, by its record. Pure. */
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import { type Destination, hostOf, isLoopbackHost, parseDestination } from './validate.ts';

export interface WakeTarget extends Pick<NodeRecord, 'kind' | 'url' | 'mac' | 'wakeDestinations'> {
  /** IPv4 addresses last reported by its agent, for a machine that is known by name only. */
  lastAddresses?: readonly string[];
}

export type WakeableNode = WakeTarget & { wakeWays: readonly WakeWay[] };

/** Whether the agent of another node can be called: it has an address and a token. */
export type HasAgent = (nodeId: string) => boolean;

/** Why a wake method cannot be used; null if it can be tried. */
export function unavailableReason(target: WakeTarget, way: WakeWay, hasAgent: HasAgent): Message | null {
  switch (way.kind) {
    case 'direct':
      if (target.mac === null) return fact('NO_MAC_ADDRESS');
      return canSendPackets(target) ? null : fact('NO_WAKE_DESTINATION');
    case 'agent':
      if (target.mac === null) return fact('NO_MAC_ADDRESS');
      return hasAgent(way.nodeId) ? null : fact('NO_AGENT_TO_WAKE_WITH');
    case 'relay':
      // A relay may wake a fixed machine, without a MAC address.
      return null;
    case 'command':
      return null;
  }
}

/** Whether at least one of its wake methods can be tried. */
export function canWake(target: WakeableNode, hasAgent: HasAgent): boolean {
  return target.wakeWays.some((way) => unavailableReason(target, way, hasAgent) === null);
}

/** Whether it has a MAC address and a destination for packets. */
export function canSendPackets(target: WakeTarget): boolean {
  if (target.mac === null) return false;
  const named = namedDestinations(target);
  return !isOnThisComputer(target, named) || named.length > 0;
}

/** The configured destinations; for a simulated machine, only those on loopback. */
export function namedDestinations(target: WakeTarget): Destination[] {
  const named = target.wakeDestinations.map((text) => parseDestination(text));
  return target.kind === 'simulated' ? named.filter(isOnLoopback) : named;
}

export function isOnThisComputer({ kind, url }: WakeTarget, named: readonly Destination[]): boolean {
  if (kind === 'simulated') return true;
  if (url !== null && isLoopbackHost(hostOf(url))) return true;
  return named.length > 0 && named.every(isOnLoopback);
}

const isOnLoopback = ({ address }: Destination) => isLoopbackHost(address);
