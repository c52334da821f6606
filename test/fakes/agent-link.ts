/** Agents in memory: a test says how each answers next, pushes its samples, and sees what it was asked. */
import type {
  AgentHealth,
  AgentLease,
  AgentLink,
  AgentMachine,
  AgentPolicy,
  AgentPolicyView,
  AgentPower,
  AgentSample,
  AgentTraffic,
  ConnectAgent,
} from '../../electron/core/ports/agents.ts';
import type { AnnouncementListener } from '../../electron/core/ports/network.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { createAgentUpdates } from './agent-updates.ts';

type Announcement = Parameters<Parameters<AnnouncementListener['open']>[1]>[0];

export interface FakeAgent {
  answer: 'serves' | 'hangs' | { fails: PilotlightError };
  /** The one that it takes. */
  token: string;
  /** The pairing code that is open; null for none. */
  code: string | null;
  health: AgentHealth;
  machine: AgentMachine;
  policy: AgentPolicyView;
  power: AgentPower;
  /** Those that it holds, each once, as its lease book does. */
  leases: AgentLease[];
  /** What panels use there; null like an agent that is too old to know. */
  traffic: AgentTraffic[] | null;
  /** How it is updated. */
  readonly updates: ReturnType<typeof createAgentUpdates>;
  /** Those that it follows, by panel. */
  readonly policies: Map<string, AgentPolicy>;
  /** What was called, in order, without the looks at its health. */
  readonly calls: string[];
  healthCalls: number;
  /** Streams that are open. */
  readonly streams: number;
  push(sample?: Partial<AgentSample>): void;
  /** Says that something about power has changed. */
  tellNews(): void;
  /** Tells the machine to whoever listens. */
  describe(changes?: Partial<AgentMachine>): void;
  endStreams(error?: PilotlightError): void;
  /**
   * The next calls that begin with this, `most` of them, wait until the function that is returned is called: `before`
   * the agent hears of them, or `after` it has done what they ask and before it answers.
   */
  hold(call: string, when?: 'before' | 'after', most?: number): () => void;
  /** Calls that begin with this are carried out, and their answers lost, until the function that is returned is called. */
  loseAnswers(call: string): () => void;
}

export const anAgentSample = (changes: Partial<AgentSample> = {}): AgentSample => ({
  at: 1,
  host: { cpuPercent: 10, memoryTotalBytes: 32e9, memoryUsedBytes: 8e9 },
  gpus: [
    {
      id: 'GPU-1',
      vendor: 'nvidia',
      name: 'RTX 4090',
      vramTotalBytes: 24e9,
      vramUsedBytes: 6e9,
      utilisationPercent: 40,
      temperatureCelsius: 55,
      powerWatts: 180,
      processes: [{ pid: 7, name: 'ollama', vramUsedBytes: 6e9 }],
    },
  ],
  gpusRead: 'all',
  problems: [],
  ...changes,
});

export const gone = (): FakeAgent['answer'] => ({ fails: new PilotlightError('HOST_UNREACHABLE') });

export function createFakeAgents() {
  const agents = new Map<string, InnerAgent>();

  const agent = (url: string) => {
    const known = agents.get(url) ?? createAgent();
    agents.set(url, known);
    return known;
  };

  const connectAgent: ConnectAgent = ({ url, token }) => linkTo(agent(url), url, token);
  return {
    agent: (url: string): FakeAgent => agent(url),
    /** The agent at one address answers at another as well. */
    alias: (url: string, other: string) => void agents.set(other, agent(url)),
    connectAgent,
  };
}

/** A listener without a socket: a test sends the announcements. */
export function createFakeAnnouncementListener() {
  let hear: ((announcement: Announcement) => void) | null = null;
  const listener = {
    /** Ports that cannot be opened. */
    taken: new Set<number>(),
    /** Those that were opened, in order. */
    ports: [] as number[],
    port: null as number | null,
    async open(port: number, onAnnouncement: (announcement: Announcement) => void) {
      await listener.close();
      if (listener.taken.has(port)) throw new PilotlightError('PORT_IN_USE');
      listener.ports.push(port);
      listener.port = port;
      hear = onAnnouncement;
    },
    async close() {
      listener.port = null;
      hear = null;
    },
    announce: (announcement: Announcement) => hear?.(announcement),
  };
  return listener satisfies AnnouncementListener;
}

