/** Turns what answered at an address into a machine that can be offered. Pure. */
import type { FoundMachine } from '../../../shared/models/discovery.ts';
import { ipv4Number } from '../../../shared/network/ipv4.ts';
import { THIS_COMPUTER_ID } from '../fleet/records.ts';
import { hostOf, isLoopbackHost, sameServerKey } from '../fleet/validate.ts';
import { troubleOf } from '../runtime/trouble.ts';
import type { Answer } from './ask.ts';

/** What is known about a node's addresses. */
export interface KnownNode {
  id: string;
  url: string | null;
  agentUrl: string | null;
  mac: string | null;
  /** Hosts of its addresses, and the addresses that their names resolve to. */
  hosts: readonly string[];
}

export function emptyMachine(address: string): FoundMachine {
  return {
    address,
    name: null,
    mac: null,
    broadcast: null,
    ollama: null,
    agent: null,
    relayUrl: null,
    shutdownUrl: null,
    foundBy: [],
    nodeId: null,
  };
}

/**
 * What answers at one machine. Of two servers of the same kind, the first one wins. A relay role at another port than
 * the agent's counts as a relay.
 */
export function describeAnswers(
  answers: readonly Answer[],
): Pick<FoundMachine, 'ollama' | 'agent' | 'relayUrl' | 'shutdownUrl' | 'problem'> {
  const found: ReturnType<typeof describeAnswers> = {
    ollama: null,
    agent: null,
    relayUrl: null,
    shutdownUrl: null,
  };
  for (const { url, recognised } of answers) {
    switch (recognised?.kind) {
      case 'inference-server':
        found.ollama ??= {
          url,
          version: recognised.version,
          ...(recognised.product === undefined ? {} : { product: recognised.product }),
        };
        break;
      case 'agent': {
        const { version, roles, id } = recognised;
        if (found.agent === null) found.agent = { url, version, roles: [...roles], id };
        else if (roles.includes('relay')) found.relayUrl ??= url;
        break;
      }
      case 'relay':
        found.relayUrl ??= url;
        break;
      case 'shutdown':
        found.shutdownUrl ??= url;
        break;
    }
  }
  const troubled = answers.find(
    ({ url, problem }) => problem !== null && (found.ollama === null || found.ollama.url === url),
  );
  return troubled?.problem ? { ...found, problem: troubleOf(troubled.problem) } : found;
}

/** The node that has this machine, by the address of a server, its MAC address or its host; null if it is new. */
export function nodeOf(
  machine: FoundMachine,
  nodes: readonly KnownNode[],
  own: ReadonlySet<string>,
): string | null {
  const keys = [machine.ollama?.url, machine.agent?.url].flatMap((url) => (url ? sameServerKey(url) : []));
  const byServer = nodes.find(({ url, agentUrl }) =>
    [url, agentUrl].some((one) => one !== null && keys.includes(sameServerKey(one))),
  );
  if (byServer) return byServer.id;
  if (own.has(machine.address)) return THIS_COMPUTER_ID;
  // All machines of a simulated fleet share loopback.
  if (isLoopbackHost(machine.address)) return null;
  const byMac = machine.mac === null ? undefined : nodes.find(({ mac }) => mac === machine.mac);
  return (byMac ?? nodes.find(({ hosts }) => hosts.includes(machine.address)))?.id ?? null;
}

/** Machines that Pilotlight can use come first; then by address. */
export function inOrder(machines: Iterable<FoundMachine>): FoundMachine[] {
  const rank = (one: FoundMachine) =>
    one.ollama || one.agent || one.relayUrl !== null || one.shutdownUrl !== null ? 0 : 1;
  return [...machines].sort(
    (one, other) => rank(one) - rank(other) || compareAddresses(one.address, other.address),
  );
}

function compareAddresses(one: string, other: string): number {
  const [left, right] = [ipv4Number(one), ipv4Number(other)];
  return left === null || right === null ? one.localeCompare(other) : left - right;
}

/** Hosts of a node's addresses. */
export function hostsOfNode({ url, agentUrl }: Pick<KnownNode, 'url' | 'agentUrl'>): string[] {
  return [...new Set([url, agentUrl].flatMap((one) => (one === null ? [] : hostOf(one))))];
}
