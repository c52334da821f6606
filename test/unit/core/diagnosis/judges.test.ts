import { describe, expect, it } from 'vitest';
import {
  type AgentFacts,
  judgeAgent,
  judgeClock,
  judgeRights,
  judgeToken,
  type RightsFacts,
} from '../../../../electron/core/diagnosis/judge-agent.ts';
import { judgeArmed } from '../../../../electron/core/diagnosis/judge-armed.ts';
import {
  type HostFacts,
  judgeHost,
  judgeName,
  judgeRoutes,
  judgeWays,
  type RouteFacts,
} from '../../../../electron/core/diagnosis/judge-network.ts';
import {
  judgeGpu,
  judgePort,
  judgeServer,
  judgeUsedGpu,
  type ServerFacts,
} from '../../../../electron/core/diagnosis/judge-server.ts';
import type { Probe, Verdict } from '../../../../electron/core/diagnosis/verdict.ts';
import { type ErrorCode, PilotlightError } from '../../../../shared/contract/errors.ts';
import { aModel } from '../../../fakes/inference-server.ts';

const ok = <Value>(value: Value): Probe<Value> => ({ ok: true, value, tookMs: 12 });
const no = (code: ErrorCode, details?: Record<string, unknown>): { ok: false; error: PilotlightError } => ({
  ok: false,
  error: new PilotlightError(code, details ? { details } : {}),
});
const refused = no('HOST_UNREACHABLE', { phase: 'connect', reason: 'refused' });
const noRoute = no('HOST_UNREACHABLE', { phase: 'connect', reason: 'no-route' });
const silent = no('HOST_TIMEOUT', { phase: 'connect' });
const stuck = no('HOST_TIMEOUT', { phase: 'answer' });
const notOllama = no('NOT_AN_INFERENCE_SERVER', { phase: 'answer' });

type State = Verdict['state'];
const na: State = 'not-applicable';

/** A failure has a mend, anything else has none; both say what was seen. */
function expectVerdict(verdict: Verdict, state: State, seen: string, mend = '') {
  expect([verdict.state, verdict.seen]).toEqual([state, expect.stringContaining(seen)]);
  expect(verdict.mend === '').toBe(state !== 'fail');
  expect(verdict.mend).toContain(mend);
}

describe('the name', () => {
  it.each<[string, Parameters<typeof judgeName>[0], State, string, string]>([
    ['no address', { host: null, kind: 'name', found: null }, na, 'no address', ''],
    ['loopback', { host: 'localhost', kind: 'this-computer', found: null }, na, 'this computer', ''],
    ['an address', { host: '10.0.0.7', kind: 'address', found: null }, na, 'no name to look up', ''],
    [
      'known',
      { host: 'box.lan', kind: 'name', found: ok(['10.0.0.7']) },
      'pass',
      'box.lan stands for 10.0.0.7.',
      '',
    ],
    ['IPv6 only', { host: 'box.lan', kind: 'name', found: ok([]) }, 'pass', 'an IPv6 address', ''],
    [
      'unknown',
      { host: 'box.local', kind: 'name', found: no('NAME_NOT_RESOLVED') },
      'fail',
      'box.local is not known',
      'loses it while it sleeps',
    ],
    [
      'a silent DNS',
      { host: 'box.lan', kind: 'name', found: silent },
      'fail',
      'did not answer in time',
      'DNS',
    ],
  ])('%s', (_, facts, state, seen, mend) => expectVerdict(judgeName(facts), state, seen, mend));
});

describe('the ways', () => {
  const way = (words: string, obstacle: string | null = null) => ({ words, obstacle });
  it.each<[string, Parameters<typeof judgeWays>[0], State, string, string]>([
    ['this computer', { isThisComputer: true, ways: [] }, na, 'needs no waking', ''],
    ['none', { isThisComputer: false, ways: [] }, 'fail', 'no way', 'ways to wake'],
    [
      'no MAC',
      { isThisComputer: false, ways: [way('magic packets', 'It has no MAC address.')] },
      'fail',
      'By magic packets: It has no MAC address.',
      'ip link',
    ],
    [
      'no agent',
      {
        isThisComputer: false,
        ways: [way('the agent of nas', 'That node has no agent to wake it with.')],
      },
      'fail',
      'no agent',
      'Correct its ways',
    ],
    [
      'one of two',
      {
        isThisComputer: false,
        ways: [way('the relay r'), way('the agent of nas', 'That node has no agent.')],
      },
      'pass',
      'By the relay r. By the agent of nas: That node has no agent.',
      '',
    ],
  ])('%s', (_, facts, state, seen, mend) => expectVerdict(judgeWays(facts), state, seen, mend));
});

