import { describe, expect, it } from 'vitest';
import { judgeArmed } from '../../../../electron/core/diagnosis/judge-armed.ts';
import {
  judgeRoutes,
  judgeWakeMethods,
  type RouteFacts,
} from '../../../../electron/core/diagnosis/judge-wake.ts';
import type { Probe } from '../../../../electron/core/diagnosis/verdict.ts';
import { fact, type Message } from '../../../../shared/models/message.ts';
import { textOf } from '../../../../shared/text/index.ts';
import { answered, type Code, expectVerdict, na, refused, type State } from './verdicts.ts';

const packets = fact('WAKE_BY_PACKETS');
const byAgent = fact('WAKE_BY_AGENT', { node: 'nas' });
const byRelay = fact('WAKE_BY_RELAY', { host: 'r:9753' });

describe('the wake methods', () => {
  const usable = (method: Message) => ({ method, unavailable: null });
  const noMac = { method: packets, unavailable: fact('NO_MAC_ADDRESS') };
  const noAgent = { method: byAgent, unavailable: fact('NO_AGENT_TO_WAKE_WITH') };
  const elsewhere = (...methods: Parameters<typeof judgeWakeMethods>[0]['methods']) => ({
    onThisComputer: false,
    methods,
  });
  it.each<[string, Parameters<typeof judgeWakeMethods>[0], State, Code, Code?]>([
    ['this computer', { onThisComputer: true, methods: [] }, na, 'ON_THIS_COMPUTER'],
    [
      'this computer, without a MAC address',
      { onThisComputer: true, methods: [noMac] },
      na,
      'ON_THIS_COMPUTER',
    ],
    ['none', elsewhere(), 'fail', 'NO_WAKE_METHOD', 'FIX_WAKE_METHODS'],
    ['no MAC address', elsewhere(noMac), 'fail', 'WAKE_METHODS_UNAVAILABLE', 'FIND_MAC'],
    ['no agent', elsewhere(noAgent), 'fail', 'WAKE_METHODS_UNAVAILABLE', 'FIX_WAKE_METHODS'],
    ['one of two', elsewhere(usable(byRelay), noAgent), 'pass', 'WAKE_METHODS'],
  ])('%s', (_, facts, state, seen, fix) => expectVerdict(judgeWakeMethods(facts), state, seen, fix));

  it('lists them in their order, and why others are not available', () => {
    const { seen } = judgeWakeMethods(elsewhere(usable(byRelay), noAgent, usable(packets)));
    expect(seen).toEqual(
      fact('WAKE_METHODS', {
        usable: [byRelay, packets],
        unavailable: [{ method: byAgent, reason: fact('NO_AGENT_TO_WAKE_WITH') }],
      }),
    );
    expect(textOf(seen as Message)).toBe(
      'It can be woken by the relay r:9753, then magic packets from this computer. Not available: the agent of nas (that node has no agent to wake it with).',
    );
  });
});

describe('whether Wake-on-LAN is enabled', () => {
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
  type Facts = Parameters<typeof judgeArmed>[0];
  const facts = (machine: Facts['machine'], changes: Partial<Facts> = {}): Facts => ({
    onThisComputer: false,
    usesPackets: true,
    mac,
    machine,
    ...changes,
  });
  const machine = (...interfaces: ReturnType<typeof adapter>[]) => ({ interfaces });
  const others = machine(
    adapter({ mac: '02:00:00:00:00:0a', wakeArmed: null, name: 'wlan0' }),
    adapter({ mac: '02:00:00:00:00:0b' }),
  );
  it.each<[string, Facts, State, Code, Code?]>([
    [
      'this computer',
      facts(machine(adapter({ wakeArmed: false })), { onThisComputer: true }),
      na,
      'ON_THIS_COMPUTER',
    ],
    ['no packets', facts(null, { usesPackets: false }), na, 'NO_WAKE_PACKETS'],
    ['no MAC address', facts(null, { mac: null }), na, 'NO_WAKE_PACKETS'],
    ['no agent', facts(null), na, 'ARMED_NEEDS_AGENT'],
    ['no adapters', facts(machine()), na, 'NO_ADAPTERS_REPORTED'],
    ['enabled', facts(machine(adapter())), 'pass', 'ARMED'],
    ['not enabled', facts(machine(adapter({ wakeArmed: false }))), 'fail', 'NOT_ARMED', 'ARM_ADAPTER'],
    ['not reported', facts(machine(adapter({ wakeArmed: null }))), na, 'ARMED_NOT_REPORTED'],
    ['another MAC address', facts(others), 'fail', 'MAC_OF_NO_ADAPTER', 'SET_MAC'],
  ])('%s', (_, given, state, seen, fix) => expectVerdict(judgeArmed(given), state, seen, fix));

  it('compares MAC addresses in any case', () => {
    const shown = '00:00:5e:00:53:10';
    const verdict = judgeArmed(facts(machine(adapter({ mac: shown.toUpperCase() })), { mac: shown }));
    expect(verdict.seen).toEqual(fact('ARMED', { adapter: 'eno1', mac: shown, wireless: false }));
  });

  it('warns of a wireless adapter', () => {
    const { seen } = judgeArmed(facts(machine(adapter({ name: 'wlan0' }))));
    expect(seen?.params).toMatchObject({ adapter: 'wlan0', wireless: true });
  });

  it('suggests the adapter on which it is enabled', () => {
    expect(judgeArmed(facts(others))).toMatchObject({
      seen: {
        params: {
          adapters: [
            { name: 'wlan0', mac: '02:00:00:00:00:0A' },
            { name: 'eno1', mac: '02:00:00:00:00:0B' },
          ],
        },
      },
      fix: fact('SET_MAC', { mac: '02:00:00:00:00:0B' }),
    });
  });

  it('tells how to enable it on each system', () => {
    const text = textOf(fact('ARM_ADAPTER', { adapter: 'eno1' }));
    for (const part of ['ethtool -s eno1 wol g', '99-default.link', 'Fast Startup', 'ErP'])
      expect(text).toContain(part);
  });
});

