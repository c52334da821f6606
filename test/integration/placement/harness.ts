/** Placement over the real fleet, the real adapters and simulated servers behind real sockets. */
import { createOllamaServer } from '../../../electron/adapters/inference/ollama.ts';
import { holdConnection } from '../../../electron/adapters/network/held-connection.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { createInFlight } from '../../../electron/core/acquire/in-flight.ts';
import { createActivityService } from '../../../electron/core/activity/service.ts';
import { createFleetService } from '../../../electron/core/fleet/service.ts';
import { createOptimizer } from '../../../electron/core/placement/optimizer.ts';
import { createPins } from '../../../electron/core/placement/pins.ts';
import { createPlacementService } from '../../../electron/core/placement/service.ts';
import type { Log } from '../../../electron/core/ports/log.ts';
import type { Clock } from '../../../electron/core/ports/time.ts';
import { createStreams } from '../../../electron/core/runtime/streams.ts';
import { createSettingsService } from '../../../electron/core/settings/service.ts';
import { savedSecrets } from '../../../electron/core/settings/setting-secrets.ts';
import { createTelemetryService } from '../../../electron/core/telemetry/service.ts';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { assembleFleet } from '../../../electron/simulator/fleet.ts';
import type { SimulatedMachineSetup } from '../../../electron/simulator/machine.ts';
import type { Environment, ModelDefinition, Profile } from '../../../electron/simulator/model.ts';
import { resolveLoadOptions } from '../../../electron/simulator/options.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { MoveRecord } from '../../../shared/models/placement.ts';
import { noAgents } from '../../fakes/agents.ts';
import { createMemorySecrets } from '../../fakes/secrets.ts';

export const GIB = 1024 ** 3;
export { CATALOGUE };

/** Real wall time; waits pass so many times faster. */
export function createScaledClock(factor: number): Clock {
  const started = performance.now();
  const timer: Clock['timer'] = (ms, fn) => {
    const handle = setTimeout(fn, ms / factor);
    return { cancel: () => clearTimeout(handle) };
  };
  return {
    now: () => Date.now(),
    monotonic: () => (performance.now() - started) * factor,
    timer,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          waiting.cancel();
          reject(signal?.reason);
        };
        const waiting = timer(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
  };
}

export const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface MachineSetup {
  id?: string;
  profile?: Profile;
  vramBytes?: number;
  models?: readonly ModelDefinition[];
  environment?: Partial<Environment>;
  /** As remote: without the simulator's own tools, VRAM entered by a person or unknown. */
  remote?: { vramBytes: number | null };
  hidesProcesses?: boolean;
}

