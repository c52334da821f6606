/** Finds nodes on the same machine: two servers on one machine are two nodes that go off together. */
import type { NodeRecord, NodeView } from '../../../shared/models/fleet.ts';
import type { FleetService } from './service.ts';
import { hostOf, isLoopbackHost, sameServerKey } from './validate.ts';

type Known = Pick<NodeRecord, 'id' | 'kind' | 'mac' | 'url' | 'agentUrl' | 'shutdownUrl'>;

export interface SameMachine {
  /** The other nodes on the machine of this one. */
  others(nodeId: string): readonly string[];
  stop(): void;
}

const none: readonly string[] = [];

export function createSameMachine(fleet: Pick<FleetService, 'records' | 'onChange'>): SameMachine {
  let known: Map<string, string[]> | null = null;
  const stop = fleet.onChange((node, previous) => {
    if (node === null || previous === null || moved(node, previous)) known = null;
  });
  return {
    others(nodeId) {
      known ??= group(fleet.records().map(({ record }) => record));
      return known.get(nodeId) ?? none;
    },
    stop,
  };
}

function moved(node: NodeView, previous: NodeView): boolean {
  return (
    node.mac !== previous.mac ||
    node.url !== previous.url ||
    node.agentUrl !== previous.agentUrl ||
    node.shutdownUrl !== previous.shutdownUrl
  );
}

function group(records: readonly Known[]): Map<string, string[]> {
  const real = records.filter(({ kind }) => kind !== 'simulated');
  const byKey = new Map<string, Known[]>();
  for (const record of real) {
    for (const key of keysOf(record)) byKey.set(key, [...(byKey.get(key) ?? []), record]);
  }
  return new Map(
    real.map((record) => {
      const near = [...keysOf(record)].flatMap((key) => byKey.get(key) ?? []);
      const others = near.filter((other) => other.id !== record.id && mayBeSame(record, other));
      return [record.id, [...new Set(others.map(({ id }) => id))]];
    }),
  );
}

/** One address may lead to several machines on different ports. */
function mayBeSame(one: Known, other: Known): boolean {
  return one.mac === null || other.mac === null || one.mac === other.mac;
}

function keysOf({ mac, url, agentUrl, shutdownUrl }: Known): Set<string> {
  const hosts = [url, agentUrl, shutdownUrl].flatMap((address) => {
    const host = address === null ? null : hostOf(address).toLowerCase();
    // A loopback address may be a tunnel to any machine.
    return host === null || isLoopbackHost(host) ? [] : [`host ${host}`];
  });
  return new Set([
    ...hosts,
    ...(mac === null ? [] : [`mac ${mac}`]),
    ...(shutdownUrl === null ? [] : [`shutdown ${sameServerKey(shutdownUrl)}`]),
  ]);
}
