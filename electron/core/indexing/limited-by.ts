/** What limits the speed of a run, judged by where its time goes. Pure. */
import { fact, type Message } from '../../../shared/models/message.ts';

/** Answers of one node, milliseconds. */
export interface NodeTime {
  name: string;
  isLocal: boolean;
  /** From each request to its answer, summed. */
  waitedMs: number;
  /** Of that, for answers with which the server reported how long it took. */
  reportedMs: number;
  /** What it reported, summed. */
  serverMs: number;
}

/** Where time was spent, milliseconds. Steps that run at the same time are each counted in full. */
export interface TimeSpent {
  nodes: readonly NodeTime[];
  /** Nodes were ready and waited for texts. */
  starvedMs: number;
  /** Reading files. */
  readMs: number;
  /** Splitting them, and embedding with the built-in embedder. */
  cutMs: number;
  /** Writing to the index. */
  storeMs: number;
}

type Limit = 'server' | 'network' | 'server-or-network' | 'pilotlight';

/** Shorter measurements say nothing. */
const ENOUGH_MS = 3000;

/** null if too little was measured. */
export function limitedBy({ nodes, starvedMs, readMs, cutMs, storeMs }: TimeSpent): Message | null {
  const waitedMs = nodes.reduce((sum, node) => sum + node.waitedMs, 0);
  const preparedMs = readMs + cutMs + storeMs;
  if (Math.max(waitedMs + starvedMs, preparedMs) < ENOUGH_MS) return null;
  // Nodes that always have texts are the bottleneck; if they wait for texts, their supply is.
  if (waitedMs > 0 && waitedMs >= starvedMs) return limitOfNodes(nodes);
  // A file that is still being read is not counted yet.
  if (preparedMs === 0) return null;
  return readMs + storeMs > cutMs ? fact('LIMITED_BY_DISK') : fact('LIMITED_BY_PILOTLIGHT');
}

/** The limit that most of the waiting is due to. */
function limitOfNodes(nodes: readonly NodeTime[]): Message {
  const sums = new Map<Limit, { ms: number; names: string[] }>();
  for (const node of nodes.toSorted((one, other) => other.waitedMs - one.waitedMs)) {
    if (node.waitedMs <= 0) continue;
    const limit = limitOfNode(node);
    const sum = sums.get(limit) ?? { ms: 0, names: [] };
    sums.set(limit, { ms: sum.ms + node.waitedMs, names: [...sum.names, node.name] });
  }
  const [limit, { names }] = [...sums].reduce((most, next) => (next[1].ms > most[1].ms ? next : most));
  switch (limit) {
    case 'server':
      return fact('LIMITED_BY_SERVER', { nodes: names });
    case 'network':
      return fact('LIMITED_BY_NETWORK', { nodes: names });
    case 'server-or-network':
      return fact('LIMITED_BY_SERVER_OR_NETWORK', { nodes: names });
    case 'pilotlight':
      return fact('LIMITED_BY_PILOTLIGHT');
  }
}

function limitOfNode({ isLocal, waitedMs, reportedMs, serverMs }: NodeTime): Limit {
  // What a server does not report may be its own time or the network's.
  if (reportedMs < waitedMs / 2) return isLocal ? 'server' : 'server-or-network';
  if (reportedMs - serverMs <= serverMs) return 'server';
  return isLocal ? 'pilotlight' : 'network';
}
