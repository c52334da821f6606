/** Machines and what is known of their power: each state that the panel has words for. */

import type { Check, CheckStep } from '../../../shared/models/checks.ts';
import type { Discovery, FoundMachine } from '../../../shared/models/discovery.ts';
import { fact, type Message, plainText } from '../../../shared/models/message.ts';
import { defaultPowerPolicy, type Lease, type NodePower } from '../../../shared/models/power.ts';
import type { BridgeScene } from './bridge-core.ts';
import { gpu, model, node, sample, scene } from './scenes.ts';

const now = Date.now();
const minute = 60_000;
const longName = 'the very old gaming computer under the desk in the cellar-02';

export function lease(id: string, patch: Partial<Lease> = {}): Lease {
  return {
    id,
    nodeId: 'gpu-tower',
    kind: 'job',
    holder: 'Pilotlight on laptop',
    purpose: 'index "Notes"',
    createdAt: now - 12 * minute,
    until: null,
    origin: 'here',
    mirrored: true,
    ...patch,
  };
}

export function power(nodeId: string, patch: Partial<NodePower> = {}): NodePower {
  return {
    nodeId,
    policy: defaultPowerPolicy,
    means: 'agent',
    agent: {
      url: 'http://192.168.1.7:8765',
      state: 'ok',
      version: '0.1.0',
      roles: ['power', 'telemetry'],
      trouble: null,
      mayRestartOllama: true,
      actions: ['shutdown', 'sleep', 'restart'],
      missing: [],
    },
    leases: [],
    whyOn: [],
    wokenByUs: true,
    idleSince: null,
    offAt: null,
    countdown: null,
    leaving: null,
    lastOffError: null,
    gpuLost: null,
    sleepTrouble: null,
    ...patch,
  };
}

const holders = [
  lease('one'),
  lease('two', {
    kind: 'person',
    holder: 'Ann',
    purpose: 'a game that has a very long name and is played until late at night',
    until: now + 150 * minute,
  }),
  lease('three', {
    kind: 'panel',
    holder: 'nightly-backup.sh',
    purpose: 'copying pictures',
    origin: 'elsewhere',
  }),
];

const timeline = {
  from: now - 24 * 60 * minute,
  to: now,
  states: [
    { from: now - 24 * 60 * minute, to: now - 20 * 60 * minute, state: 'off' },
    { from: now - 20 * 60 * minute, to: now - 1199 * minute, state: 'waking' },
    { from: now - 1199 * minute, to: now - 1190 * minute, state: 'serving' },
    { from: now - 1190 * minute, to: now - 15 * 60 * minute, state: 'gpu-verified' },
    { from: now - 15 * 60 * minute, to: now - 3 * 60 * minute, state: 'off' },
    { from: now - 3 * 60 * minute, to: now - 179 * minute, state: 'waking' },
    { from: now - 179 * minute, to: now - 100 * minute, state: 'serving' },
    { from: now - 100 * minute, to: now - 95 * minute, state: 'trouble' },
    { from: now - 95 * minute, to: now, state: 'gpu-verified' },
  ],
  leases: [
    {
      from: now - 20 * 60 * minute,
      to: now - 15.5 * 60 * minute,
      kind: 'job',
      holder: 'Pilotlight on laptop',
      purpose: 'index "Notes"',
    },
    {
      from: now - 18 * 60 * minute,
      to: now - 17 * 60 * minute,
      kind: 'person',
      holder: 'Ann',
      purpose: 'a game',
    },
    { from: now - 170 * minute, to: null, kind: 'person', holder: 'Ann', purpose: 'a game' },
    {
      from: now - 12 * minute,
      to: null,
      kind: 'job',
      holder: 'Pilotlight on laptop',
      purpose: 'index "Notes"',
    },
  ],
};

const energy = {
  from: now - 7 * 24 * 60 * minute,
  to: now,
  nodes: [
    {
      nodeId: 'gpu-tower',
      awakeSeconds: 38 * 3600,
      wattHours: 6840,
      source: 'told',
      savedWattHours: 23_400,
      how: plainText('Asleep 130 h this week, saving about 23.4 kWh (at 180 W idle).'),
      jobs: [
        { purpose: 'index "Notes"', seconds: 5 * 3600, wattHours: 900 },
        { purpose: 'a game', seconds: 9 * 3600, wattHours: 1620 },
      ],
    },
  ],
};

const step = (id: string, title: Message, patch: Partial<CheckStep> = {}): CheckStep => ({
  id,
  title,
  state: 'waiting',
  seen: null,
  fix: null,
  ...patch,
});

