/** Plans the import of one node of an exported file. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import type { ExportedNode, ExportedWay } from '../../../shared/models/transfer.ts';
import { changedRecord, newRecord, refuseDuplicate } from '../fleet/records.ts';
import { normaliseAgentUrl, normaliseServerUrl, sameServerKey } from '../fleet/validate.ts';
import { type Draft, nodeDifferences, type Present, type PresentNode } from './import-plan.ts';

/** Marks a node of the same file that has no id yet. */
const PENDING = 'agent at ';

const secrets = ['secureOn', 'agentToken', 'relayToken', 'shutdownSecret'] as const;
type Secret = (typeof secrets)[number];

export function planNode(draft: Draft, node: ExportedNode, present: Present): void {
  const what = node.name;
  draft.attempt('node', what, () => {
    const here = node.kind === 'this-computer' ? findLocal(present) : findExported(present, node);
    const before = here?.record ?? null;
    if (before?.kind === 'simulated') {
      draft.add('leave-out', 'node', what, fact('SIMULATED_NODE_HAS_ADDRESS'));
      return;
    }
    const { wakeWays, command } = readWakeMethods(node.wakeWays, before, present);
    const record = recordOf(node, before, wakeWays);
    refuseTwice(draft, record);
    if (record.url !== null && record.url !== before?.url) {
      const others = present.nodes.filter((other) => other !== here);
      refuseDuplicate(
        record.url,
        others.map(({ record: { id, name }, url }) => ({ id, name, url })),
      );
    }
    const notImported = { command, secrets: secretsToEnter(node, here, record) };
    const newPolicy =
      node.policy !== null && JSON.stringify(node.policy) !== JSON.stringify(here?.policy ?? null);
    if (before === null) {
      const address = record.url ?? record.agentUrl ?? '';
      const canWake = record.mac !== null;
      draft.add('add', 'node', what, fact('NODE_ADDED_AT', { address, canWake, ...notImported }));
      draft.nodes.push(record);
    } else {
      const fields = [...nodeDifferences(before, record), ...(newPolicy ? (['policy'] as const) : [])];
      if (fields.length === 0) {
        draft.add('same', 'node', what, fact('NODE_SAME', notImported));
        return;
      }
      const currentName = before.name === what ? null : before.name;
      draft.add('change', 'node', what, fact('NODE_FIELDS_CHANGE', { fields, currentName, ...notImported }));
      draft.nodes.push(record);
    }
    if (newPolicy && node.policy !== null) draft.extras.push({ record, policy: node.policy });
  });
}

function recordOf(node: ExportedNode, before: NodeRecord | null, wakeWays: WakeWay[]): NodeRecord {
  const { name, url, mac, wakeDestinations, vramBytes, agentUrl, shutdownUrl } = node;
  const own = node.kind === 'this-computer' || before?.kind === 'this-computer';
  // A machine is never woken, or powered off, by the program that runs on it.
  const power = own ? {} : { mac, wakeDestinations, wakeWays, agentUrl, shutdownUrl };
  if (before) return changedRecord(before, { name, ...power, vramBytes, ...(own && url ? { url } : {}) });
  return newRecord({ name, url, ...power, vramBytes }, { id: '', now: 0 });
}

/** Wake methods with local ids. A file cannot bring a command that would then run on this computer. */
function readWakeMethods(
  ways: readonly ExportedWay[],
  before: NodeRecord | null,
  present: Present,
): { wakeWays: WakeWay[]; command: boolean } {
  let command = false;
  const taken = ways.flatMap((way): WakeWay[] => {
    if (way.kind === 'agent') return [{ kind: 'agent', nodeId: nodeOfAgent(way.agentUrl, present) }];
    if (way.kind !== 'command') return [way];
    const known = before?.wakeWays.some((one) => JSON.stringify(one) === JSON.stringify(way)) ?? false;
    command ||= !known;
    return known ? [way] : [];
  });
  return {
    wakeWays: taken.length === 0 ? [{ kind: 'direct' }] : taken,
    command,
  };
}

function nodeOfAgent(agentUrl: string, { nodes }: Present): string {
  const url = normaliseAgentUrl(agentUrl);
  const known = nodes.find(({ record }) => record.kind !== 'simulated' && record.agentUrl === url);
  return known?.record.id ?? `${PENDING}${url}`;
}

