import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wakeDestinations } from '../../../../electron/core/wake/destinations.ts';
import type { NodeRecord } from '../../../../shared/models/fleet.ts';

const lan = { name: 'eth0', address: '192.168.1.7', netmask: '255.255.255.0', internal: false };
const lab = { name: 'eth1', address: '10.20.33.4', netmask: '255.255.252.0', internal: false };
const loopback = { name: 'lo', address: '127.0.0.1', netmask: '255.0.0.0', internal: true };
const tunnel = { name: 'tun0', address: '10.8.0.2', netmask: '255.255.255.255', internal: false };
const interfaces = [loopback, lan, lab, tunnel];

const target = (changes: Partial<NodeRecord> = {}) => ({
  kind: 'remote' as const,
  url: 'http://192.168.1.20:11434',
  mac: '00:00:5E:00:53:01',
  wakeDestinations: [],
  ...changes,
});
const texts = (changes: Partial<NodeRecord>) =>
  wakeDestinations(target(changes), interfaces).map(({ address, port }) => `${address}:${port}`);

describe('where wake packets go', () => {
  it('each network, all of them, the last address and what the person named, ports 9 and 7', () => {
    expect(texts({ wakeDestinations: ['192.168.1.255', '172.16.0.255:40000'] })).toEqual([
      '192.168.1.255:9',
      '192.168.1.255:7',
      '10.20.35.255:9',
      '10.20.35.255:7',
      '255.255.255.255:9',
      '255.255.255.255:7',
      '192.168.1.20:9',
      '192.168.1.20:7',
      '172.16.0.255:40000',
    ]);
  });

  it('a node without a server has no last known address', () => {
    expect(texts({ url: null })).toEqual([
      '192.168.1.255:9',
      '192.168.1.255:7',
      '10.20.35.255:9',
      '10.20.35.255:7',
      '255.255.255.255:9',
      '255.255.255.255:7',
    ]);
  });

  it('a name is no last known address', () => {
    expect(texts({ url: 'http://gpu-box:11434' })).not.toContain('gpu-box:9');
    expect(texts({ url: 'http://gpu-box:11434' })).toContain('255.255.255.255:9');
  });

  it('the last address from its agent replaces a name, but never this computer', () => {
    const named = {
      ...target({ url: 'http://gpu-box:11434' }),
      lastAddresses: ['192.168.1.44', '127.0.0.1', 'fe80::1'],
    };
    const sent = wakeDestinations(named, [lan]).map(({ address, port }) => `${address}:${port}`);
    expect(sent.slice(4)).toEqual(['192.168.1.44:9', '192.168.1.44:7']);
    const local = { ...named, kind: 'simulated' as const, wakeDestinations: ['127.0.0.1:9'] };
    expect(wakeDestinations(local, [lan])).toEqual([{ address: '127.0.0.1', port: 9 }]);
  });

  it.each<[string, Partial<NodeRecord>]>([
    ['a simulated machine', { kind: 'simulated', url: 'http://127.0.0.1:5000' }],
    ['a simulated machine that claims to be elsewhere', { kind: 'simulated' }],
    ['an address on this computer', { url: 'http://localhost:5000' }],
    ['only loopback destinations', {}],
  ])('%s gets packets at its configured destinations only', (_, changes) => {
    expect(texts({ ...changes, wakeDestinations: ['127.0.0.1:4009'] })).toEqual(['127.0.0.1:4009']);
  });

  it('a simulated machine gets packets on loopback only', () => {
    expect(texts({ kind: 'simulated', wakeDestinations: ['192.168.1.255', '127.0.0.1:9'] })).toEqual([
      '127.0.0.1:9',
    ]);
  });

  it('behind a tunnel on this computer the person’s own destination counts', () => {
    expect(texts({ url: 'http://127.0.0.1:9000', wakeDestinations: ['192.168.1.255:9'] })).toEqual([
      '192.168.1.255:9',
    ]);
  });

  it('whatever the interfaces are, a local machine’s packets stay on loopback', () => {
    const anyInterface = fc.record({
      name: fc.string(),
      address: fc.ipV4(),
      netmask: fc.constantFrom('255.255.255.0', '255.0.0.0', '255.255.255.255'),
      internal: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyInterface), fc.integer({ min: 1, max: 65_535 }), (all, port) => {
        const node = target({ kind: 'simulated', wakeDestinations: [`127.0.0.1:${port}`] });
        return wakeDestinations(node, all).every(({ address }) => address.startsWith('127.'));
      }),
    );
  });
});
