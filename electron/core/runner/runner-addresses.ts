/** Which runners the fleet has, and where they answer. Pure. */
import type { RunnerView } from '../../../shared/models/runner.ts';
import { parseWebUrl } from '../../../shared/network/web-address.ts';

export interface RunnerAddress {
  /** The node's, or `runner:HOST:PORT`. */
  nodeId: string;
  name: string;
  from: RunnerView['from'];
  /** Whether the node is in the fleet: it can be woken, and its leases count. */
  inFleet: boolean;
  /** null while the runner of this computer does not run. */
  url: string | null;
  token: string | null;
}

export interface KnownNode {
  id: string;
  name: string;
  kind: string;
  url: string | null;
  agentUrl: string | null;
}

/**
 * One for each machine: this computer's, that of each agent with the role, then the addresses of the settings. An address
 * on the machine of a node is that node's runner, unless its agent has the role.
 */
export function runnerAddresses({
  nodes,
  local,
  agentOf,
  urls,
  token,
}: {
  nodes: readonly KnownNode[];
  /** null if this computer's may not run. */
  local: { url: string; token: string } | 'not-running' | null;
  /** The token of a node's agent if it has the role `runner`; null if it doesn't. */
  agentOf(nodeId: string): { token: string | null } | null;
  urls: readonly string[];
  /** For the addresses of the settings. */
  token: string | null;
}): RunnerAddress[] {
  const found: RunnerAddress[] = [];
  for (const node of nodes) {
    const common = { nodeId: node.id, name: node.name, inFleet: true };
    if (node.kind === 'this-computer') {
      if (local === 'not-running') found.push({ ...common, from: 'this-computer', url: null, token: null });
      else if (local !== null) {
        const { url, token: own } = local;
        found.push({ ...common, from: 'this-computer', url, token: own });
      }
      continue;
    }
    const agent = node.agentUrl === null ? null : agentOf(node.id);
    if (agent !== null) found.push({ ...common, from: 'agent', url: node.agentUrl, token: agent.token });
  }
  for (const url of urls) {
    const host = parseWebUrl(url)?.host;
    if (host === undefined) continue;
    const owner = ownerOf(url, nodes);
    const free = owner !== null && !found.some(({ nodeId }) => nodeId === owner.id);
    const address: RunnerAddress = {
      ...(free
        ? { nodeId: owner.id, name: owner.name, inFleet: true }
        : { nodeId: `runner:${host}`, name: host, inFleet: false }),
      from: 'address',
      url,
      token,
    };
    if (!found.some(({ nodeId }) => nodeId === address.nodeId)) found.push(address);
  }
  return found;
}

/** The only other machine with that name or number. Loopback says nothing: anything may be forwarded there. */
function ownerOf(url: string, nodes: readonly KnownNode[]): KnownNode | null {
  const wanted = hostOf(url);
  if (wanted === null || isLoopback(wanted)) return null;
  const owners = nodes.filter(
    ({ kind, url: server, agentUrl }) =>
      kind !== 'this-computer' && [server, agentUrl].some((one) => one !== null && hostOf(one) === wanted),
  );
  return owners.length === 1 ? (owners[0] ?? null) : null;
}

const hostOf = (url: string) => parseWebUrl(url)?.hostname ?? null;
const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127\./.test(host);
