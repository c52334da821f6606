/** "Why is it on?", in words. Pure. */
import type { NodePower } from '../../../shared/models/power.ts';
import type { FinishDecision } from './idle-decision.ts';

export interface WhyOnFacts {
  on: boolean;
  leases: readonly { holder: string; purpose: string }[];
  /** What else speaks against powering off; an agent repeats the leases here. */
  reasons: readonly string[];
  leaving: boolean;
  countdown: boolean;
  /** Why nothing powers it off though nobody needs it; null where something will. */
  stays: Extract<FinishDecision, { do: 'stay' }>['why'] | null;
  means: NodePower['means'];
}

/** How agents say it as well, so that a lease is named once. */
export const leaseWords = ({ holder, purpose }: { holder: string; purpose: string }): string =>
  `${holder} needs it: ${purpose}.`;

const nobody = 'Nobody needs it';
const staying: Record<Exclude<WhyOnFacts['stays'], null>, string> = {
  'not-allowed': `${nobody}, but its policy is that Pilotlight never powers it off.`,
  'not-woken': `${nobody}, but it was not Pilotlight that woke it: its policy leaves it on then.`,
  'woken-unknown': `${nobody}, but whether Pilotlight woke it is not known any more: its policy leaves it on then.`,
  'kept-on': `${nobody}, but somebody cancelled the last power-off: it stays on until it is needed anew.`,
  'in-use': 'It is in use.',
  'agent-silent': 'Whether somebody needs it is not known: its agent cannot be asked.',
  'other-panel': `${nobody} here, but the policy of another panel leaves it on.`,
  'other-node': `${nobody} here, but it is the same machine as another node, whose policy or agent decides.`,
  'no-means': `${nobody}, but Pilotlight cannot power it off.`,
  cannot: `${nobody}, but its shutdown server can only shut down, and its policy is another.`,
};

/** One sentence each, the holders first; empty while it is not on. */
export function whyOn(facts: WhyOnFacts): string[] {
  if (!facts.on) return [];
  const needs = [...new Set([...facts.leases.map(leaseWords), ...facts.reasons])];
  if (facts.leaving) return [...needs, 'It was told to go off.'];
  if (needs.length > 0) return needs;
  if (facts.countdown) return [`${nobody}: it is about to go off.`];
  return [facts.stays === null ? `${nobody}: it goes off when nothing changes.` : staying[facts.stays]];
}
