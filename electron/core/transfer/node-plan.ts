/** From one node of an exported file to what importing it would do. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import type { ExportedNode, ExportedWay } from '../../../shared/models/transfer.ts';
import { changedRecord, newRecord, refuseDuplicate } from '../fleet/records.ts';
import { normaliseAgentUrl, normaliseServerUrl, sameServerKey } from '../fleet/validate.ts';
import { type Draft, nodeDifferences, type Present, type PresentNode } from './import-plan.ts';

/** Stands for a node of the same file, which has no id yet. */
const PENDING = 'agent at ';

export function planNode(draft: Draft, node: ExportedNode, present: Present): void {
  const what = node.name;
  draft.attempt('node', what, () => {
    const here = node.kind === 'this-computer' ? findLocal(present) : findExported(present, node);
    const before = here?.record ?? null;
    if (before?.kind === 'simulated') {
      draft.say('leave-out', 'node', what, 'A simulated machine has this address.');
      return;
    }
    const ways = readWays(node.wakeWays, before, present);
    const record = recordOf(node, before, ways.taken);
    refuseTwice(draft, record);
    if (record.url !== null && record.url !== before?.url) {
      const others = present.nodes.filter((other) => other !== here);
      refuseDuplicate(
        record.url,
        others.map(({ record: { id, name }, url }) => ({ id, name, url })),
      );
    }
    const remarks = `${ways.remark}${secretsRemark(node, here, record)}`;
    const newPolicy =
      node.policy !== null && JSON.stringify(node.policy) !== JSON.stringify(here?.policy ?? null);
    if (before === null) {
      const wake = record.mac === null ? '' : ', and can be woken';
      draft.say('add', 'node', what, `It is added at ${record.url ?? record.agentUrl}${wake}.${remarks}`);
      draft.nodes.push(record);
    } else {
      const differences = [...nodeDifferences(before, record), ...(newPolicy ? ['power policy'] : [])];
      if (differences.length === 0) {
        draft.say('same', 'node', what, `It is here already, the same.${remarks}`);
        return;
      }
      const other = before.name === what ? '' : ` Now it is called "${before.name}".`;
      draft.say('change', 'node', what, `Changed: ${differences.join(', ')}.${other}${remarks}`);
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

/** Ways as they are here. A file brings no command that would then run on this computer. */
function readWays(
  ways: readonly ExportedWay[],
  before: NodeRecord | null,
  present: Present,
): { taken: WakeWay[]; remark: string } {
  let leftOut = false;
  const taken = ways.flatMap((way): WakeWay[] => {
    if (way.kind === 'agent') return [{ kind: 'agent', nodeId: nodeOfAgent(way.agentUrl, present) }];
    if (way.kind !== 'command') return [way];
    const known = before?.wakeWays.some((one) => JSON.stringify(one) === JSON.stringify(way)) ?? false;
    leftOut ||= !known;
    return known ? [way] : [];
  });
  return {
    taken: taken.length === 0 ? [{ kind: 'direct' }] : taken,
    remark: leftOut ? ' Its wake command is not taken from a file: set it again.' : '',
  };
}

function nodeOfAgent(agentUrl: string, { nodes }: Present): string {
  const url = normaliseAgentUrl(agentUrl);
  const known = nodes.find(({ record }) => record.kind !== 'simulated' && record.agentUrl === url);
  return known?.record.id ?? `${PENDING}${url}`;
}

/** The ways with the ids of nodes that were still to come; one whose node did not come is left out. */
export function settleWays(record: NodeRecord, nodes: readonly NodeRecord[]): NodeRecord {
  if (!record.wakeWays.some((way) => way.kind === 'agent' && way.nodeId.startsWith(PENDING))) return record;
  const wakeWays = record.wakeWays.flatMap((way): WakeWay[] => {
    if (way.kind !== 'agent' || !way.nodeId.startsWith(PENDING)) return [way];
    const node = nodes.find(({ agentUrl }) => agentUrl === way.nodeId.slice(PENDING.length));
    return node === undefined ? [] : [{ kind: 'agent', nodeId: node.id }];
  });
  return { ...record, wakeWays: wakeWays.length === 0 ? [{ kind: 'direct' }] : wakeWays };
}

/** As it stands in a file, where ids mean nothing. */
export function exportedWays(record: NodeRecord, nodes: readonly NodeRecord[]): ExportedWay[] {
  const ways = record.wakeWays.flatMap((way): ExportedWay[] => {
    if (way.kind !== 'agent') return [way];
    const agentUrl = nodes.find(({ id }) => id === way.nodeId)?.agentUrl ?? null;
    return agentUrl === null ? [] : [{ kind: 'agent', agentUrl }];
  });
  return ways.length === 0 ? [{ kind: 'direct' }] : ways;
}

/** Which secrets of a node were for another address than it has then: they are not sent to the new one. */
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

/** What has to be set again by hand. */
function secretsRemark(node: ExportedNode, here: PresentNode | undefined, record: NodeRecord): string {
  const stale = here === undefined ? null : staleSecrets(here.record, record);
  const missing = (inFile: boolean, isHere: boolean | undefined, lost: boolean | undefined) =>
    isHere ? lost === true : inFile;
  const words = [
    missing(node.hasSecureOn, here?.hasSecureOn, false) ? 'its SecureOn password' : '',
    missing(node.hasAgentToken, here?.hasAgentToken, stale?.agentToken) ? 'the token of its agent' : '',
    missing(node.hasRelayToken, here?.hasRelayToken, stale?.relayToken) ? 'the token of its relay' : '',
    missing(node.hasShutdownSecret, here?.hasShutdownSecret, stale?.shutdownSecret)
      ? 'the secret of its shutdown server'
      : '',
  ].filter((one) => one !== '');
  return words.length === 0 ? '' : ` Not in the file, set it again: ${words.join(', ')}.`;
}

/** Throws ALREADY_EXISTS when the file names an address twice. */
function refuseTwice({ nodes }: Draft, record: NodeRecord): void {
  if (record.url !== null) refuseDuplicate(record.url, nodes);
  if (record.id !== '' && nodes.some(({ id }) => id === record.id)) {
    throw new PilotlightError('ALREADY_EXISTS', { message: 'The file names this machine twice.' });
  }
}

function findLocal({ nodes }: Present): PresentNode | undefined {
  return nodes.find(({ record }) => record.kind === 'this-computer');
}

/** The node at an address, in whatever form it is written. Throws BAD_URL. */
export function findNode({ nodes }: Present, url: string): PresentNode | undefined {
  const key = sameServerKey(normaliseServerUrl(url));
  return nodes.find((node) => node.url !== null && sameServerKey(node.url) === key);
}

/** A node that has only an agent is known by that. Throws BAD_URL. */
function findExported(present: Present, { url, agentUrl }: ExportedNode): PresentNode | undefined {
  if (url !== null || agentUrl === null) return findNode(present, url ?? '');
  const wanted = normaliseAgentUrl(agentUrl);
  return present.nodes.find(({ record }) => record.url === null && record.agentUrl === wanted);
}
