import { isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatIpv4,
  ipv4Bytes,
  ipv4Number,
  networkOf,
  parseSubnet,
  readIpv4,
  sameNetwork,
  unmapIpv4,
} from '../../../../shared/network/ipv4.ts';

const number32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
/** Addresses, what looks like one, and anything else. */
const texts = fc.oneof(
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6(),
  fc.string(),
  fc.array(fc.stringMatching(/^[0-9]{0,4}$/), { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.')),
);

describe('an IPv4 address', () => {
  it('is read exactly where the system reads one', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(readIpv4(text)).toBe(isIPv4(text) ? text : null);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    '01.2.3.4',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.4 ',
    '0x7f.0.0.1',
    '1..3.4',
    '2130706433',
    '',
  ])('%j is none', (text) => {
    expect([readIpv4(text), ipv4Bytes(text), ipv4Number(text)]).toEqual([null, null, null]);
  });

  it('and its number are one and the same', () => {
    fc.assert(
      fc.property(number32, (value) => {
        expect(ipv4Number(formatIpv4(value))).toBe(value);
      }),
    );
    expect(ipv4Number('255.255.255.255')).toBe(4_294_967_295);
    expect(ipv4Bytes('192.168.1.20')).toEqual([192, 168, 1, 20]);
  });

  it('that a socket reports as IPv6 is the IPv4 address', () => {
    expect(unmapIpv4('::ffff:192.168.1.20')).toBe('192.168.1.20');
    expect(unmapIpv4('::FFFF:10.0.0.1')).toBe('10.0.0.1');
    for (const other of ['::1', 'fe80::ffff:1', '::ffff:c0a8:1', '192.168.1.20'])
      expect(unmapIpv4(other)).toBe(other);
  });
});

describe('a network', () => {
  it('contains its own interface, and is read again from its subnet', () => {
    fc.assert(
      fc.property(number32, fc.integer({ min: 0, max: 32 }), (host, prefix) => {
        const mask = formatIpv4(2 ** 32 - 2 ** (32 - prefix));
        const network = networkOf(formatIpv4(host), mask);
        if (network === null) throw new Error('a mask of ones and zeros');
        expect(network.size).toBe(2 ** (32 - prefix));
        expect(host).toBeGreaterThanOrEqual(network.first);
        expect(host).toBeLessThan(network.first + network.size);
        expect(parseSubnet(network.subnet)).toEqual(network);
      }),
    );
  });

  it.each([
    ['10.0.0.1', '255.0.255.0'],
    ['10.0.0.1', 'ffff::'],
    ['fe80::1', '255.255.255.0'],
  ])('%s/%s is none', (address, netmask) => {
    expect(networkOf(address, netmask)).toBeNull();
  });

  it.each(['192.168.1.0', '192.168.1.0/33', '192.168.1.0/', '192.168.1.0/2x', 'gpu-box/24'])(
    '%s is none',
    (text) => {
      expect(parseSubnet(text)).toBeNull();
    },
  );

  it('is shared by addresses whose masked bits are equal', () => {
    expect(sameNetwork('192.168.1.7', '192.168.1.200', '255.255.255.0')).toBe(true);
    expect(sameNetwork('192.168.1.7', '192.168.2.7', '255.255.255.0')).toBe(false);
    expect(sameNetwork('192.168.1.7', '192.168.2.7', '255.255.252.0')).toBe(true);
    expect(sameNetwork('200.1.1.1', '200.1.1.2', '255.255.255.252')).toBe(true);
    expect(sameNetwork('gpu-box', '192.168.1.7', '255.255.255.0')).toBe(false);
    fc.assert(
      fc.property(number32, number32, fc.integer({ min: 0, max: 32 }), (one, other, prefix) => {
        const mask = formatIpv4(2 ** 32 - 2 ** (32 - prefix));
        const [left, right] = [networkOf(formatIpv4(one), mask), networkOf(formatIpv4(other), mask)];
        expect(sameNetwork(formatIpv4(one), formatIpv4(other), mask)).toBe(left?.subnet === right?.subnet);
      }),
    );
  });
});
