/** Turns recorded state changes into spans. Pure. */
import type { NodeState } from '../../../shared/models/node-state.ts';
import type { LeaseRecord, PowerTimeline } from '../../../shared/models/power.ts';

export interface Span {
  from: number;
  to: number;
}

export type StateSpan = PowerTimeline['states'][number];

/** States in which the machine is on; not `waking`, because it has not answered yet. */
const ON: ReadonlySet<NodeState> = new Set(['booting', 'serving', 'gpu-verified', 'trouble']);

export const isOn = (state: NodeState): boolean => ON.has(state);

/**
 * Spans that cover the whole window without gaps, `unknown` where nothing was recorded. `changes` are oldest first and
 * include the last one before the window.
 */
export function stateSpans(
  changes: readonly { at: number; state: NodeState }[],
  { from, to }: Span,
): StateSpan[] {
  const spans: StateSpan[] = [];
  let state: NodeState = 'unknown';
  let since = from;
  const end = (at: number) => {
    const last = spans.at(-1);
    if (at <= since) return;
    if (last?.state === state) last.to = at;
    else spans.push({ from: since, to: at, state });
    since = at;
  };
  for (const change of changes) {
    end(Math.min(change.at, to));
    state = change.state;
  }
  end(to);
  return spans;
}

/** Leases, clipped to the window. */
export function leaseSpans(leases: readonly LeaseRecord[], { from, to }: Span): PowerTimeline['leases'] {
  return leases
    .filter(({ createdAt, endedAt }) => createdAt < to && (endedAt === null || endedAt > from))
    .map(({ createdAt, endedAt, kind, holder, purpose }) => ({
      from: Math.max(from, createdAt),
      to: endedAt === null ? null : Math.min(to, endedAt),
      kind,
      holder,
      purpose,
    }));
}