describe('the route', () => {
  const direct = (changes: object = {}): RouteFacts => ({
    kind: 'direct',
    isLocal: false,
    address: '10.0.0.7',
    subnet: '10.0.0.0/24',
    subnets: ['10.0.0.0/24'],
    destinations: [],
    ...changes,
  });
  const far = direct({ address: '10.9.0.7', subnet: null });
  const relay = (answer: Probe<{ known: boolean }>): RouteFacts => ({
    kind: 'asked',
    method: byRelay,
    answer,
  });
  const command: RouteFacts = { kind: 'command', method: fact('WAKE_BY_COMMAND', { program: 'wake' }) };
  const judge = (...routes: RouteFacts[]) => judgeRoutes({ onThisComputer: false, routes });
  it.each<[string, RouteFacts[], State, Code, Code?]>([
    ['none', [], na, 'NO_METHOD_TO_CHECK'],
    ['in our network', [direct()], 'pass', 'IN_NETWORK'],
    ['on loopback', [direct({ isLocal: true })], 'pass', 'PACKETS_STAY_HERE'],
    ['in another network', [far], 'fail', 'NOT_IN_NETWORK', 'ADD_RELAY'],
    [
      'there, with a destination',
      [direct({ subnet: null, destinations: ['10.9.0.255'] })],
      'pass',
      'SENTENCES',
    ],
    ['no network', [direct({ subnet: null, subnets: [] })], 'fail', 'NO_NETWORK', 'CONNECT_THIS_COMPUTER'],
    ['an unknown address', [direct({ address: null, subnet: null })], na, 'NETWORK_UNKNOWN'],
    ['a relay', [relay(answered({ known: true }))], 'pass', 'WAKER_ANSWERS'],
    ['a relay that does not answer', [relay(refused)], 'fail', 'WAKER_FAILS', 'HOST_UNREACHABLE'],
    ['a command', [command], na, 'COMMAND_NOT_RUN'],
    ['one of two', [far, relay(answered({ known: false }))], 'pass', 'SENTENCES'],
    ['neither of two', [far, relay(refused)], 'fail', 'SENTENCES', 'SENTENCES'],
  ])('%s', (_, routes, state, seen, fix) => expectVerdict(judge(...routes), state, seen, fix));

  it('does not apply to this computer, whatever its routes are', () => {
    expectVerdict(judgeRoutes({ onThisComputer: true, routes: [relay(refused)] }), na, 'ON_THIS_COMPUTER');
  });

  it('reports each method, and how to fix each that fails', () => {
    expect(judge(far, relay(refused), command)).toMatchObject({
      seen: {
        params: { parts: [{ code: 'NOT_IN_NETWORK' }, { code: 'WAKER_FAILS' }, { code: 'COMMAND_NOT_RUN' }] },
      },
      fix: { params: { parts: [{ code: 'ADD_RELAY' }, { code: 'CHECK_ERROR_FIX' }] } },
    });
  });
});