export async function createHarness(
  machines: readonly MachineSetup[],
  options: {
    priorityModels?: string[];
    placementFactor?: number;
    /** How much faster than real time the fleet's clock runs. Default 20. */
    factor?: number;
    moves?: readonly Omit<MoveRecord, 'id'>[];
  } = {},
) {
  const clock = createScaledClock(options.factor ?? 20);
  const simulated = await assembleFleet(machines.map((machine, index) => definition(machine, index)));
  const http = createNodeHttp();
  const opened = createSqliteStore({ path: ':memory:' });
  const streams = createStreams({ clock, epoch: 'test' });
  const secrets = createMemorySecrets();
  const settings = createSettingsService({
    store: opened.store,
    secrets: savedSecrets(secrets),
    streams,
    log: quiet,
  });
  settings.update({
    fleet: { lookIntervalMs: 1000 },
    optimizer: { on: false, ...(options.priorityModels && { priorityModels: options.priorityModels }) },
  });
  const activity = createActivityService({ clock, store: opened.store, streams, log: quiet });
  let ids = 0;
  const hardware = {
    readGpus: async () => [],
    readHost: () => ({ cpuPercent: null, memoryTotalBytes: 1, memoryUsedBytes: 1 }),
  };
  const remote = new Map(
    machines.flatMap((machine, index) => (machine.remote ? [[idOf(machine, index), machine.remote]] : [])),
  );
  const fleet = createFleetService({
    clock,
    random: () => 0.5,
    ids: { next: (prefix) => `${prefix}_${ids++}` },
    log: quiet,
    store: opened.store,
    secrets,
    streams,
    settings,
    activity,
    hardware,
    agents: noAgents,
    connectInferenceServer: (url) => createOllamaServer({ http, url }),
    holdConnection,
    startSimulatedFleet: async () => ({
      ...simulated,
      machines: simulated.machines.filter((machine) => !remote.has(machine.id)),
    }),
    localServerUrl: null,
  });
  const pins = createPins({ store: opened.store });
  const telemetry = createTelemetryService({
    clock,
    random: () => 0.5,
    log: quiet,
    hardware,
    store: opened.store,
    streams,
    fleet,
    simulated: fleet.simulation.telemetry,
    agents: noAgents,
  });
  for (const move of options.moves ?? []) opened.store.moves.append(move);
  const placementClock = createScaledClock(options.placementFactor ?? 20);
  const inFlight = createInFlight({ clock: placementClock });
  const placement = createPlacementService({
    clock: placementClock,
    log: quiet,
    store: opened.store,
    streams,
    settings,
    activity,
    fleet,
    pins,
    inFlight,
    readGpus: telemetry.readGpus,
    reading: telemetry.reading,
  });
  const optimizer = createOptimizer({
    clock,
    random: () => 0.5,
    log: quiet,
    http,
    streams,
    settings,
    activity,
    fleet,
    placement,
  });
  placement.start();
  optimizer.start();
  telemetry.start();
  await fleet.start();
  await fleet.simulate(true);
  const nodeIds = new Map<string, string>();
  for (const machine of simulated.machines) {
    const known = remote.get(machine.id);
    const node = known ? fleet.add({ url: machine.url, name: machine.id, vramBytes: known.vramBytes }) : null;
    nodeIds.set(machine.id, node?.id ?? machine.id);
  }
  const signal = new AbortController().signal;
  const idFor = (machineId: string) => nodeIds.get(machineId) ?? machineId;
  const until = (machineId: string, predicate: (node: NodeView) => boolean) =>
    fleet.waitFor(idFor(machineId), predicate, signal);
  for (const machine of simulated.machines)
    await until(machine.id, (node) => isServing(node.state) && node.installed.length > 0);

  const machine = (id = 'tower') => simulated.control.machine(id);
  return {
    clock,
    http,
    streams,
    settings,
    activity,
    fleet,
    inFlight,
    placement,
    optimizer,
    telemetry,
    pins,
    signal,
    machine,
    control: simulated.control,
    nodeId: idFor,
    until,
    /** What the server itself would show. */
    async ps(id = 'tower') {
      return (await fleet.server(idFor(id))?.loaded(signal)) ?? [];
    },
    /** Another client's request to a server. */
    async post(path: string, body: object, id = 'tower') {
      const reply = await fetch(machine(id).url + path, { method: 'POST', body: JSON.stringify(body) });
      await reply.text();
      return reply.status;
    },
    /** Loads at once, as another client would. */
    preload(
      model: ModelDefinition,
      numGpu: number,
      {
        id = 'tower',
        numCtx,
        keepAliveMs = Number.POSITIVE_INFINITY,
      }: { id?: string; numCtx?: number; keepAliveMs?: number } = {},
    ) {
      const { scheduler } = machine(id).ollama;
      const asked = { num_gpu: numGpu, ...(numCtx === undefined ? {} : { num_ctx: numCtx }) };
      scheduler.preload(model, resolveLoadOptions(asked, model, scheduler.defaultContext()), keepAliveMs);
    },
    requests: (path: string, id = 'tower') =>
      machine(id)
        .ollama.log()
        .filter((entry) => entry.path === path).length,
    place: (
      model: string,
      target: 'gpu' | 'cpu',
      id: string | null = 'tower',
      by: 'person' | 'optimizer' = 'person',
      anyway = false,
    ) => placement.place({ model, target, nodeId: id === null ? null : idFor(id), by, anyway, signal }),
    async [Symbol.asyncDispose]() {
      await optimizer.stop();
      await placement.stop();
      await telemetry.stop();
      await fleet.stop();
      http.close();
      await simulated.stop();
      opened.store.close();
    },
  };
}

const idOf = (machine: MachineSetup, index: number) =>
  machine.id ?? (index === 0 ? 'tower' : `tower-${index + 1}`);

function definition(machine: MachineSetup, index: number): SimulatedMachineSetup {
  const id = idOf(machine, index);
  const vramBytes = machine.vramBytes ?? 24 * GIB;
  return {
    id,
    name: id,
    mac: `00:00:5e:00:53:0${index}`,
    wake: null,
    ...(machine.hidesProcesses && { hidesProcesses: true }),
    // The simulator lives in real time, so that its expiry times can be read; its loads are quick.
    clock: createScaledClock(1),
    speed: 40,
    ollama: {
      profile: machine.profile ?? '0.33',
      models: machine.models ?? Object.values(CATALOGUE),
      gpus:
        vramBytes === 0
          ? []
          : [{ id: `GPU-${id}`, name: 'Test GPU', vramBytes, baselineBytes: 0.5 * GIB, boardWatts: 300 }],
      systemMemoryBytes: 64 * GIB,
      ...(machine.environment && { environment: machine.environment }),
    },
  };
}