/** Replaces references to nodes of the same file by their new ids. A method whose node was not imported is left out. */
export function settleWakeMethods(record: NodeRecord, nodes: readonly NodeRecord[]): NodeRecord {
  if (!record.wakeWays.some((way) => way.kind === 'agent' && way.nodeId.startsWith(PENDING))) return record;
  const wakeWays = record.wakeWays.flatMap((way): WakeWay[] => {
    if (way.kind !== 'agent' || !way.nodeId.startsWith(PENDING)) return [way];
    const node = nodes.find(({ agentUrl }) => agentUrl === way.nodeId.slice(PENDING.length));
    return node === undefined ? [] : [{ kind: 'agent', nodeId: node.id }];
  });
  return { ...record, wakeWays: wakeWays.length === 0 ? [{ kind: 'direct' }] : wakeWays };
}

/** Wake methods as in a file, where ids mean nothing. */
export function exportedWakeMethods(record: NodeRecord, nodes: readonly NodeRecord[]): ExportedWay[] {
  const ways = record.wakeWays.flatMap((way): ExportedWay[] => {
    if (way.kind !== 'agent') return [way];
    const agentUrl = nodes.find(({ id }) => id === way.nodeId)?.agentUrl ?? null;
    return agentUrl === null ? [] : [{ kind: 'agent', agentUrl }];
  });
  return ways.length === 0 ? [{ kind: 'direct' }] : ways;
}

/** Which secrets of a node were for an address that changes: they must not be sent to the new one. */
export function staleSecrets(
  before: NodeRecord,
  after: NodeRecord,
): { agentToken: boolean; relayToken: boolean; shutdownSecret: boolean } {
  const relays = ({ wakeWays }: NodeRecord) =>
    new Set(wakeWays.flatMap((way) => (way.kind === 'relay' ? [way.url] : [])));
  const known = relays(before);
  return {
    agentToken: before.agentUrl !== after.agentUrl,
    relayToken: [...relays(after)].some((url) => !known.has(url)),
    shutdownSecret: before.shutdownUrl !== after.shutdownUrl,
  };
}

/** The secrets that have to be entered again. */
function secretsToEnter(node: ExportedNode, here: PresentNode | undefined, record: NodeRecord): Secret[] {
  const stale = here === undefined ? null : staleSecrets(here.record, record);
  const missing = (inFile: boolean, isHere: boolean | undefined, lost: boolean | undefined) =>
    isHere ? lost === true : inFile;
  const needed: Record<Secret, boolean> = {
    secureOn: missing(node.hasSecureOn, here?.hasSecureOn, false),
    agentToken: missing(node.hasAgentToken, here?.hasAgentToken, stale?.agentToken),
    relayToken: missing(node.hasRelayToken, here?.hasRelayToken, stale?.relayToken),
    shutdownSecret: missing(node.hasShutdownSecret, here?.hasShutdownSecret, stale?.shutdownSecret),
  };
  return secrets.filter((secret) => needed[secret]);
}

/** Throws ALREADY_EXISTS if the file has an address twice. */
function refuseTwice({ nodes }: Draft, record: NodeRecord): void {
  if (record.url !== null) refuseDuplicate(record.url, nodes);
  if (record.id !== '' && nodes.some(({ id }) => id === record.id)) {
    throw new PilotlightError('ALREADY_EXISTS', { message: fact('NODE_TWICE_IN_FILE') });
  }
}

function findLocal({ nodes }: Present): PresentNode | undefined {
  return nodes.find(({ record }) => record.kind === 'this-computer');
}

/** The node at an address, in any spelling. Throws BAD_URL. */
export function findNode({ nodes }: Present, url: string): PresentNode | undefined {
  const key = sameServerKey(normaliseServerUrl(url));
  return nodes.find((node) => node.url !== null && sameServerKey(node.url) === key);
}

/** A node that has only an agent is found by that. Throws BAD_URL. */
function findExported(present: Present, { url, agentUrl }: ExportedNode): PresentNode | undefined {
  if (url !== null || agentUrl === null) return findNode(present, url ?? '');
  const wanted = normaliseAgentUrl(agentUrl);
  return present.nodes.find(({ record }) => record.url === null && record.agentUrl === wanted);
}