describe('whether Wake-on-LAN is armed', () => {
  const mac = '02:00:00:00:00:20';
  const adapter = (changes: object = {}) => ({
    name: 'eno1',
    mac: mac.toLowerCase(),
    address: '10.0.0.7',
    netmask: '255.255.255.0',
    broadcast: null,
    wakeArmed: true,
    ...changes,
  });
  const machine = (...interfaces: ReturnType<typeof adapter>[]) => ({ interfaces });
  it.each<[string, Parameters<typeof judgeArmed>[0], State, string, string]>([
    ['no packets', { usesPackets: false, mac, machine: null }, na, 'No wake packet', ''],
    ['no MAC', { usesPackets: true, mac: null, machine: null }, na, 'No wake packet', ''],
    ['no agent', { usesPackets: true, mac, machine: null }, na, 'ErP and deep sleep off', ''],
    ['no adapters', { usesPackets: true, mac, machine: machine() }, na, 'names no adapter', ''],
    [
      'armed',
      { usesPackets: true, mac, machine: machine(adapter()) },
      'pass',
      'eno1 (02:00:00:00:00:20) wakes it',
      '',
    ],
    [
      'armed, written in another case',
      {
        usesPackets: true,
        mac: '00:00:5e:00:53:10',
        machine: machine(adapter({ mac: '00:00:5E:00:53:10' })),
      },
      'pass',
      'eno1 (00:00:5e:00:53:10) wakes it',
      '',
    ],
    [
      'armed, but wireless',
      { usesPackets: true, mac, machine: machine(adapter({ name: 'wlan0' })) },
      'pass',
      'wireless',
      '',
    ],
    [
      'not armed',
      { usesPackets: true, mac, machine: machine(adapter({ wakeArmed: false })) },
      'fail',
      'does not listen',
      'ethtool -s eno1 wol g',
    ],
    [
      'not said',
      { usesPackets: true, mac, machine: machine(adapter({ wakeArmed: null })) },
      na,
      'Fast Startup off',
      '',
    ],
    [
      'another MAC',
      {
        usesPackets: true,
        mac,
        machine: machine(
          adapter({ mac: '02:00:00:00:00:0a', wakeArmed: null, name: 'wlan0' }),
          adapter({ mac: '02:00:00:00:00:0b' }),
        ),
      },
      'fail',
      'its adapters have 02:00:00:00:00:0A (wlan0), 02:00:00:00:00:0B (eno1)',
      '02:00:00:00:00:0B',
    ],
  ])('%s', (_, facts, state, seen, mend) => expectVerdict(judgeArmed(facts), state, seen, mend));

  it('names the .link file, Fast Startup and ErP where it is not armed', () => {
    const { mend } = judgeArmed({ usesPackets: true, mac, machine: machine(adapter({ wakeArmed: false })) });
    for (const words of ['99-default.link', 'Fast Startup', 'ErP']) expect(mend).toContain(words);
  });
});

describe('the route', () => {
  const direct = (changes: object = {}): RouteFacts => ({
    kind: 'direct',
    words: 'magic packets from this computer',
    isLocal: false,
    address: '10.0.0.7',
    subnet: '10.0.0.0/24',
    subnets: ['10.0.0.0/24'],
    named: [],
    ...changes,
  });
  const far = direct({ address: '10.9.0.7', subnet: null });
  const relay = (answer: Probe<{ remark: string }>): RouteFacts => ({
    kind: 'asked',
    words: 'the relay r:9753',
    answer,
  });
  const command: RouteFacts = { kind: 'command', words: 'the command wake' };
  it.each<[string, RouteFacts[], State, string, string]>([
    ['none', [], na, 'no way', ''],
    ['in our network', [direct()], 'pass', 'It is in 10.0.0.0/24', ''],
    ['on this computer', [direct({ isLocal: true })], 'pass', 'on this computer', ''],
    ['in another network', [far], 'fail', '10.9.0.7 is in no network of this computer', 'relay or an agent'],
    [
      'there, with a destination',
      [direct({ subnet: null, named: ['10.9.0.255'] })],
      'pass',
      '10.9.0.255',
      '',
    ],
    ['no network', [direct({ subnet: null, subnets: [] })], 'fail', 'on no network', 'Connect'],
    ['an address that is not known', [direct({ address: null, subnet: null })], na, 'is not known', ''],
    ['a relay', [relay(ok({ remark: '' }))], 'pass', 'The relay r:9753 answers.', ''],
    [
      'a relay that is gone',
      [relay(refused)],
      'fail',
      'The relay r:9753: The machine does not answer.',
      'on',
    ],
    ['a command', [command], na, 'is not run', ''],
    ['one of two', [far, relay(ok({ remark: ', though' }))], 'pass', '10.9.0.7', ''],
    ['neither of two', [far, relay(refused)], 'fail', 'The relay', 'Add a way'],
  ])('%s', (_, routes, state, seen, mend) => expectVerdict(judgeRoutes(routes), state, seen, mend));
});

