/** Diagnosis of each kind of node: a step that makes no sense for a node does not apply, and never fails. */
import { describe, expect, it } from 'vitest';
import { createChecksService } from '../../../../electron/core/diagnosis/service.ts';
import { type NodeInput, THIS_COMPUTER_ID } from '../../../../electron/core/fleet/records.ts';
import type { AgentLink, AgentMachine, AgentSample } from '../../../../electron/core/ports/agents.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Check } from '../../../../shared/models/checks.ts';
import { defaultPowerPolicy, type NodePower } from '../../../../shared/models/power.ts';
import type { GpuReading } from '../../../../shared/models/telemetry.ts';
import { textOf, textOrEmpty } from '../../../../shared/text/index.ts';
import { noAgents } from '../../../fakes/agents.ts';
import { createFakeFleetWorld } from '../../../fakes/fleet-world.ts';
import { createFakeHttp } from '../../../fakes/http.ts';
import { aModel } from '../../../fakes/inference-server.ts';
import { refused } from './verdicts.ts';

const interfaces = [
  { name: 'lo', address: '127.0.0.1', netmask: '255.0.0.0', internal: true },
  { name: 'eth0', address: '192.168.1.7', netmask: '255.255.255.0', internal: false },
];
const names: Readonly<Record<string, string[]>> = { laptop: ['127.0.1.1'], 'laptop.lan': ['192.168.1.7'] };
const mac = '02:00:00:00:00:20';
const aGpu: GpuReading = {
  id: 'gpu',
  vendor: 'nvidia',
  name: 'RTX 4090',
  vramTotalBytes: 24e9,
  vramUsedBytes: 0,
  utilisationPercent: 0,
  temperatureCelsius: 40,
  powerWatts: 20,
};
const asCard = (gpu: GpuReading) => ({ ...gpu, processes: [] });

interface Machine {
  node: NodeInput | 'this-computer';
  /** What its agent reports; left out without an agent. */
  agent?: { sample?: Partial<AgentSample>; gpuFound?: boolean | null };
  /** Whether its server answers, if it has one. Default true. */
  serves?: boolean;
  /** What this computer's own tools read; an error is thrown. */
  ownGpus?: GpuReading[] | Error;
  onCpu?: boolean;
}

async function diagnose({
  node,
  agent,
  serves = true,
  ownGpus = [],
  onCpu = false,
}: Machine): Promise<Check> {
  const local = 'http://127.0.0.1:11434';
  const sample = (): AgentSample => ({
    at: world.clock.now(),
    host: { cpuPercent: 1, memoryTotalBytes: 16e9, memoryUsedBytes: 1e9 },
    gpus: [asCard(aGpu)],
    gpusRead: 'all',
    problems: [],
    ...agent?.sample,
  });
  const gpuFound = agent?.gpuFound ?? null;
  const machine: AgentMachine = {
    hostname: 'tower',
    bootId: 'boot-1',
    // Not the MAC address of the node, and Wake-on-LAN is off.
    interfaces: [
      {
        name: 'eno1',
        mac: '02:00:00:00:00:99',
        address: '192.168.1.20',
        netmask: '255.255.255.0',
        broadcast: null,
        wakeArmed: false,
      },
    ],
    ollama: { answers: serves, version: '0.33.0', startedAt: null, gpuFound },
  };
  const world = createFakeFleetWorld({
    interfaces,
    localServerUrl: node === 'this-computer' && serves ? local : null,
    gpus: Array.isArray(ownGpus) ? ownGpus : [],
    agents: agent
      ? {
          ...noAgents,
          gpuFound: () => gpuFound,
          reading: () => ({ gpus: sample().gpusRead === 'all' ? sample().gpus : null, host: sample().host }),
        }
      : noAgents,
  });
  const { clock, fleet } = world;
  const added = node === 'this-computer' ? null : fleet.add(node);
  const url = added === null ? local : added.url;
  if (url !== null) {
    const server = world.server(url);
    if (!serves) server.answer = { fails: refused.error };
    if (onCpu) server.loadedModels = [aModel({ vramBytes: 0 })];
  }
  await fleet.start();
  await clock.advance(100);
  const id = added?.id ?? THIS_COMPUTER_ID;

  const link = {
    health: async () => ({
      id: 'a',
      version: '0.1.0',
      roles: ['power', 'telemetry'],
      protocol: { oldest: 1, newest: 2 },
    }),
    machine: async () => ({ machine, sample: sample() }),
    power: async () => ({ phase: 'idle', current: null, actions: ['shutdown'], mayRestartOllama: true }),
  } satisfies Partial<AgentLink>;
  const power: NodePower = {
    nodeId: id,
    policy: defaultPowerPolicy,
    means: agent ? 'agent' : 'none',
    agent: null,
    leases: [],
    whyOn: [],
    wokenByUs: null,
    idleSince: null,
    offAt: null,
    countdown: null,
    leaving: null,
    lastOffError: null,
    gpuLost: null,
    sleepTrouble: null,
  };
  const checks = createChecksService({
    ...world,
    http: createFakeHttp({}),
    surroundings: {
      neighbours: async () => [],
      resolve: async (name) => {
        const found = names[name];
        if (found === undefined) throw new PilotlightError('NAME_NOT_RESOLVED');
        return found;
      },
    },
    connectAgent: () => link as unknown as AgentLink,
    connectInferenceServer: world.server,
    hardware: {
      readGpus: async () => {
        if (ownGpus instanceof Error) throw ownGpus;
        return ownGpus;
      },
    },
    powersOff: {
      off: () => Promise.reject(new Error('A diagnosis powers nothing off.')),
      cancel: () => Promise.reject(new Error('A diagnosis cancels nothing.')),
    },
    powerOf: () => power,
    lastMachine: () => null,
  });
  const pending = checks.diagnose(id, new AbortController().signal);
  await clock.advance(1000);
  const check = await pending;
  expect(world.udp.sent).toEqual([]);
  return check;
}

