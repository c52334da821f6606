/** Where the time of a run goes, over the last minute and as a whole. */
import type { Clock } from '../ports/time.ts';
import type { NodeTime, TimeSpent } from './limited-by.ts';

/** How long a step took, milliseconds. */
export interface TimeReport {
  /** A node answered. `serverMs` is what its server reported; null if it reported nothing. */
  answered(answer: {
    nodeId: string;
    name: string;
    isLocal: boolean;
    waitedMs: number;
    serverMs: number | null;
  }): void;
  /** A node waited for texts. */
  starved(ms: number): void;
  read(ms: number): void;
  cut(ms: number): void;
  stored(ms: number): void;
}

export interface TimeMeter extends TimeReport {
  recent(): TimeSpent;
  total(): TimeSpent;
}

type Part = 'starvedMs' | 'readMs' | 'cutMs' | 'storeMs';

interface Tally extends Record<Part, number> {
  nodes: Map<string, NodeTime>;
}

interface Span {
  from: number;
  tally: Tally;
}

const RECENT_MS = 60_000;
const SPAN_MS = 5000;

const emptyTally = (): Tally => ({ nodes: new Map(), starvedMs: 0, readMs: 0, cutMs: 0, storeMs: 0 });
const parts: readonly Part[] = ['starvedMs', 'readMs', 'cutMs', 'storeMs'];

export function createTimeMeter(clock: Pick<Clock, 'monotonic'>): TimeMeter {
  const whole = emptyTally();
  let spans: Span[] = [];

  /** Adds to the whole and to the current span. */
  function add(change: (tally: Tally) => void): void {
    const now = clock.monotonic();
    let current = spans.at(-1);
    if (current === undefined || now - current.from >= SPAN_MS) {
      current = { from: now, tally: emptyTally() };
      spans = [...spans.filter(({ from }) => from > now - RECENT_MS), current];
    }
    change(whole);
    change(current.tally);
  }

  const addPart = (part: Part) => (ms: number) =>
    add((tally) => {
      tally[part] += ms;
    });

  return {
    answered: ({ nodeId, name, isLocal, waitedMs, serverMs }) =>
      add(({ nodes }) => {
        const node = nodes.get(nodeId) ?? { name, isLocal, waitedMs: 0, reportedMs: 0, serverMs: 0 };
        node.waitedMs += waitedMs;
        if (serverMs !== null) {
          node.reportedMs += waitedMs;
          node.serverMs += Math.min(serverMs, waitedMs);
        }
        nodes.set(nodeId, node);
      }),
    starved: addPart('starvedMs'),
    read: addPart('readMs'),
    cut: addPart('cutMs'),
    stored: addPart('storeMs'),
    recent() {
      const since = clock.monotonic() - RECENT_MS;
      const sum = emptyTally();
      for (const { from, tally } of spans) if (from > since) addTally(sum, tally);
      return toTimeSpent(sum);
    },
    total: () => toTimeSpent(whole),
  };
}

function addTally(sum: Tally, added: Tally): void {
  for (const part of parts) sum[part] += added[part];
  for (const [nodeId, node] of added.nodes) {
    const known = sum.nodes.get(nodeId);
    sum.nodes.set(nodeId, {
      ...node,
      waitedMs: node.waitedMs + (known?.waitedMs ?? 0),
      reportedMs: node.reportedMs + (known?.reportedMs ?? 0),
      serverMs: node.serverMs + (known?.serverMs ?? 0),
    });
  }
}

const toTimeSpent = ({ nodes, ...rest }: Tally): TimeSpent => ({ nodes: [...nodes.values()], ...rest });