interface Stream {
  listener: Parameters<AgentLink['watch']>[0];
  end(error: unknown): void;
}

type InnerAgent = ReturnType<typeof createAgent>;

function createAgent() {
  const streams = new Set<Stream>();
  const agent = {
    answer: 'serves' as FakeAgent['answer'],
    token: 'right-token',
    code: null as string | null,
    health: {
      id: 'a1',
      version: '1.0.0',
      roles: ['power', 'telemetry'],
      protocol: { oldest: 1, newest: 2 },
    } as AgentHealth,
    machine: {
      hostname: 'tower',
      bootId: 'boot-1',
      interfaces: [],
      ollama: { answers: true, version: '0.33.0', startedAt: null, gpuFound: null },
    } as AgentMachine,
    policy: {
      bootId: 'boot-1',
      wokenInThisBoot: false,
      keptOn: false,
      reasons: [],
      idleSeconds: 0,
      remainingMs: null,
    } as AgentPolicyView,
    power: {
      phase: 'idle',
      current: null,
      actions: ['shutdown', 'sleep'],
      mayRestartOllama: true,
    } as AgentPower,
    updates: createAgentUpdates((): string => agent.health.version ?? ''),
    leases: [] as AgentLease[],
    traffic: null as AgentTraffic[] | null,
    policies: new Map<string, AgentPolicy>(),
    holds: [] as { call: string; when: 'before' | 'after'; left: number; released: Promise<void> }[],
    hold(call: string, when: 'before' | 'after' = 'before', most = Number.POSITIVE_INFINITY) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const held = { call, when, left: most, released: promise };
      agent.holds.push(held);
      return () => {
        agent.holds = agent.holds.filter((other) => other !== held);
        resolve();
      };
    },
    losing: new Set<string>(),
    loseAnswers(call: string) {
      agent.losing.add(call);
      return () => void agent.losing.delete(call);
    },
    async held(call: string | null, when: 'before' | 'after') {
      for (const hold of [...agent.holds]) {
        if (hold.when !== when || !(call ?? 'health').startsWith(hold.call) || hold.left === 0) continue;
        hold.left -= 1;
        await hold.released;
      }
    },
    calls: [] as string[],
    healthCalls: 0,
    inner: streams,
    get streams() {
      return streams.size;
    },
    push(sample: Partial<AgentSample> = {}) {
      for (const { listener } of streams) listener.sample(anAgentSample(sample));
    },
    tellNews() {
      for (const { listener } of streams) listener.news?.();
    },
    describe(changes: Partial<AgentMachine> = {}) {
      agent.machine = { ...agent.machine, ...changes };
      agent.policy = { ...agent.policy, bootId: agent.machine.bootId };
      for (const { listener } of streams) listener.machine(agent.machine);
    },
    endStreams(error?: PilotlightError) {
      for (const stream of [...streams]) stream.end(error);
    },
  };
  return agent;
}

