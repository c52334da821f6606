import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';
import type { Ports } from '../ports/all.ts';
import type { Log } from '../ports/log.ts';
import type { Secrets, Store } from '../ports/state.ts';
import type { Clock, Ids, Random } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import type { ToolReport } from './gpu-state.ts';
import type { ServerReport } from './server-process.ts';

/** What the fleet needs from the agents service, which depends on the fleet in turn. */
export interface FleetAgents {
  /** Resolves if the agent of a node answers now; otherwise rejects with a PilotlightError. */
  probe(nodeId: string, signal: AbortSignal): Promise<void>;
  /** Its newest readings; null if none arrived in the last seconds. */
  reading(nodeId: string): { gpus: GpuReading[] | null; host: HostReading } | null;
  /** Whether Ollama found a GPU in this boot; null if not reported. */
  gpuFound(nodeId: string): boolean | null;
  /** What the tools of its machine report about GPUs. */
  gpuTools(nodeId: string): ToolReport;
  /** The server process on its machine, as reported in this contact; null if not reported. */
  serverReport(nodeId: string): ServerReport | null;
  mayRestartOllama(nodeId: string): boolean;
  /** Takes the token of a recently paired agent at that URL that belongs to no node yet. */
  takePaired(agentUrl: string): string | null;
  /** Reads that token without taking it. */
  pairedToken(agentUrl: string): string | null;
  /** The token of a node's agent was replaced. */
  tokenChanged(nodeId: string): void;
  /**
   * Called before a node loses its agent, because it is removed or gets another agent or none. Throws DISK_FULL if the
   * withdrawal from that agent cannot be saved; the caller then leaves the node unchanged.
   */
  leave(nodeId: string): void;
}

export interface FleetDependencies {
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Log;
  store: Pick<Store, 'nodes' | 'bootTimes' | 'pins' | 'listings'>;
  /** Passwords and tokens of nodes. */
  secrets: Pick<Secrets, 'get' | 'change'>;
  streams: Pick<Streams, 'fleet'>;
  settings: {
    current(): Settings;
    update(patch: Record<string, unknown>): Settings;
    onChange(listener: (settings: Settings, previous: Settings) => void): () => void;
  };
  activity: { record(entry: NewActivityEntry): void };
  hardware: Ports['hardware'];
  connectInferenceServer: Ports['connectInferenceServer'];
  /** Left out: a restart of a server is noticed by probes alone. */
  holdConnection?: Ports['holdConnection'];
  agents: FleetAgents;
  startSimulatedFleet: Ports['startSimulatedFleet'];
  /**
   * Loopback URL of this computer's own server (see readOllamaHost); null to probe none. A saved address takes
   * precedence.
   */
  localServerUrl: string | null;
}
