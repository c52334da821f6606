/** The runners of a fleet that lives in memory: no socket, and time that a test moves. */
import { createInFlight } from '../../electron/core/acquire/in-flight.ts';
import type { AcquireWakes } from '../../electron/core/acquire/model.ts';
import type {
  LocalRunner,
  OpenRunner,
  RunnerEmbedRequest,
  RunnerLink,
  RunnerVectors,
} from '../../electron/core/ports/runner.ts';
import type { RunnersService } from '../../electron/core/runner/model.ts';
import { createRunnersService } from '../../electron/core/runner/service.ts';
import { createStreams } from '../../electron/core/runtime/streams.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { createEmitter } from '../../shared/emitter.ts';
import type { NewActivityEntry } from '../../shared/models/activity.ts';
import type { NodeView } from '../../shared/models/fleet.ts';
import type { RunnerFace, RunnerRecord, RunnerStatus } from '../../shared/models/runner.ts';
import { defaultSettings, type Settings } from '../../shared/models/settings.ts';
import { createFakeClock, type FakeClock } from './clock.ts';
import { createFakeFleet, createFakeLeases, type FakeFleet, nodeView, silentLog } from './indexing.ts';
import { aRunnerStatus, fakeVector, runnerHash } from './runner.ts';

/** One runner as a test controls it. */
export interface MemoryRunner {
  status: RunnerStatus;
  /** Answers the next requests instead of it. */
  embed: (request: RunnerEmbedRequest, signal: AbortSignal) => Promise<RunnerVectors>;
  /** Answers a probe instead of it. */
  probe: () => Promise<RunnerStatus>;
  /** How often it was asked how it is. */
  probes: number;
  /** The texts of each request. */
  requests: string[][];
  as: string[];
  faces(): Promise<{ faces: RunnerFace[]; gpu: boolean }>;
  loads: string[];
}

export const unreachable = () => new PilotlightError('HOST_UNREACHABLE');

export function memoryRunner(
  clock: FakeClock,
  own: { status?: RunnerStatus; msOfText?: number } = {},
): MemoryRunner {
  const runner: MemoryRunner = {
    status: own.status ?? aRunnerStatus(),
    async embed({ texts, model, hash }, signal) {
      await clock.sleep((own.msOfText ?? 1) * texts.length, signal);
      const found = runner.status.models.find(({ name }) => name === model);
      if (found === undefined) throw new PilotlightError('MODEL_NOT_FOUND');
      if (hash !== null && hash !== found.hash) throw new PilotlightError('RUNNER_MODEL_CHANGED');
      return { vectors: texts.map((text) => fakeVector(text)), hash: found.hash };
    },
    probe: async () => runner.status,
    faces: async () => ({ faces: [], gpu: false }),
    probes: 0,
    requests: [],
    as: [],
    loads: [],
  };
  return runner;
}

export interface RunnerWorld {
  clock: FakeClock;
  fleet: FakeFleet;
  service: RunnersService;
  streams: ReturnType<typeof createStreams>;
  inFlight: ReturnType<typeof createInFlight>;
  activity: NewActivityEntry[];
  /** By address. */
  runners: Map<string, MemoryRunner>;
  power: AcquireWakes;
  local: LocalRunner & {
    opened: number;
    stopped: number;
    models: boolean;
    fails: boolean;
    /** The next one that is opened belongs to this data folder, and not to the core. */
    sharedFrom: string | null;
    end(code: number | null): void;
  };
  settings: Settings;
  set(runner: Partial<Settings['runner']>): void;
  /** What was saved of them, by node. */
  saved: Map<string, RunnerRecord>;
  /** Whether the agents have said anything since the start; they do when they are awake. */
  agentsHeard: boolean;
  /** Starts it, and lets the first probes end. */
  start(): Promise<void>;
}

export const localUrl = 'http://127.0.0.1:7001';
export const urlOf = (nodeId: string) => `http://${nodeId}:8765`;
export const thisComputer = nodeView({ id: 'here', name: 'laptop', kind: 'this-computer', hasGpu: false });
/** A node whose agent has the role. */
export const runnerNodeOf = (id: string, own: Partial<NodeView> = {}) =>
  nodeView({ id, agentUrl: urlOf(id), hasAgentToken: true, hasGpu: true, ...own });