describe('the host', () => {
  const facts = (changes: Partial<HostFacts>): HostFacts => ({
    isThisComputer: false,
    host: '10.0.0.7',
    nameFound: true,
    isLocal: false,
    server: silent,
    agent: null,
    wasServing: false,
    mac: '02:00:00:00:00:20',
    neighbourMac: null,
    ...changes,
  });
  it.each<[string, HostFacts, State, string, string]>([
    ['this computer', facts({ isThisComputer: true }), 'pass', 'Pilotlight runs on it', ''],
    ['no address', facts({ host: null }), na, 'no address', ''],
    ['an unknown name', facts({ nameFound: false }), na, 'name is not known', ''],
    ['answers', facts({ server: ok({}) }), 'pass', 'It answers at 10.0.0.7, in 12 ms.', ''],
    ['answers by its agent alone', facts({ server: refused, agent: ok({}) }), 'pass', 'It answers', ''],
    [
      'answers with a second adapter',
      facts({ server: ok({}), neighbourMac: '02:00:00:00:00:99' }),
      'pass',
      'right where it has two adapters',
      '',
    ],
    ['silent', facts({}), 'fail', 'Nothing answers at 10.0.0.7.', 'asleep or off'],
    ['no route', facts({ server: noRoute, agent: silent }), 'fail', 'Nothing answers', 'wake it'],
    ['silent since a moment ago', facts({ wasServing: true }), 'fail', 'half open', 'wake it'],
    ['refuses alone', facts({ server: refused }), 'pass', 'AMT', ''],
    [
      'refuses on loopback, as a machine that is off does there',
      facts({ server: refused, isLocal: true }),
      'fail',
      'Nothing answers',
      'wake',
    ],
    [
      'another machine has its address',
      facts({ server: refused, neighbourMac: '02:00:00:00:00:99' }),
      'fail',
      'a machine with the MAC address 02:00:00:00:00:99',
      'router may have given its address',
    ],
  ])('%s', (_, given, state, seen, mend) => expectVerdict(judgeHost(given), state, seen, mend));
});

describe('Ollama’s port and answer', () => {
  const facts = (changes: Partial<ServerFacts>): ServerFacts => ({
    url: 'http://10.0.0.7:11434',
    hostAnswers: true,
    isThisComputer: false,
    server: ok({ version: '0.9.1' }),
    answersThere: null,
    ...changes,
  });
  it.each<[string, ServerFacts, State, string, string]>([
    ['no server', facts({ url: null, server: null }), na, 'no Ollama', ''],
    ['no machine', facts({ hostAnswers: false, server: silent }), na, 'does not answer', ''],
    ['open', facts({}), 'pass', 'Port 11434', ''],
    ['open, whoever speaks', facts({ server: notOllama }), 'pass', 'Port 11434', ''],
    ['refused', facts({ server: refused }), 'fail', 'nothing listens on port 11434', 'OLLAMA_HOST=0.0.0.0'],
    [
      'refused here',
      facts({ server: refused, isThisComputer: true }),
      'fail',
      'Nothing listens',
      'ollama serve',
    ],
    [
      'on its own loopback only',
      facts({ server: refused, answersThere: true }),
      'fail',
      'Ollama runs there, but',
      'Set OLLAMA_HOST=0.0.0.0',
    ],
    [
      'not running',
      facts({ server: refused, answersThere: false }),
      'fail',
      'does not run',
      'systemctl start ollama',
    ],
    ['behind a firewall', facts({ server: silent }), 'fail', 'but not on port 11434', 'allow TCP port 11434'],
    ['of https', facts({ url: 'https://box.lan' }), 'pass', 'Port 443', ''],
  ])('port: %s', (_, given, state, seen, mend) => expectVerdict(judgePort(given), state, seen, mend));

  it.each<[string, ServerFacts, State, string, string]>([
    ['answers', facts({}), 'pass', 'Ollama 0.9.1 answers, in 12 ms.', ''],
    ['no port', facts({ server: refused }), na, 'takes no connection', ''],
    [
      'takes connections and is silent',
      facts({ server: stuck }),
      'fail',
      'but does not answer',
      'restart Ollama',
    ],
    ['something else', facts({ server: notOllama }), 'fail', 'not an Ollama server', 'Check the port'],
    [
      'a bad certificate',
      facts({ server: no('HOST_UNREACHABLE', { phase: 'connect', reason: 'secure-connection' }) }),
      'fail',
      'does not answer',
      'on',
    ],
  ])('answer: %s', (_, given, state, seen, mend) => expectVerdict(judgeServer(given), state, seen, mend));
});

