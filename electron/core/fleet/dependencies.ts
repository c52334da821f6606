import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { Clock, Ids, Log, Ports, Random, Secrets, Store } from '../ports.ts';
import type { Streams } from '../runtime/streams.ts';

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
  /** The token of an agent at that URL that was paired a moment ago and belongs to no node yet; taken once. */
  pairedToken(agentUrl: string): string | null;
  startSimulatedFleet: Ports['startSimulatedFleet'];
  /**
   * Where this computer's own server would answer, a loopback URL (see readOllamaHost); null to look for none.
   * A node's saved address wins over it.
   */
  localServerUrl: string | null;
}
