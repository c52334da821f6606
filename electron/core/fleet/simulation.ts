/** Simulated machines as nodes, started and stopped in the background and never saved. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact, plainText } from '../../../shared/models/message.ts';
import type { SimulatedFleet } from '../ports/simulated-fleet.ts';
import type { FleetDependencies } from './dependencies.ts';
import type { Entries } from './entries.ts';
import { simulatedRecord } from './records.ts';

export interface Simulation {
  readonly running: boolean;
  /** Starts or stops the machines; calls run one after the other. */
  set(on: boolean): Promise<void>;
  /** The same without waiting; a failure is logged and recorded as activity. */
  setSoon(on: boolean): void;
  sleep(nodeId: string): Promise<void>;
  faults(nodeId: string): ReturnType<SimulatedFleet['faults']>;
  setFault(nodeId: string, fault: string, on: boolean): void;
  telemetry(nodeId: string): ReturnType<SimulatedFleet['telemetry']>;
  stop(): Promise<void>;
}

export interface SimulationDependencies extends FleetDependencies {
  entries: Entries;
}

export function createSimulation(dependencies: SimulationDependencies): Simulation {
  const { clock, log, activity, entries, startSimulatedFleet } = dependencies;
  let fleet: SimulatedFleet | null = null;
  let queue: Promise<void> = Promise.resolve();

  async function begin(): Promise<void> {
    if (fleet) return;
    fleet = await startSimulatedFleet();
    entries.setSimulated((nodeId) => fleet?.telemetry(nodeId) ?? null);
    for (const machine of fleet.machines) entries.create(simulatedRecord(machine, clock.now()), machine);
  }

  async function end(): Promise<void> {
    const ending = fleet;
    if (!ending) return;
    fleet = null;
    for (const machine of ending.machines) entries.drop(machine.id);
    entries.setSimulated(() => null);
    await ending.stop();
  }

  function set(on: boolean): Promise<void> {
    const next = queue.then(on ? begin : end);
    queue = next.catch(() => {});
    return next;
  }

  /** Throws NOT_FOUND or SIMULATOR_OFF. */
  function machineOf(nodeId: string): SimulatedFleet {
    const entry = entries.get(nodeId);
    if (!entry) {
      if (!fleet) throw new PilotlightError('SIMULATOR_OFF');
      throw new PilotlightError('NOT_FOUND', { details: { nodeId } });
    }
    if (!entry.simulated) {
      throw new PilotlightError('NOT_FOUND', {
        message: fact('NOT_SIMULATED'),
        details: { nodeId },
      });
    }
    if (!fleet) throw new PilotlightError('SIMULATOR_OFF');
    return fleet;
  }

  return {
    get running() {
      return fleet !== null;
    },
    set,
    setSoon(on) {
      set(on).catch((error) => {
        log.error('The simulated fleet could not be switched.', { on, error: String(error) });
        activity.record({
          kind: 'fleet',
          severity: 'error',
          message: fact(on ? 'SIMULATION_NOT_STARTED' : 'SIMULATION_NOT_STOPPED'),
          why: plainText(error instanceof Error ? error.message : String(error)),
        });
      });
    },
    async sleep(nodeId) {
      await machineOf(nodeId).sleep(nodeId);
      const entry = entries.get(nodeId);
      if (entry) void entries.probeNow(entry);
    },
    faults: (nodeId) => machineOf(nodeId).faults(nodeId),
    setFault(nodeId, fault, on) {
      const machines = machineOf(nodeId);
      if (!machines.faults(nodeId).some(({ name }) => name === fault)) {
        throw new PilotlightError('NOT_FOUND', {
          message: fact('NO_SUCH_FAULT', { fault }),
          details: { fault },
        });
      }
      machines.setFault(nodeId, fault, on);
    },
    telemetry: (nodeId) => fleet?.telemetry(nodeId) ?? null,
    stop: () => set(false),
  };
}
