import { describe, expect, it } from 'vitest';
import { ipv6Groups, isPrivateAddress, isPrivateHost } from '../../../../shared/network/private-address.ts';

const hostOf = (url: string) => new URL(url).hostname;

describe('an address of the own network, however it is spelled', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://0x7f.1/',
    'http://017700000001/',
    'http://2130706433/',
    'http://１２７.0.0.1/',
    'http://10.1.2.3/',
    'http://172.31.255.255/',
    'http://192.168.0.1/',
    'http://169.254.169.254/',
    'http://100.64.0.1/',
    'http://0.0.0.0/',
    'http://255.255.255.255/',
    'http://224.0.0.251/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:c0a8:1]/',
    'http://[::127.0.0.1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[fe80::1]/',
    'http://[fd00::1]/',
    'http://[fc00::1]/',
    'http://[ff02::1]/',
    'http://[64:ff9b::10.0.0.1]/',
    'http://[64:ff9b::a00:1]/',
    'http://[2002:a00:1::]/',
    'http://[2001:db8::1]/',
    'http://[2001::1]/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://box.localhost/',
    'http://nas/',
    'http://nas.local/',
    'http://nas.lan/',
    'http://nas.home.arpa/',
    'http://nas.internal/',
  ])('%s', (url) => {
    expect(isPrivateHost(hostOf(url))).toBe(true);
  });

  it.each([
    'http://8.8.8.8/',
    'http://172.32.0.1/',
    'http://100.128.0.1/',
    'http://[2606:4700::1111]/',
    'http://[::ffff:8.8.8.8]/',
    'http://[2002:808:808::]/',
  ])('%s is public', (url) => {
    expect(isPrivateHost(hostOf(url))).toBe(false);
  });

  it.each(['http://example.org/', 'http://127.0.0.1.example.org/', 'http://local.example.org/'])(
    '%s has to be resolved',
    (url) => {
      expect(isPrivateHost(hostOf(url))).toBeNull();
    },
  );
});

describe('what a name leads to', () => {
  it.each([
    ['fe80::1%eth0', true],
    ['192.168.1.2', true],
    ['1.1.1.1', false],
    ['2a00:1450::1', false],
    ['a name', null],
    ['1.2.3', null],
    ['1.2.3.4.5', null],
    ['', null],
    [':::', null],
    ['1::2::3', null],
    ['::ffff:999.1.1.1', null],
  ])('%j', (address, expected) => {
    expect(isPrivateAddress(address)).toBe(expected);
  });
});

it('reads the groups of an IPv6 address', () => {
  expect(ipv6Groups('2001:db8::1')).toEqual([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]);
  expect(ipv6Groups('::')).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  expect(ipv6Groups('1:2:3:4:5:6:7')).toBeNull();
  expect(ipv6Groups('1:2:3:4:5:6:7:8:9')).toBeNull();
  expect(ipv6Groups('1:2:3:4:5:6:7::8')).toBeNull();
  expect(ipv6Groups('g::1')).toBeNull();
});