const codes = (check: Check) =>
  Object.fromEntries(check.steps.map(({ id, state, seen }) => [id, `${state}: ${seen?.code}`]));
const failures = (check: Check) =>
  check.steps.flatMap(({ id, state, seen }) => (state === 'fail' ? [`${id}: ${seen?.code}`] : []));
const english = (check: Check) =>
  check.steps.map(({ seen, fix }) => `${textOrEmpty(seen)} ${textOrEmpty(fix)}`).join('\n');

const notHere = Object.fromEntries(
  ['ways', 'armed', 'route'].map((id) => [id, 'not-applicable: ON_THIS_COMPUTER']),
);
const noAgent = {
  agent: 'not-applicable: NODE_HAS_NO_AGENT',
  token: 'not-applicable: NO_AGENT',
  rights: 'not-applicable: NO_WAY_TO_POWER_OFF',
  clock: 'not-applicable: NO_AGENT_CLOCK',
};
const noServer = {
  port: 'not-applicable: THIS_NODE_HAS_NO_SERVER',
  server: 'not-applicable: THIS_NODE_HAS_NO_SERVER',
  'used-gpu': 'not-applicable: THIS_NODE_HAS_NO_SERVER',
};

describe('this computer', () => {
  it('needs no wake method, no agent and no power-off', async () => {
    const check = await diagnose({ node: 'this-computer', ownGpus: [aGpu] });
    expect(check.outcome).toBe('pass');
    expect(codes(check)).toMatchObject({
      ...notHere,
      ...noAgent,
      agent: 'not-applicable: NO_AGENT_NEEDED',
      name: 'not-applicable: HOST_IS_LOOPBACK',
      host: 'pass: ON_THIS_COMPUTER',
      port: 'pass: PORT_OPEN',
      server: 'pass: SERVER_ANSWERS',
      gpu: 'pass: GPUS_DETECTED',
    });
  });

  it('without Ollama has no server to check', async () => {
    const check = await diagnose({ node: 'this-computer', serves: false });
    expect(check.outcome).toBe('pass');
    expect(codes(check)).toMatchObject({
      ...notHere,
      ...noServer,
      name: 'not-applicable: NODE_HAS_NO_ADDRESS',
      host: 'pass: ON_THIS_COMPUTER',
      gpu: 'not-applicable: NO_GPU_DETECTED',
    });
  });

  it('does not take what its tools cannot read for no GPU', async () => {
    const check = await diagnose({ node: 'this-computer', ownGpus: new Error('nvidia-smi hangs.') });
    expect(failures(check)).toEqual(['gpu: GPU_UNREADABLE']);
  });
});

describe('a node whose address is on this computer', () => {
  it.each<[string, NodeInput]>([
    ['loopback', { url: 'http://127.0.0.1:11435' }],
    ['another loopback address', { url: 'http://127.0.0.9:11434' }],
    ['localhost', { url: 'http://localhost:11435' }],
    ['IPv6 loopback', { url: 'http://[::1]:11434' }],
    ['the address that a server listens on', { url: 'http://0.0.0.0:11434' }],
    ['loopback, with a MAC address but no destination', { url: 'http://127.0.0.1:11435', mac }],
    ['its own address', { url: 'http://192.168.1.7:11434' }],
    ['its own address, with a MAC address', { url: 'http://192.168.1.7:11434', mac }],
    ['its own name', { url: 'http://laptop.lan:11434' }],
    ['its own name on loopback', { url: 'http://laptop:11434' }],
    ['its own name on loopback, with a MAC address', { url: 'http://laptop:11434', mac }],
  ])('needs no waking: %s', async (_, node) => {
    const check = await diagnose({ node });
    expect(failures(check)).toEqual([]);
    expect(codes(check)).toMatchObject({
      ...notHere,
      host: 'pass: ON_THIS_COMPUTER',
      server: 'pass: SERVER_ANSWERS',
    });
  });

  it('needs no waking with an agent either, whose adapters have other addresses', async () => {
    const node = {
      url: 'http://192.168.1.7:11434',
      mac,
      agentUrl: 'http://192.168.1.7:8765',
      agentToken: 'a-token-of-the-agent',
    };
    const check = await diagnose({ node, agent: { gpuFound: true } });
    expect(failures(check)).toEqual([]);
    expect(codes(check)).toMatchObject({
      ...notHere,
      agent: 'pass: AGENT_ANSWERS',
      token: 'pass: TOKEN_ACCEPTED',
    });
  });

  it('is told to start its server, not to wake up', async () => {
    const check = await diagnose({ node: { url: 'http://127.0.0.1:11435' }, serves: false });
    expect(failures(check)).toEqual(['port: PORT_CLOSED_HERE']);
  });

  it('is another machine behind a tunnel, if it has a wake method', async () => {
    const node = {
      url: 'http://127.0.0.1:11435',
      wakeWays: [{ kind: 'command' as const, command: ['wake-tower'] }],
    };
    const check = await diagnose({ node, serves: false });
    expect(codes(check)).toMatchObject({
      ways: 'pass: WAKE_METHODS',
      route: 'not-applicable: COMMAND_NOT_RUN',
      host: 'fail: HOST_SILENT',
    });
  });
});

