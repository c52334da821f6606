/** Builds the view of a node from its record and what was observed. Pure. */
import { isServing, type NodeRecord, type NodeView, type Trouble } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { InstalledModel, LoadedModel } from '../../../shared/models/placement.ts';
import type { GpuCard } from '../../../shared/models/telemetry.ts';
import { sumOrNull } from '../../../shared/vram.ts';
import type { InferenceServer } from '../ports/inference.ts';
import { sameValue } from './equal.ts';
import type { GpuLoss } from './gpu-state.ts';
import { describeLoaded } from './model-placement.ts';
import type { Observation } from './node-state.ts';

/** Everything known about one node. */
export interface NodeKnowledge {
  record: NodeRecord;
  /** The address in use, saved or found on this computer; null if there is none. */
  url: string | null;
  /** The server at that address; null if there is none. */
  server: Pick<InferenceServer, 'product' | 'capabilities'> | null;
  observation: Observation;
  version: string | null;
  loaded: readonly LoadedModel[];
  /** Replaced, never mutated: the view carries the same list. */
  installed: InstalledModel[];
  /** Models that its server lists and that run elsewhere. */
  cloudModels: InstalledModel[];
  lastWakeError: Trouble | null;
  /** The load that does not end, `since` in milliseconds since the epoch; null while loads work. */
  stuck: { model: string; since: number } | null;
  canWake: boolean;
  secrets: Pick<NodeView, 'hasSecureOn' | 'hasAgentToken' | 'hasRelayToken' | 'hasShutdownSecret'>;
  boot: NodeView['boot'];
  /** As last reported by this computer's tools, the node's agent or the simulator; null until all could be read. */
  cards: readonly GpuCard[] | null;
  /** Whether Ollama found a GPU there, by its agent; null if not reported. */
  gpuFound: boolean | null;
  /** Every tool of the machine has reported, and none sees a GPU. */
  seesNoGpu: boolean;
  /** Whether its agent may restart Ollama. */
  mayRestartOllama: boolean;
  /** null if the node is not simulated. */
  simulatedVramBytes: number | null;
  uses: readonly Message[];
}

export interface ViewSettings {
  priorityModels: readonly string[];
  pinned: ReadonlySet<string>;
}

export function toNodeView(known: NodeKnowledge, settings: ViewSettings): NodeView {
  const { record, observation } = known;
  const hasGpu = readHasGpu(known);
  const up = isServing(observation.state);
  const loaded = up ? known.loaded : [];
  // Every field is listed, so that nothing saved reaches the view by accident.
  return {
    id: record.id,
    name: record.name,
    kind: record.kind,
    url: known.url,
    mac: record.mac,
    wakeDestinations: record.wakeDestinations,
    wakeWays: record.wakeWays,
    agentUrl: record.agentUrl,
    shutdownUrl: record.shutdownUrl,
    ...known.secrets,
    addedAt: record.addedAt,
    state: observation.state,
    since: observation.since,
    trouble: observation.trouble,
    gpuLost: up && observation.gpu.loss !== null ? lostView(observation.gpu.loss, known) : null,
    wedged: up && known.stuck !== null ? wedgedView(known.stuck, known) : null,
    server: serverView(known),
    canWake: known.canWake,
    lastWakeError: known.lastWakeError,
    boot: known.boot,
    hasGpu,
    vram: readVram(known),
    gpus: [...(known.cards ?? [])],
    loaded: describeLoaded({ loaded, installed: known.installed, hasGpu, ...settings }),
    // Kept while the node is asleep, because a job has to know which machine to wake.
    installed: known.installed,
    ...(known.cloudModels.length > 0 && { cloudModels: known.cloudModels }),
    lastSeenAt: observation.lastSeenAt,
    uses: [...known.uses],
  };
}

function serverView({ url, server, version }: NodeKnowledge): NodeView['server'] {
  if (url === null || server === null) return null;
  return { product: server.product, version, capabilities: [...server.capabilities] };
}

function readHasGpu({
  record,
  cards,
  gpuFound,
  simulatedVramBytes,
  seesNoGpu,
  observation,
}: NodeKnowledge): boolean | null {
  if (simulatedVramBytes !== null) return simulatedVramBytes > 0;
  if (hasCard(cards) || gpuFound === true) return true;
  if (record.vramBytes !== null) return record.vramBytes > 0;
  if (observation.gpu.known) return true;
  if (seesNoGpu) return false;
  if (cards === null) return null;
  // An agent reports an empty list only when it has read every GPU; this computer's own tools do not read them all.
  const none = record.kind === 'remote' && cards.length === 0;
  return none || gpuFound === false ? false : null;
}

function lostView(
  { since, shownBy, restarted, reason }: GpuLoss,
  { record, mayRestartOllama }: NodeKnowledge,
): NodeView['gpuLost'] {
  return { since, shownBy, restarted, reason, next: fixOf() };

  function fixOf(): Message {
    if (shownBy === 'tools') return fact('RESTART_IF_GPU_STAYS_AWAY');
    if (restarted) return fact('CHECK_GPU_AFTER_RESTART');
    if (mayRestartOllama) return fact('RESTART_OLLAMA_FOR_GPU');
    return fact('RESTART_OLLAMA_BY_HAND', byHand(record));
  }
}

function wedgedView(
  { model, since }: NonNullable<NodeKnowledge['stuck']>,
  { record, mayRestartOllama }: NodeKnowledge,
): NodeView['wedged'] {
  return {
    since,
    model,
    reason: fact('LOADS_DO_NOT_END', { model }),
    next: mayRestartOllama
      ? fact('RESTART_OLLAMA_FOR_LOADS')
      : fact('RESTART_OLLAMA_FOR_LOADS_BY_HAND', byHand(record)),
  };
}

const byHand = ({ kind, agentUrl }: NodeRecord) => ({
  here: kind === 'this-computer',
  agent: agentUrl !== null,
});

/** Integrated graphics do not count: a server may not use them. */
export function hasCard(cards: readonly Pick<GpuCard, 'integrated'>[] | null): boolean {
  return cards?.some(({ integrated }) => integrated !== true) ?? false;
}

function readVram({ record, cards, simulatedVramBytes }: NodeKnowledge): NodeView['vram'] {
  if (simulatedVramBytes !== null) return { totalBytes: simulatedVramBytes, source: 'simulator' };
  const byTools = cards === null ? null : sumOrNull(cards.map((card) => card.vramTotalBytes));
  if (byTools !== null) return { totalBytes: byTools, source: 'tools' };
  if (record.vramBytes !== null) return { totalBytes: record.vramBytes, source: 'person' };
  return { totalBytes: null, source: 'unknown' };
}

/** The part of a GPU reading that does not change. */
export function cardOf({ id, vendor, name, vramTotalBytes, integrated }: GpuCard): GpuCard {
  return { id, vendor, name, vramTotalBytes, ...(integrated ? { integrated } : {}) };
}

/** Whether two views are equal, apart from when the node last answered. */
export function sameView(one: NodeView, other: NodeView): boolean {
  const { lastSeenAt: oneSeen, ...oneRest } = one;
  const { lastSeenAt: otherSeen, ...otherRest } = other;
  return (oneSeen === null) === (otherSeen === null) && sameValue(oneRest, otherRest);
}
