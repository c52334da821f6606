/** Builds views from entries, pins, priorities and which secrets are set. */
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import {
  agentTokenSecret,
  relayTokenSecret,
  secureOnSecret,
  shutdownSecret,
} from '../../../shared/models/secrets.ts';
import type { SimulatedMachine } from '../ports/simulated-fleet.ts';
import type { FleetDependencies } from './dependencies.ts';
import type { Entry } from './entry.ts';
import { type NodeKnowledge, toNodeView } from './view.ts';
import { canWake } from './wakeable.ts';

export interface Views {
  of(entry: Omit<Entry, 'view'>): NodeView;
  /** `num_gpu` of the Modelfile of a model. */
  setModelfileLayers(digest: string, layers: number): void;
  /** Reads the pins again after they changed. */
  readPins(): void;
}

export interface ViewsDependencies extends Pick<FleetDependencies, 'settings' | 'secrets'> {
  store: Pick<FleetDependencies['store'], 'pins'>;
  find(nodeId: string): Entry | undefined;
}

const NO_PINS: ReadonlySet<string> = new Set();

export function createViews({ settings, secrets, store, find }: ViewsDependencies): Views {
  const pins = new Map<string, Set<string>>();
  const modelfileLayers = new Map<string, number>();

  /** Whether a node has an agent that can be called. */
  function hasAgent(nodeId: string): boolean {
    const entry = find(nodeId);
    return (
      entry !== undefined &&
      entry.record.agentUrl !== null &&
      secretsOf(nodeId, entry.simulated).hasAgentToken
    );
  }

  function secretsOf(nodeId: string, simulated: SimulatedMachine | null): NodeKnowledge['secrets'] {
    const has = (name: string) => secrets.get(name) !== null;
    return {
      hasSecureOn: has(secureOnSecret(nodeId)),
      hasAgentToken: simulated?.agent ? true : has(agentTokenSecret(nodeId)),
      hasRelayToken: has(relayTokenSecret(nodeId)),
      hasShutdownSecret: has(shutdownSecret(nodeId)),
    };
  }

  function readPins(): void {
    pins.clear();
    for (const { nodeId, model } of store.pins.list()) {
      const models = pins.get(nodeId) ?? new Set();
      pins.set(nodeId, models.add(model));
    }
  }

  readPins();

  return {
    readPins,
    setModelfileLayers: (digest, layers) => void modelfileLayers.set(digest, layers),
    of(entry) {
      const { record, simulated, server, observation } = entry;
      const answersOrSaved =
        record.url !== null || isServing(observation.state) || observation.state === 'trouble';
      return toNodeView(
        {
          ...entry,
          url: answersOrSaved ? (server?.url ?? null) : null,
          canWake: canWake(record, hasAgent),
          secrets: secretsOf(record.id, simulated),
          simulatedVramBytes: simulated?.vramBytes ?? null,
          uses: [...entry.uses.values()],
        },
        {
          priorityModels: settings.current().optimizer.priorityModels,
          pinned: pins.get(record.id) ?? NO_PINS,
          modelfileLayers,
        },
      );
    },
  };
}