describe('another machine', () => {
  const remote = { url: 'http://192.168.1.20:11434', mac };
  const withAgent = { ...remote, agentUrl: 'http://192.168.1.20:8765', agentToken: 'a-token-of-the-agent' };

  it('without an agent skips what an agent would report', async () => {
    const check = await diagnose({ node: remote });
    expect(failures(check)).toEqual([]);
    expect(codes(check)).toMatchObject({
      ...noAgent,
      ways: 'pass: WAKE_METHODS',
      armed: 'not-applicable: ARMED_NEEDS_AGENT',
      route: 'pass: IN_NETWORK',
      gpu: 'not-applicable: GPUS_NOT_REPORTED',
      'used-gpu': 'not-applicable: NO_MODEL_TO_SHOW_GPU',
    });
  });

  it('without a MAC address has no wake method', async () => {
    const check = await diagnose({ node: { url: remote.url } });
    expect(failures(check)).toEqual(['ways: WAKE_METHODS_UNAVAILABLE']);
  });

  it('without an inference server skips the steps of the server', async () => {
    const { url: _, ...node } = withAgent;
    const check = await diagnose({ node: { ...node, url: null }, agent: {} });
    expect(codes(check)).toMatchObject({
      ...noServer,
      host: 'pass: HOST_ANSWERS',
      gpu: 'pass: GPUS_DETECTED',
    });
    expect(failures(check)).toEqual(['armed: MAC_OF_NO_ADAPTER']);
  });

  it.each<[string, NonNullable<Machine['agent']>, string]>([
    ['its agent detects none, and Ollama does not say', { sample: { gpus: [] } }, 'NO_GPU'],
    ['its agent detects none, and Ollama found none', { sample: { gpus: [] }, gpuFound: false }, 'NO_GPU'],
    [
      'its agent detects only integrated graphics, which Ollama did not find',
      { sample: { gpus: [asCard({ ...aGpu, name: 'Radeon Graphics', integrated: true })] }, gpuFound: false },
      'GPUS_DETECTED',
    ],
  ])('without a GPU is never told to use one: %s', async (_, agent, code) => {
    const check = await diagnose({ node: { ...withAgent, mac: null }, agent, onCpu: true });
    const steps = codes(check);
    expect(steps.gpu).toMatch(new RegExp(`: ${code}$`));
    expect(steps['used-gpu']).toBe('not-applicable: NO_GPU_TO_USE');
    expect(failures(check)).toEqual(['ways: WAKE_METHODS_UNAVAILABLE']);
    expect(english(check)).not.toMatch(/restart ollama|999|reinstall the driver/i);
  });

  it.each<[string, Partial<AgentSample>, string]>([
    ['its tools fail', { gpus: [], gpusRead: 'failed', problems: ['nvidia-smi hangs.'] }, 'GPU_UNREADABLE'],
    ['they have not answered yet', { gpus: [], gpusRead: 'not-yet' }, 'GPUS_NOT_YET_READ'],
  ])('may have a GPU if %s', async (_, sample, code) => {
    const check = await diagnose({ node: withAgent, agent: { sample } });
    expect(codes(check)).toMatchObject({
      gpu: expect.stringContaining(code),
      'used-gpu': 'not-applicable: NO_MODEL_TO_SHOW_GPU',
    });
  });

  it('whose server started before its GPU is told to restart it', async () => {
    const check = await diagnose({ node: withAgent, agent: { gpuFound: false } });
    expect(failures(check)).toContain('used-gpu: NO_GPU_FOUND_AT_START');
    const fix = check.steps.find(({ id }) => id === 'used-gpu')?.fix;
    expect(fix && textOf(fix)).toMatch(/^Restart Ollama there/);
  });
});