function linkTo(agent: InnerAgent, url: string, token: string | null): AgentLink {
  async function respond<Result>(
    call: string | null,
    signal: AbortSignal,
    result: () => Result,
  ): Promise<Result> {
    if (call === null) agent.healthCalls += 1;
    else agent.calls.push(call);
    signal.throwIfAborted();
    if (agent.answer === 'hangs') {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    } else if (agent.answer !== 'serves') throw agent.answer.fails;
    await agent.held(call, 'before');
    signal.throwIfAborted();
    const done = result();
    await agent.held(call, 'after');
    if ([...agent.losing].some((lost) => (call ?? 'health').startsWith(lost)))
      throw new PilotlightError('HOST_UNREACHABLE');
    return done;
  }

  function authorised<Result>(call: string, signal: AbortSignal, result: () => Result): Promise<Result> {
    return respond(call, signal, () => {
      if (token !== agent.token) throw new PilotlightError('AGENT_REFUSED');
      return result();
    });
  }

  return {
    url,
    health: (signal) => respond(null, signal, () => agent.health),
    pair: (code, panel, signal) =>
      respond(`pair ${panel}`, signal, () => {
        if (agent.code !== code) throw new PilotlightError('PAIRING_CLOSED');
        agent.code = null;
        return { token: agent.token };
      }),
    machine: (signal) =>
      authorised('machine', signal, () => ({ machine: agent.machine, sample: anAgentSample() })),
    watch: (listener, signal) =>
      authorised('watch', signal, () => undefined).then(
        () =>
          new Promise<void>((resolve, reject) => {
            const stream: Stream = {
              listener,
              end(error) {
                if (!agent.inner.delete(stream)) return;
                signal.removeEventListener('abort', onAbort);
                if (error === undefined) resolve();
                else reject(error);
              },
            };
            const onAbort = () => stream.end(signal.reason);
            signal.addEventListener('abort', onAbort, { once: true });
            agent.inner.add(stream);
            listener.machine(agent.machine);
          }),
      ),
    leases: (signal) => authorised('leases', signal, () => agent.leases),
    putLease: (lease, signal) =>
      authorised(`putLease ${lease.id}`, signal, () => {
        const held = { ...lease, remainingSeconds: lease.ttlSeconds };
        agent.leases = [...agent.leases.filter(({ id }) => id !== lease.id), held];
      }),
    endLease: (id, signal) =>
      authorised(`endLease ${id}`, signal, () => {
        agent.leases = agent.leases.filter((lease) => lease.id !== id);
      }),
    traffic: async () => agent.traffic,
    putTraffic: async (panelId, report) => {
      if (agent.traffic === null || agent.answer !== 'serves') return false;
      agent.traffic = [
        ...agent.traffic.filter(({ panel }) => panel !== panelId),
        ...(report.models.length === 0
          ? []
          : [{ panel: panelId, holder: report.holder, models: [...report.models], seenSeconds: 0 }]),
      ];
      return true;
    },
    putPolicy: (panelId, policy, signal) =>
      authorised(`putPolicy ${panelId}`, signal, () => {
        agent.policies.set(panelId, policy);
        return agent.policy;
      }),
    removePolicy: (panelId, signal) =>
      authorised(`removePolicy ${panelId}`, signal, () => void agent.policies.delete(panelId)),
    policy: (signal) => authorised('policy', signal, () => agent.policy),
    woken: (bootId, _by, signal) =>
      authorised(`woken ${bootId}`, signal, () => {
        agent.policy = { ...agent.policy, wokenInThisBoot: true };
        return agent.policy;
      }),
    power: (signal) => authorised('power', signal, () => agent.power),
    powerOff: ({ action, by }, signal) =>
      authorised(`powerOff ${action}`, signal, () => {
        agent.power = { ...agent.power, phase: 'countdown', current: { action, by, remainingSeconds: 30 } };
        return agent.power;
      }),
    cancelPowerOff: (_by, signal) =>
      authorised('cancelPowerOff', signal, () => {
        agent.power = { ...agent.power, phase: 'idle', current: null };
        return agent.power;
      }),
    wake: (mac, signal) => authorised(`wake ${mac}`, signal, () => undefined),
    restartOllama: (signal) => authorised('restartOllama', signal, () => undefined),
    update: (signal) =>
      authorised('update', signal, () => (agent.updates.isMissing ? null : agent.updates.state())),
    offerUpdate: (release, signal) => authorised('offerUpdate', signal, () => agent.updates.offer(release)),
    putUpdatePart: (from, bytes, signal) =>
      authorised(`putUpdatePart ${from}`, signal, () => agent.updates.take(from, bytes)),
    startUpdate: (version, _by, signal) =>
      authorised(`startUpdate ${version}`, signal, () => agent.updates.start(version)),
    dropUpdate: (signal) => authorised('dropUpdate', signal, () => agent.updates.drop()),
  };
}
