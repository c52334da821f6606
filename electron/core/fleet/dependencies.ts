import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';
import type { Ports } from '../ports/all.ts';
import type { Log } from '../ports/log.ts';
import type { Secrets, Store } from '../ports/state.ts';
import type { Clock, Ids, Random } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';

/** What the fleet asks of the agents, which follow the fleet in turn. */
export interface FleetAgents {
  /** Whether the agent of a node answers now. Rejects with a PilotlightError where it does not. */
  probe(nodeId: string, signal: AbortSignal): Promise<void>;
  /** Its newest readings; null where none came in the last seconds. */
  reading(nodeId: string): { gpus: GpuReading[] | null; host: HostReading } | null;
  /** Whether Ollama found a GPU in this run of the machine; null where nobody says. */
  gpuFound(nodeId: string): boolean | null;
  /** The token of an agent at that URL that was paired a moment ago and belongs to no node yet; taken once. */
  takePaired(agentUrl: string): string | null;
  /** The same token, left where it is until its node is saved. */
  pairedToken(agentUrl: string): string | null;
  /** The token of a node's agent was written anew. */
  tokenChanged(nodeId: string): void;
  /**
   * Called before a node loses its agent: it is removed, or has another agent or none from now on. Throws DISK_FULL
   * where what is to be undone at that agent cannot be saved; the node then stays as it is.
   */
  leave(nodeId: string): void;
}

export interface FleetDependencies {
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Log;
  store: Pick<Store, 'nodes' | 'bootTimes' | 'pins'>;
  /** Passwords and tokens of the nodes. */
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
  agents: FleetAgents;
  startSimulatedFleet: Ports['startSimulatedFleet'];
  /**
   * Where this computer's own server would answer, a loopback URL (see readOllamaHost); null to look for none.
   * A node's saved address wins over it.
   */
  localServerUrl: string | null;
}