export const diagnosis: Check = {
  id: 'diagnosis:gpu-tower',
  kind: 'diagnosis',
  nodeId: 'gpu-tower',
  startedAt: now - 4000,
  endedAt: now - 1000,
  outcome: 'fail',
  steps: [
    step('name', fact('STEP_NAME'), {
      state: 'not-applicable',
      seen: fact('HOST_IS_ADDRESS', { host: '192.168.1.7' }),
    }),
    step('ways', fact('STEP_WAKE_METHOD'), {
      state: 'pass',
      seen: fact('WAKE_METHODS', { usable: [fact('WAKE_BY_PACKETS')], unavailable: [] }),
    }),
    step('armed', fact('STEP_ARMED'), {
      state: 'fail',
      seen: fact('NOT_ARMED', { adapter: 'eth0', mac: 'AA:BB:CC:DD:EE:FF' }),
      fix: fact('ARM_ADAPTER', { adapter: 'eth0' }),
    }),
    step('route', fact('STEP_ROUTE'), {
      state: 'pass',
      seen: fact('IN_NETWORK', { subnet: '192.168.1.0/24' }),
    }),
    step('used-gpu', fact('STEP_USED_GPU'), {
      state: 'pass',
      seen: fact('MODELS_IN_VRAM', { models: ['llama3.1:8b'] }),
    }),
  ],
};

export const rehearsal: Check = {
  id: 'rehearsal:new',
  kind: 'rehearsal',
  nodeId: 'new',
  startedAt: now - 30_000,
  endedAt: null,
  outcome: 'running',
  steps: [
    step('ready', fact('STEP_READY'), { state: 'pass', seen: fact('READY_TO_REHEARSE') }),
    step('gone', fact('STEP_OFF'), { state: 'pass', seen: fact('WENT_OFF', { ms: 6000 }) }),
    step('wake', fact('STEP_WAKE'), { state: 'running' }),
    step('serves', fact('STEP_SERVES'), {}),
  ],
};

export const found: FoundMachine = {
  address: '192.168.1.30',
  name: 'attic',
  mac: '02:AA:00:00:00:30',
  broadcast: '192.168.1.255',
  ollama: { url: 'http://192.168.1.30:11434', version: '0.33.0' },
  agent: {
    url: 'http://192.168.1.30:8765',
    version: '0.1.0',
    roles: ['power', 'telemetry'],
    id: 'agent-1',
  },
  relayUrl: null,
  shutdownUrl: null,
  foundBy: ['announced', 'ports'],
  nodeId: null,
};

export const searching: Discovery = {
  state: 'running',
  startedAt: now - 3000,
  endedAt: null,
  done: 310,
  total: 764,
  found: [
    found,
    { ...found, address: '192.168.1.31', name: longName, agent: null, foundBy: ['ports'] },
    { ...found, address: '192.168.1.7', name: 'gpu-tower', foundBy: ['neighbours'], nodeId: 'gpu-tower' },
  ],
  notes: [fact('NEIGHBOURS_UNREADABLE')],
};

/** Several programs share it. */
const sharedGpu = gpu({
  id: '0',
  vendor: 'nvidia',
  name: 'RTX 3090',
  vramTotalBytes: 24e9,
  vramUsedBytes: 8.1e9,
  utilisationPercent: 93,
  temperatureCelsius: 61,
  powerWatts: 212,
  processes: [
    { name: '/usr/local/bin/ollama', vramUsedBytes: 5.5e9 },
    { name: 'a-game-with-a-long-name.exe', vramUsedBytes: 2.2e9 },
    { name: '/usr/lib/xorg/Xorg', vramUsedBytes: 0.4e9 },
  ],
});

const nodes = [
  node('gpu-tower', 'gpu-verified', {
    name: longName,
    agentUrl: 'http://192.168.1.7:8765',
    hasAgentToken: true,
    wakeWays: [
      { kind: 'direct' },
      { kind: 'agent', nodeId: 'nas' },
      { kind: 'relay', url: 'http://192.168.1.2:9753' },
      { kind: 'command', command: ['/usr/local/bin/wake-the-tower', '--now'] },
    ],
    vram: { totalBytes: 24e9, source: 'tools' },
    loaded: [model('llama3.1:8b')],
    gpus: [sharedGpu],
  }),
  node('lab-1', 'serving'),
  node('lab-2', 'serving'),
  node('lab-3', 'serving', {
    gpuLost: {
      since: now - 5 * minute,
      shownBy: 'server',
      restarted: false,
      reason: fact('SERVER_FOUND_NO_GPU'),
      next: fact('RESTART_OLLAMA_FOR_GPU'),
    },
  }),
  node('lab-4', 'gpu-verified'),
  node('lab-5', 'off'),
  node('lab-6', 'serving'),
  node('nas', 'serving', { hasGpu: false, canWake: false, mac: null }),
  node('relay-box', 'serving', {
    url: null,
    server: null,
    agentUrl: 'http://192.168.1.9:9753',
    hasAgentToken: true,
    hasGpu: null,
    vram: { totalBytes: null, source: 'unknown' },
  }),
];

