/** From what is saved of a node and what was seen of it to what people see. Pure. */
import {
  isServing,
  type NodeRecord,
  type NodeView,
  type Trouble,
  type WakeProgress,
} from '../../../shared/models/fleet.ts';
import type { InstalledModel, LoadedModel } from '../../../shared/models/placement.ts';
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';
import { sameValue } from './equal.ts';
import { describeLoaded } from './model-placement.ts';
import type { Observation } from './node-state.ts';

/** Everything known of one node. */
export interface NodeKnowledge {
  record: NodeRecord;
  /** The address in use: saved, or found on this computer; null while there is none. */
  url: string | null;
  observation: Observation;
  version: string | null;
  loaded: readonly LoadedModel[];
  /** Replaced, never changed: the view carries the same list. */
  installed: InstalledModel[];
  wake: WakeProgress | null;
  lastWakeError: Trouble | null;
  canWake: boolean;
  secrets: Pick<NodeView, 'hasSecureOn' | 'hasAgentToken' | 'hasRelayToken' | 'hasShutdownSecret'>;
  boot: NodeView['boot'];
  /** From this computer's tools, the node's agent or the simulator; null where none measures or could be read. */
  gpus: readonly GpuReading[] | null;
  host: HostReading | null;
  /** Whether Ollama found a GPU there, by its agent; null where nobody says. */
  gpuFound: boolean | null;
  /** null where the node is not simulated. */
  simulatedVramBytes: number | null;
  uses: readonly string[];
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
  // Written out: nothing that is saved gets into the view by itself.
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
    server: known.url === null ? null : { kind: 'ollama', version: known.version },
    canWake: known.canWake,
    wake: known.wake,
    lastWakeError: known.lastWakeError,
    boot: known.boot,
    hasGpu,
    vram: readVram(known, loaded, up),
    gpus: [...(known.gpus ?? [])],
    host: known.host,
    loaded: describeLoaded({ loaded, hasGpu, ...settings }),
    // What was installed stays known while it sleeps: a job wants to know whom to wake.
    installed: known.installed,
    lastSeenAt: observation.lastSeenAt,
    uses: [...known.uses],
  };
}

function readHasGpu({
  record,
  gpus,
  gpuFound,
  simulatedVramBytes,
  observation,
}: NodeKnowledge): boolean | null {
  if (simulatedVramBytes !== null) return simulatedVramBytes > 0;
  if (hasCard(gpus) || gpuFound === true) return true;
  if (record.vramBytes !== null) return record.vramBytes > 0;
  if (observation.sawVram) return true;
  return gpus !== null && gpuFound === false ? false : null;
}

/** A processor's own graphics alone are no sign that models go to a GPU: only a server that uses them is. */
export function hasCard(gpus: readonly GpuReading[] | null): boolean {
  return gpus?.some(({ integrated }) => integrated !== true) ?? false;
}

function readVram(known: NodeKnowledge, loaded: readonly LoadedModel[], up: boolean): NodeView['vram'] {
  const { record, gpus, simulatedVramBytes } = known;
  const byModels = up ? loaded.reduce((sum, model) => sum + model.vramBytes, 0) : null;
  const measured = gpus === null ? null : sumOrNull(gpus.map((gpu) => gpu.vramUsedBytes));
  const usedBytes = measured ?? byModels;
  if (simulatedVramBytes !== null) return { totalBytes: simulatedVramBytes, usedBytes, source: 'simulator' };
  const byTools = gpus === null ? null : sumOrNull(gpus.map((gpu) => gpu.vramTotalBytes));
  if (byTools !== null) return { totalBytes: byTools, usedBytes, source: 'tools' };
  if (record.vramBytes !== null) return { totalBytes: record.vramBytes, usedBytes, source: 'person' };
  return { totalBytes: null, usedBytes, source: 'unknown' };
}

/** A sum with an unknown part is unknown. */
function sumOrNull(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum;
}

/** How stale the time of the last answer may get before it alone is worth a message to everybody. */
const LAST_SEEN_TOLERANCE_MS = 60_000;

/** Whether two views of a node tell people the same. That it was seen again a moment later tells nothing. */
export function sameView(one: NodeView, other: NodeView): boolean {
  const { lastSeenAt: oneSeen, ...oneRest } = one;
  const { lastSeenAt: otherSeen, ...otherRest } = other;
  if ((oneSeen === null) !== (otherSeen === null)) return false;
  if (Math.abs((oneSeen ?? 0) - (otherSeen ?? 0)) >= LAST_SEEN_TOLERANCE_MS) return false;
  return sameValue(oneRest, otherRest);
}
