import { describe, expect, it } from 'vitest';
import { canSendPackets, canWake } from '../../../../electron/core/fleet/wakeable.ts';
import type { NodeRecord } from '../../../../shared/models/fleet.ts';
import type { WakeWay } from '../../../../shared/models/power.ts';

const direct: WakeWay = { kind: 'direct' };
const agent: WakeWay = { kind: 'agent', nodeId: 'nas' };
const relay: WakeWay = { kind: 'relay', url: 'http://192.168.1.2:9753' };
const command: WakeWay = { kind: 'command', command: ['/usr/local/bin/wake-it', '--now'] };

const node = (changes: Partial<NodeRecord> = {}) => ({
  kind: 'remote' as const,
  url: 'http://192.168.1.20:11434',
  mac: '00:00:5E:00:53:01',
  wakeDestinations: [],
  wakeWays: [direct],
  ...changes,
});

describe('whether a node can be woken', () => {
  it.each<[string, Partial<NodeRecord>, boolean]>([
    ['packets, with a MAC', {}, true],
    ['packets, without a MAC', { mac: null }, false],
    ['packets, to this computer', { url: 'http://127.0.0.1:1' }, false],
    ['an agent', { wakeWays: [agent] }, true],
    ['an agent, without a MAC', { wakeWays: [agent], mac: null }, false],
    ['an agent that is not there', { wakeWays: [{ kind: 'agent', nodeId: 'gone' }] }, false],
    ['a relay, which knows its machine', { wakeWays: [relay], mac: null }, true],
    ['a command', { wakeWays: [command], mac: null }, true],
    ['one of several', { wakeWays: [direct, command], mac: null }, true],
  ])('%s', (_, changes, wanted) => {
    expect(canWake(node(changes), (id) => id === 'nas')).toBe(wanted);
  });
});

it('packets can be sent to a node that has a MAC address and a destination', () => {
  expect(canSendPackets(node())).toBe(true);
  expect(canSendPackets(node({ mac: null }))).toBe(false);
  expect(canSendPackets(node({ url: 'http://127.0.0.1:9000' }))).toBe(false);
  expect(canSendPackets(node({ url: null }))).toBe(true);
});
