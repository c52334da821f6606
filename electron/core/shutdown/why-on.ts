/** Why a node is on. Pure. */
import { distinct, fact, type Message } from '../../../shared/models/message.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { IdleDecision } from './idle-decision.ts';

export interface WhyOnFacts {
  on: boolean;
  leases: readonly { holder: string; purpose: string }[];
  /** Other reasons to keep it on; an agent repeats the leases here. */
  reasons: readonly Message[];
  leaving: boolean;
  countdown: boolean;
  /** Why it stays on although it is idle; null if it will be powered off. */
  stayReason: Extract<IdleDecision, { do: 'stay' }>['why'] | null;
  shutdownBy: NodePower['means'];
}

export const leaseHeld = ({ holder, purpose }: { holder: string; purpose: string }): Message =>
  fact('LEASE_HELD', { holder, purpose });

const stayReasons = {
  'not-allowed': 'IDLE_NOT_ALLOWED',
  'not-woken': 'IDLE_NOT_WOKEN',
  'woken-unknown': 'IDLE_WOKEN_UNKNOWN',
  'kept-on': 'IDLE_KEPT_ON',
  'in-use': 'IN_USE_SOMEHOW',
  'agent-silent': 'AGENT_SILENT',
  'other-panel': 'IDLE_OTHER_PANEL',
  'other-node': 'IDLE_OTHER_NODE',
  'no-means': 'IDLE_NO_MEANS',
  cannot: 'IDLE_CANNOT',
} as const satisfies Record<Exclude<WhyOnFacts['stayReason'], null>, string>;

/** Lease holders first; empty while it is off. */
export function whyOn(facts: WhyOnFacts): Message[] {
  if (!facts.on) return [];
  const needs = distinct([...facts.leases.map(leaseHeld), ...facts.reasons]);
  if (facts.leaving) return [...needs, fact('GOING_OFF')];
  if (needs.length > 0) return needs;
  if (facts.countdown) return [fact('IDLE_ABOUT_TO_GO')];
  return [fact(facts.stayReason === null ? 'IDLE_GOES_OFF' : stayReasons[facts.stayReason])];
}
