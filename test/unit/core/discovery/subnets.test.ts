import { describe, expect, it } from 'vitest';
import { hostsOf, networksOf } from '../../../../electron/core/discovery/subnets.ts';
import type { NetworkInterface } from '../../../../electron/core/ports/network.ts';

const one = (name: string, address: string, netmask: string, internal = false): NetworkInterface => ({
  name,
  address,
  netmask,
  internal,
});

describe('the networks of this computer', () => {
  it('are those of its interfaces, each once; loopback and links of two addresses are none', () => {
    const networks = networksOf([
      one('lo', '127.0.0.1', '255.0.0.0', true),
      one('eth0', '192.168.1.77', '255.255.255.0'),
      one('wlan0', '192.168.1.78', '255.255.255.0'),
      one('wg0', '10.9.0.2', '255.255.255.255'),
      one('ptp0', '10.9.1.2', '255.255.255.254'),
      one('odd0', '10.9.2.2', '255.0.255.0'),
      one('docker0', '172.17.0.1', '255.255.0.0'),
      one('lab0', '10.20.5.1', '255.255.252.0'),
      one('tiny0', '10.30.0.1', '255.255.255.252'),
    ]);
    expect(networks.map(({ subnet, hosts, tooLarge }) => [subnet, hosts, tooLarge])).toEqual([
      ['192.168.1.0/24', 254, false],
      ['172.17.0.0/16', 65_534, true],
      ['10.20.4.0/22', 1022, false],
      ['10.30.0.0/30', 2, false],
    ]);
    expect(networks[0]).toMatchObject({ interface: 'eth0', address: '192.168.1.77' });
  });

  it('have their addresses tried without our own, unless they are too large', () => {
    const [small, large] = networksOf([
      one('eth0', '192.168.1.129', '255.255.255.248'),
      one('docker0', '172.17.0.1', '255.255.0.0'),
    ]);
    if (!small || !large) throw new Error('two networks');
    expect(hostsOf(small, new Set(['192.168.1.129']))).toEqual(
      [130, 131, 132, 133, 134].map((last) => `192.168.1.${last}`),
    );
    expect(hostsOf(large, new Set())).toEqual([]);
  });
});
