/** The registry of nodes and their observed state. A node that does not answer blocks nothing. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import {
  agentTokenSecret,
  relayTokenSecret,
  secureOnSecret,
  shutdownSecret,
} from '../../../shared/models/secrets.ts';
import type { FleetDependencies } from './dependencies.ts';
import { createEntries } from './entries.ts';
import type { Entry } from './entry.ts';
import { createMembership } from './membership.ts';
import type { FleetService } from './model.ts';
import { withGpuVerdict } from './node-state.ts';
import { createSimulation } from './simulation.ts';
import { type NodeListener, waitForNode } from './wait-for.ts';

export type { FleetService } from './model.ts';
export type { NodeListener } from './wait-for.ts';

export function createFleetService(dependencies: FleetDependencies): FleetService {
  const { clock, log, secrets, settings } = dependencies;
  const changed = createEmitter<Parameters<NodeListener>>({ name: 'fleet', log });
  const restarted = createEmitter<[nodeId: string]>({ name: 'fleet', log });
  const entries = createEntries({ ...dependencies, notify: changed.emit, restarted: restarted.emit });
  const simulation = createSimulation({ ...dependencies, entries });
  let stopListening = () => {};

  function find(nodeId: string): Entry {
    const entry = entries.get(nodeId);
    if (!entry)
      throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_NODE'), details: { nodeId } });
    return entry;
  }

  const membership = createMembership({ ...dependencies, entries, find });
  membership.load();

  return {
    list: () => entries.all().map((entry) => entry.view),
    get: (nodeId) => entries.get(nodeId)?.view ?? null,
    require: (nodeId) => find(nodeId).view,
    record: (nodeId) => entries.get(nodeId)?.record ?? null,
    secureOn: (nodeId) => secrets.get(secureOnSecret(nodeId)),
    agentToken: (nodeId) =>
      entries.get(nodeId)?.simulated?.agent?.token ?? secrets.get(agentTokenSecret(nodeId)),
    relayToken: (nodeId) => secrets.get(relayTokenSecret(nodeId)),
    shutdownSecret: (nodeId) => secrets.get(shutdownSecret(nodeId)),
    records: () => entries.all().map(({ record, server }) => ({ record, url: server?.url ?? null })),

    beforeAdopt: membership.beforeAdopt,
    adopt: membership.adopt,
    add: membership.add,
    update: membership.update,
    remove: membership.remove,

    async probe(nodeId) {
      const wanted = nodeId === undefined ? entries.all() : [find(nodeId)];
      await Promise.all(wanted.map((entry) => entries.probeNow(entry)));
      return wanted.filter((entry) => entries.get(entry.record.id) === entry).map((entry) => entry.view);
    },

    probeSoon(nodeId, { listChanged } = { listChanged: false }) {
      const entry = entries.get(nodeId);
      if (!entry) return;
      if (listChanged) entry.detailsAt = null;
      void entries.probeNow(entry);
    },

    answered(nodeId) {
      const observation = entries.get(nodeId)?.observation;
      return observation !== undefined && isServing(observation.state) && observation.misses === 0;
    },

    markActive: entries.markActive,

    server: (nodeId) => entries.get(nodeId)?.guarded ?? null,

    onChange: changed.on,
    onRestart: restarted.on,

    probeOften(nodeId) {
      const entry = entries.get(nodeId);
      return entry ? entries.waitFor(entry) : { [Symbol.dispose]() {} };
    },

    waitFor(nodeId, predicate, signal) {
      const view = entries.get(nodeId)?.view ?? null;
      return waitForNode({ view, onChange: changed.on }, predicate, signal);
    },

    markGpu(nodeId, verdict) {
      const entry = entries.get(nodeId);
      if (!entry) return;
      entry.observation = withGpuVerdict(entry.observation, verdict, clock.now());
      entries.publish(entry);
    },

    setStuck(nodeId, stuck) {
      const entry = entries.get(nodeId);
      if (!entry) return;
      entry.stuck = stuck;
      entries.publish(entry);
    },

    use(nodeId, reason) {
      const key = Symbol(reason.code);
      const entry = entries.get(nodeId);
      if (entry) {
        entry.uses.set(key, reason);
        entries.publish(entry);
      }
      return {
        [Symbol.dispose]() {
          if (entry?.uses.delete(key)) entries.publish(entry);
        },
      };
    },

    setShuttingDown(nodeId, shuttingDown) {
      const entry = entries.get(nodeId);
      if (entry) entry.shuttingDown = shuttingDown;
    },

    refresh(nodeId) {
      entries.readPins();
      for (const entry of entries.all()) {
        if (nodeId === undefined || entry.record.id === nodeId) entries.publish(entry);
      }
    },

    beginWaking(nodeId, waking) {
      const entry = entries.get(nodeId);
      if (entry) entries.beginWaking(entry, waking);
    },

    endWaking(nodeId, error) {
      const entry = entries.get(nodeId);
      if (entry) entries.endWaking(entry, error);
    },

    simulatedMachine: (nodeId) => entries.get(nodeId)?.simulated ?? null,
    simulation,
    async simulate(on) {
      await simulation.set(on);
      try {
        settings.update({ fleet: { simulated: on } });
      } catch (error) {
        // Undo what could not be saved, because the next start would not know about it.
        await simulation.set(settings.current().fleet.simulated);
        throw error;
      }
      return entries.all().map((entry) => entry.view);
    },

    async start() {
      stopListening = settings.onChange((current, previous) => {
        if (current.fleet.lookIntervalMs !== previous.fleet.lookIntervalMs) entries.reschedule();
        if (current.optimizer.priorityModels !== previous.optimizer.priorityModels) this.refresh();
        if (current.fleet.simulated !== previous.fleet.simulated) simulation.setSoon(current.fleet.simulated);
      });
      entries.start();
      if (settings.current().fleet.simulated) simulation.setSoon(true);
    },

    pause: entries.pause,
    resume: entries.start,

    async stop() {
      stopListening();
      await entries.stop();
      await simulation.stop();
    },
  };
}
