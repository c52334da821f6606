/** What the card of the door for Immich says. Pure. */
import type { NodeState } from '../../../shared/models/fleet.ts';
import type { ImmichView } from '../../../shared/models/immich.ts';
import { formatBytes, plural } from '../../../shared/units.ts';

export interface DoorText {
  /** In the temperatures of the machines. */
  glyph: NodeState;
  label: string;
  isTrouble: boolean;
  /** More of what happens; empty for nothing. */
  about: string;
  /** Why the last wake failed; null unless it did. */
  failure: string | null;
}

const timeOf = (at: number) => new Date(at).toLocaleTimeString([], { hour: 'numeric', minute: '2-digit' });

export function doorText({ state, held, working, bytes, lastWake }: ImmichView): DoorText {
  const plain = { isTrouble: false, about: '', failure: null };
  if (state === 'failed')
    return { ...plain, glyph: 'trouble', isTrouble: true, label: 'Immich gets no answer' };
  const memory = bytes > 0 ? `${formatBytes(bytes)} in memory` : '';
  const waiting = plural(held, 'request');
  if (lastWake?.outcome === 'running') {
    const about = [memory, 'Immich waits, and nothing fails.'].filter(Boolean).join(' · ');
    return held > 0
      ? { ...plain, glyph: 'waking', label: `Holding ${waiting} while ${lastWake.name} wakes`, about }
      : { ...plain, glyph: 'waking', label: `Waking ${lastWake.name}` };
  }
  if (lastWake?.outcome === 'failed') {
    const label = `${lastWake.name} did not wake at ${timeOf(lastWake.at)}`;
    const about = held === 0 ? '' : `Holding ${waiting}; it is woken again in a moment.`;
    return { glyph: 'trouble', label, isTrouble: true, about, failure: lastWake.reason };
  }
  const woke = lastWake?.outcome === 'awake' ? `${lastWake.name} last woke at ${timeOf(lastWake.at)}` : '';
  if (held + working > 0) {
    const parts = [held > 0 ? `${waiting} waiting` : '', working > 0 ? `${working} in progress` : ''];
    const about = [memory, woke].filter(Boolean).join(' · ');
    return { ...plain, glyph: 'gpu-verified', label: parts.filter(Boolean).join(', '), about };
  }
  return { ...plain, glyph: 'serving', label: 'On, nothing to do', about: woke };
}