describe('the GPU', () => {
  it.each<[string, Parameters<typeof judgeGpu>[0], State, string, string]>([
    ['seen', { hasGpu: true, gpus: ['RTX 4090'], problems: [] }, 'pass', 'RTX 4090', ''],
    ['nobody looks', { hasGpu: true, gpus: null, problems: [] }, na, 'telemetry role', ''],
    ['none to be seen', { hasGpu: false, gpus: null, problems: [] }, na, 'known to have no GPU', ''],
    ['none known', { hasGpu: null, gpus: [], problems: [] }, na, 'none is known', ''],
    ['gone', { hasGpu: true, gpus: [], problems: [] }, 'fail', 'see no GPU', 'driver'],
    [
      'a tool that complains',
      { hasGpu: null, gpus: [], problems: ['nvidia-smi hangs.'] },
      'fail',
      'hangs',
      'driver',
    ],
    [
      'a tool that has not printed yet',
      { hasGpu: true, gpus: [], gpusRead: 'not-yet', problems: ['It has not printed anything yet.'] },
      na,
      'not reported its GPUs yet',
      '',
    ],
    [
      'a tool that fails without a word',
      { hasGpu: null, gpus: [], gpusRead: 'failed', problems: [] },
      'fail',
      'cannot be read',
      'driver',
    ],
  ])('seen: %s', (_, facts, state, seen, mend) => expectVerdict(judgeGpu(facts), state, seen, mend));

  const used = (changes: Partial<Parameters<typeof judgeUsedGpu>[0]>) => ({
    hasGpu: true,
    serverAnswers: true,
    loaded: [],
    foundAtStart: null,
    mayRestartOllama: false,
    ...changes,
  });
  const onCpu = [aModel({ vramBytes: 0 })];
  it.each<[string, Parameters<typeof judgeUsedGpu>[0], State, string, string]>([
    ['no answer', used({ serverAnswers: false }), na, 'does not answer', ''],
    [
      'a model in VRAM',
      used({ loaded: [aModel({ name: 'm' })], foundAtStart: false }),
      'pass',
      'In its VRAM: m.',
      '',
    ],
    ['found', used({ foundAtStart: true }), 'pass', 'found the GPU', ''],
    ['nothing loaded', used({}), na, 'none is loaded only to look', ''],
    ['no GPU', used({ hasGpu: false, foundAtStart: false }), na, 'no GPU', ''],
    ['started before its GPU', used({ foundAtStart: false }), 'fail', 'found no GPU', 'after the GPU driver'],
    ['with a button', used({ foundAtStart: false, mayRestartOllama: true }), 'fail', 'found no', 'button'],
    [
      'fell to the CPU',
      used({ loaded: onCpu }),
      'fail',
      'on the processor alone',
      'Where nobody put it there: restart',
    ],
    [
      'on the CPU of who knows what',
      used({ loaded: onCpu, hasGpu: null }),
      na,
      'No model is loaded that',
      '',
    ],
  ])('used: %s', (_, facts, state, seen, mend) => expectVerdict(judgeUsedGpu(facts), state, seen, mend));
});

