import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  broadcastOf,
  directedBroadcast,
  directedBroadcasts,
  isIn,
} from '../../../../shared/network/broadcast.ts';
import { formatIpv4, networkOf } from '../../../../shared/network/ipv4.ts';

const one = (name: string, address: string, netmask: string, internal = false) => ({
  name,
  address,
  netmask,
  internal,
});

describe('a broadcast address', () => {
  it.each([
    ['192.168.1.7', '255.255.255.0', '192.168.1.255'],
    ['10.20.33.4', '255.255.252.0', '10.20.35.255'],
    ['10.1.2.3', '255.0.0.0', '10.255.255.255'],
    ['10.1.2.5', '255.255.255.252', '10.1.2.7'],
    ['10.1.2.3', '255.255.255.254', null],
    ['10.1.2.3', '255.255.255.255', null],
    ['fe80::1', 'ffff::', null],
  ])('of %s/%s is %s', (address, netmask, wanted) => {
    expect(directedBroadcast(address, netmask)).toBe(wanted);
  });

  it('is the last address of every network with more than two', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 0, max: 32 }),
        (host, prefix) => {
          const [address, mask] = [formatIpv4(host), formatIpv4(2 ** 32 - 2 ** (32 - prefix))];
          const network = networkOf(address, mask);
          const last = formatIpv4((network?.first ?? 0) + (network?.size ?? 0) - 1);
          expect(directedBroadcast(address, mask)).toBe(prefix > 30 ? null : last);
        },
      ),
    );
  });

  it('is taken from each interface except loopback and links without one', () => {
    const interfaces = [
      one('lo', '127.0.0.1', '255.0.0.0', true),
      one('eth0', '192.168.1.7', '255.255.255.0'),
      one('tun0', '10.8.0.2', '255.255.255.255'),
      one('eth1', '10.0.5.7', '255.255.254.0'),
    ];
    expect(directedBroadcasts(interfaces)).toEqual(['192.168.1.255', '10.0.5.255']);
  });

  it('of a machine is that of the network of ours that it is in', () => {
    const interfaces = [one('lo', '127.0.0.1', '255.0.0.0', true), one('eth0', '10.1.2.3', '255.255.254.0')];
    expect(broadcastOf('10.1.3.9', interfaces)).toBe('10.1.3.255');
    expect(broadcastOf('10.1.4.9', interfaces)).toBeNull();
    expect(broadcastOf('127.0.0.1', interfaces)).toBeNull();
  });
});

describe('a machine', () => {
  it.each([
    ['192.168.1.0/24', '192.168.1.1', true],
    ['192.168.1.0/24', '192.168.1.254', true],
    ['192.168.1.0/24', '192.168.1.255', false],
    ['192.168.1.0/24', '192.168.1.0', false],
    ['192.168.1.0/24', '192.168.2.1', false],
    ['192.168.1.128/25', '192.168.1.127', false],
    ['0.0.0.0/0', '8.8.8.8', true],
    ['192.168.1.0/33', '192.168.1.1', false],
    ['192.168.1.0', '192.168.1.1', false],
    ['192.168.1.0/24', 'gpu-box', false],
  ])('%s holds %s: %s', (subnet, address, holds) => {
    expect(isIn(subnet, address)).toBe(holds);
  });
});