export function createRunnerWorld(
  nodes: NodeView[] = [thisComputer],
  clock: FakeClock = createFakeClock(),
  saved = new Map<string, RunnerRecord>(),
): RunnerWorld {
  const fleet = createFakeFleet(nodes);
  const inFlight = createInFlight({ clock });
  const streams = createStreams({ clock, epoch: 'test' });
  const changed = createEmitter<[Settings, Settings]>({ name: 'settings', log: silentLog });
  const agentsChanged = createEmitter<[string]>({ name: 'agents', log: silentLog });
  const runners = new Map<string, MemoryRunner>();
  let exits: ((exit: { code: number | null }) => void)[] = [];

  const local: RunnerWorld['local'] = {
    opened: 0,
    stopped: 0,
    models: false,
    fails: false,
    sharedFrom: null,
    hasModels: async () => local.models,
    async open(): Promise<OpenRunner> {
      if (local.fails) throw new PilotlightError('RUNNER_NOT_STARTED');
      local.opened += 1;
      exits = [];
      return {
        url: localUrl,
        token: 'token',
        owned: local.sharedFrom === null,
        sharedFrom: local.sharedFrom,
        onExit: (listener) => void exits.push(listener),
        async stop() {
          exits = [];
          local.stopped += 1;
        },
      };
    },
    end(code) {
      for (const listener of exits.splice(0)) listener({ code });
    },
  };

  const connectRunner = ({ url }: { url: string }): RunnerLink => {
    const get = () => {
      const runner = runners.get(url);
      if (runner === undefined) throw unreachable();
      return runner;
    };
    const link: Partial<RunnerLink> = {
      url,
      async status() {
        const runner = get();
        runner.probes += 1;
        return runner.probe();
      },
      async embed(request, signal) {
        const runner = get();
        runner.requests.push([...request.texts]);
        runner.as.push(request.as);
        return runner.embed(request, signal);
      },
      faces: async () => get().faces(),
      async loadModel(name) {
        const runner = get();
        runner.loads.push(name);
        const { provider } = runner.status;
        const models = runner.status.models.map((model) =>
          model.name === name ? { ...model, state: 'ready' as const, provider } : model,
        );
        runner.status = { ...runner.status, models };
      },
    };
    return link as RunnerLink;
  };

  const activity: NewActivityEntry[] = [];
  const world: RunnerWorld = {
    clock,
    fleet,
    streams,
    inFlight,
    activity,
    runners,
    local,
    saved,
    agentsHeard: true,
    settings: defaultSettings,
    power: { ensureAwake: () => Promise.reject(new PilotlightError('CANNOT_WAKE')) },
    service: createRunnersService({
      clock,
      random: () => 0.5,
      log: silentLog,
      streams,
      settings: { current: () => world.settings, secret: () => null, onChange: changed.on },
      activity: { record: (entry) => void activity.push(entry) },
      fleet: { ...fleet, agentToken: () => 'agent-token' },
      agents: {
        view: (nodeId) =>
          fleet.get(nodeId)?.agentUrl == null
            ? null
            : ((world.agentsHeard
                ? { version: '1.0.0', roles: ['power', 'runner'] }
                : { version: null, roles: [] }) as unknown as ReturnType<RunnersViewOf>),
        onChange: agentsChanged.on,
      },
      leases: createFakeLeases((nodeId, reason) => fleet.use(nodeId, reason)),
      wakes: { ensureAwake: (nodeId, options) => world.power.ensureAwake(nodeId, options) },
      inFlight,
      store: {
        runners: {
          list: () => [...saved.values()],
          put: (record) => void saved.set(record.nodeId, record),
          remove: (nodeId) => void saved.delete(nodeId),
        },
      },
      connectRunner,
      localRunner: local,
    }),
    set(runner) {
      const previous = world.settings;
      world.settings = { ...previous, runner: { ...previous.runner, ...runner } };
      changed.emit(world.settings, previous);
    },
    async start() {
      await world.service.start();
      await clock.advance(1);
    },
  };
  return world;
}

type RunnersViewOf = Parameters<typeof createRunnersService>[0]['agents']['view'];

/** How to ask for the vectors of some texts. */
export const embedRequest = (count: number) => ({
  model: 'minilm',
  texts: Array.from({ length: count }, (_, place) => `text ${place}`),
  as: 'passage' as const,
});

export const wantedModel = { name: 'minilm', digest: runnerHash };