describe('the agent', () => {
  const health = ok({ id: 'a', version: '0.1.0', roles: ['power', 'telemetry'] });
  const facts = (changes: Partial<AgentFacts>): AgentFacts => ({
    url: 'http://10.0.0.7:8765',
    hostAnswers: true,
    hasToken: true,
    health,
    called: ok({}),
    ...changes,
  });
  it.each<[string, AgentFacts, State, string, string]>([
    ['none', facts({ url: null, health: null }), na, 'no agent', ''],
    ['answers', facts({}), 'pass', 'Agent 0.1.0 answers, with the roles power, telemetry.', ''],
    ['asleep', facts({ hostAnswers: false, health: silent }), na, 'does not answer', ''],
    ['does not listen', facts({ health: refused }), 'fail', 'no agent listens at 10.0.0.7:8765', '--bind'],
    ['behind a firewall', facts({ health: silent }), 'fail', 'but not at 10.0.0.7:8765', 'firewall'],
    ['something else', facts({ health: no('NOT_AN_AGENT') }), 'fail', 'not a Pilotlight agent', '8765'],
  ])('answers: %s', (_, given, state, seen, mend) => expectVerdict(judgeAgent(given), state, seen, mend));

  it.each<[string, AgentFacts, State, string, string]>([
    ['no agent answers', facts({ health: refused }), na, 'No agent', ''],
    ['no token', facts({ hasToken: false, called: null }), 'fail', 'no token', 'agent.mjs pair'],
    ['taken', facts({}), 'pass', 'takes the token', ''],
    [
      'taken, but the role is missing',
      facts({ called: no('AGENT_ERROR', { status: 404 }) }),
      'pass',
      'takes',
      '',
    ],
    [
      'wrong',
      facts({ called: no('AGENT_REFUSED', { status: 401 }) }),
      'fail',
      'rejected the token',
      'agent.mjs pair',
    ],
    [
      'too often wrong',
      facts({ called: no('AGENT_REFUSED', { status: 429, code: 'SLOW_DOWN' }) }),
      'fail',
      'token',
      'Pair',
    ],
    ['gone meanwhile', facts({ called: silent }), 'fail', 'could not be asked', 'asleep'],
  ])('token: %s', (_, given, state, seen, mend) => expectVerdict(judgeToken(given), state, seen, mend));

  const rights = (changes: Partial<RightsFacts>): RightsFacts => ({
    means: 'agent',
    policy: { action: 'shutdown', powerOff: 'when-woken' },
    hostAnswers: true,
    tokenTaken: true,
    roles: ['power'],
    power: ok({ phase: 'idle', current: null, actions: ['shutdown', 'restart'], mayRestartOllama: false }),
    shutdownServer: null,
    ...changes,
  });
  const sleeps = { action: 'sleep', powerOff: 'always' } as const;
  it.each<[string, RightsFacts, State, string, string]>([
    ['may', rights({}), 'pass', 'It may shut down, restart.', ''],
    ['may not that', rights({ policy: sleeps }), 'fail', 'Its policy is to sleep', 'agent.mjs install'],
    ['not asked', rights({ tokenTaken: false }), na, 'not asked', ''],
    ['no role', rights({ roles: ['telemetry'], power: null }), 'fail', 'no power role', '--role power'],
    [
      'no role, none needed',
      rights({ roles: [], power: null, policy: { ...sleeps, powerOff: 'never' } }),
      na,
      'needs none',
      '',
    ],
    ['broken', rights({ power: no('AGENT_ERROR') }), 'fail', 'could not do that', 'log'],
    ['nobody', rights({ means: 'none' }), na, 'Nobody there', ''],
    ['the simulator', rights({ means: 'simulator' }), 'pass', 'simulator', ''],
    [
      'a shutdown server',
      rights({ means: 'server', shutdownServer: ok({ isShutdownServer: true }) }),
      'pass',
      'answers',
      '',
    ],
    [
      'a server that is gone',
      rights({ means: 'server', shutdownServer: refused }),
      'fail',
      'does not answer',
      'Start',
    ],
    [
      'asleep',
      rights({ means: 'server', hostAnswers: false, shutdownServer: silent }),
      na,
      'does not answer',
      '',
    ],
    [
      'something else there',
      rights({ means: 'server', shutdownServer: ok({ isShutdownServer: false }) }),
      'fail',
      'something else',
      '8765',
    ],
    [
      'a server that cannot sleep',
      rights({ means: 'server', policy: sleeps, shutdownServer: ok({ isShutdownServer: true }) }),
      'fail',
      'can only shut it down',
      'run the agent',
    ],
  ])('rights: %s', (_, given, state, seen, mend) => expectVerdict(judgeRights(given), state, seen, mend));

  const now = 1_700_000_000_000;
  it.each<[string, Parameters<typeof judgeClock>[0], State, string, string]>([
    ['none', { machine: null }, na, 'No agent', ''],
    [
      'right',
      { machine: { bootId: 'abcdefgh-1234', at: now + 400, readAt: now } },
      'pass',
      '400 ms apart',
      '',
    ],
    [
      'ahead',
      { machine: { bootId: 'b', at: now + 180_000, readAt: now } },
      'fail',
      '3 min ahead of',
      'network',
    ],
    ['behind', { machine: { bootId: 'b', at: now - 31_000, readAt: now } }, 'fail', '31 s behind', 'network'],
    ['no boot id', { machine: { bootId: '', at: now, readAt: now } }, 'fail', 'one run', 'Update'],
  ])('clock: %s', (_, given, state, seen, mend) => expectVerdict(judgeClock(given), state, seen, mend));
});