const entries: NodePower[] = [
  power('gpu-tower', {
    leases: holders,
    whyOn: [
      ...holders.map(({ holder, purpose }) => fact('LEASE_HELD', { holder, purpose })),
      plainText('Its GPU is at 93%.'),
      plainText('Ann is logged in there.'),
    ],
    policy: {
      ...defaultPowerPolicy,
      quietHours: { from: 1320, to: 420 },
      stillOnAt: 1380,
      watts: 180,
    },
  }),
  power('lab-1', { countdown: { action: 'shutdown', by: null, endsAt: now + 45_000 } }),
  power('lab-2', { leaving: { action: 'sleep', since: now - 20_000, deadlineAt: now + 70_000 } }),
  power('lab-3', {
    whyOn: [fact('IDLE_GOES_OFF')],
    gpuLost: {
      code: 'GPU_LOST',
      message: 'The machine is awake, but Ollama there has no GPU.',
      next: 'Restart Ollama there, so that it detects its GPU again.',
    },
  }),
  power('lab-4', {
    whyOn: [fact('IDLE_GOES_OFF')],
    sleepTrouble: {
      code: 'SLEEP_NOT_BLOCKED',
      message:
        'A lease keeps this machine awake, but its system may still put it to sleep. systemd-inhibit ended with code 1: Failed to inhibit: Access denied.',
      next: 'Reinstall the agent on that machine, or set commands.inhibit in its config file.',
    },
    idleSince: now - 3 * minute,
    offAt: now + 12 * minute,
  }),
  power('lab-5', { agent: null, means: 'server' }),
  power('lab-6', {
    whyOn: [fact('IDLE_NO_MEANS')],
    agent: {
      url: 'http://192.168.1.6:8765',
      state: 'refused',
      version: null,
      roles: [],
      trouble: {
        code: 'AGENT_REFUSED',
        message: 'The agent rejected the token.',
        next: 'Pair it again: run `agent.mjs pair` on that machine.',
      },
      mayRestartOllama: false,
      actions: [],
      missing: [],
    },
    lastOffError: {
      code: 'DID_NOT_GO_OFF',
      message: 'The machine should be off, but it still answers.',
      next: 'Check what keeps it on; its agent may not be allowed to power it off.',
    },
  }),
  power('relay-box'),
  power('nas', {
    means: 'none',
    agent: null,
    whyOn: [fact('IDLE_NO_MEANS')],
  }),
];

/** A machine in each state of its power. */
export const everyPower: BridgeScene = scene(nodes, {
  telemetry: [sample('gpu-tower', [sharedGpu])],
  power: entries.map((entry) => [entry.nodeId, entry]),
  discovery: [],
  checks: [[diagnosis.id, diagnosis]],
});
Object.assign(everyPower.results, {
  'power.timeline': timeline,
  'power.energy': energy,
  'power.setPolicy': entries[0],
  'power.release': { ok: true },
  'power.keepAwake': holders[1],
  'checks.diagnose': diagnosis,
});

everyPower.results['power.cancelOff'] = power('lab-1');
everyPower.errors = {
  'power.off': {
    code: 'IN_USE',
    message: 'The machine is in use. Ann needs it: a game.',
    next: 'Wait, release what holds it, or power it off all the same.',
    details: {
      reasons: ['Ann needs it: a game.', 'A GPU is busy (93 %).', 'apt blocks it: Packages are installed.'],
      reasonCodes: ['LEASE', 'GPU_BUSY', 'INHIBITED'],
    },
  },
};

/** A machine that is being added: everything answers. */
export const adding: BridgeScene = scene(
  [node('gpu-tower', 'gpu-verified'), node('new', 'serving', { name: 'attic' })],
  {
    power: [
      ['gpu-tower', power('gpu-tower')],
      ['new', power('new')],
    ],
    discovery: [['status', searching]],
    checks: [[rehearsal.id, rehearsal]],
  },
);
Object.assign(adding.results, {
  'discovery.networks': [
    { subnet: '192.168.1.0/24', interface: 'eth0', address: '192.168.1.5', hosts: 254, tooLarge: false },
    { subnet: '10.0.0.0/16', interface: 'wlan0', address: '10.0.3.4', hosts: 65_534, tooLarge: true },
  ],
  'discovery.inspect': found,
  'discovery.start': searching,
  'discovery.cancel': { ...searching, state: 'cancelled', endedAt: now },
  'agents.pair': { url: 'http://192.168.1.30:8765', version: '0.1.0', roles: ['power', 'telemetry'] },
  'fleet.add': node('new', 'serving', { name: 'attic' }),
  'checks.rehearse': rehearsal,
});

/** A machine that was shut down by force while someone needed it, and this computer with a server that is silent. */
export const heldWhileOff: BridgeScene = scene(
  [
    node('gpu-tower', 'off', {
      lastSeenAt: now - 10 * minute,
      gpus: [{ id: 'GPU-1', vendor: 'nvidia', name: 'GeForce RTX 3080', vramTotalBytes: 10 * 2 ** 30 }],
    }),
    node('here', 'off', {
      kind: 'this-computer',
      url: 'http://127.0.0.1:11434',
      canWake: false,
      lastSeenAt: null,
    }),
  ],
  { power: [['gpu-tower', power('gpu-tower', { leases: holders })]] },
);
Object.assign(heldWhileOff.results, { 'power.timeline': timeline, 'power.energy': energy });
