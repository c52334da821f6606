/** The one thing to say about a machine on its line. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import { ollamaTroubles } from '../../../shared/models/ollama-trouble.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { formatAgo } from '../../../shared/units.ts';
import { formatCountdown } from '../../components/time.tsx';
import { textOf } from '../../texts.ts';
import { actionProgress, inText, leaseLine } from '../power/power-text.ts';

export interface RowNote {
  text: string;
  tone: 'trouble' | 'lease' | 'faint';
}

/** Trouble first, then what happens now, then what keeps it on. */
export function noteOf(node: NodeView, power: NodePower | null, now: number): RowNote | null {
  const faint = (text: string): RowNote => ({ text, tone: 'faint' });
  const [sick] = ollamaTroubles(node);
  const trouble = node.trouble?.message ?? (sick && textOf(sick.reason)) ?? node.lastWakeError?.message;
  if (trouble !== undefined) return { text: trouble, tone: 'trouble' };
  if (power?.countdown) {
    const { action, endsAt } = power.countdown;
    return faint(`${actionProgress[action]} in ${formatCountdown(Math.max(0, endsAt - now))}`);
  }
  if (power?.leaving) return faint(`${actionProgress[power.leaving.action]}…`);
  const off = power?.lastOffError ?? power?.sleepTrouble;
  if (off) return { text: off.message, tone: 'trouble' };
  if (!isServing(node.state)) {
    if (node.kind === 'this-computer') return null;
    return faint(
      node.lastSeenAt === null ? 'Never seen awake' : `Last awake ${formatAgo(now - node.lastSeenAt)}`,
    );
  }
  const [lease] = power?.leases ?? [];
  if (power && lease) {
    const more = power.leases.length - 1;
    return { text: `${leaseLine(lease, now)}${more > 0 ? ` and ${more} more` : ''}`, tone: 'lease' };
  }
  const [use] = node.uses;
  if (use) return { text: `Needed for ${textOf(use)}`, tone: 'lease' };
  if (power?.offAt) return faint(`Idle: powers off ${inText(Math.max(0, power.offAt - now))}`);
  const reason = power?.whyOn[0];
  return reason ? faint(textOf(reason)) : null;
}
