import { describe, expect, it } from 'vitest';
import {
  parseArpA,
  parseIpNeigh,
  parseProcArp,
} from '../../../../electron/adapters/network/neighbour-tables.ts';
import { readNeighbours } from '../../../../electron/adapters/network/neighbours.ts';

const procArp = `IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         0x2         02:1a:2b:3c:4d:5e     *        eth0
192.168.1.20     0x1         0x0         00:00:00:00:00:00     *        eth0
192.168.1.21     0x1         0x0         02:1a:2b:3c:4d:99     *        eth0
192.168.1.30     0x1         0x6         02:aa:bb:cc:dd:ee     *        eth0
10.8.0.7         0x1         0x2         02:00:00:00:00:07     *        br-lab0
`;
const ipNeigh = `192.168.1.1 dev eth0 lladdr 02:1a:2b:3c:4d:5e REACHABLE
192.168.1.20 dev eth0  INCOMPLETE
192.168.1.21 dev eth0 lladdr 02:1a:2b:3c:4d:99 FAILED
192.168.1.30 dev eth0 lladdr 02:aa:bb:cc:dd:ee extern_learn  STALE
224.0.0.251 dev eth0 lladdr 01:00:5e:00:00:fb NOARP
fe80::1 dev eth0 lladdr 02:1a:2b:3c:4d:5f router REACHABLE
`;
const arpMac = `? (192.168.1.1) at 2:1a:2b:3c:4d:5e on en0 ifscope [ethernet]
gpu-box.lan (192.168.1.30) at 2:aa:bb:cc:dd:ee on en0 ifscope [ethernet]
? (192.168.1.20) at (incomplete) on en0 ifscope [ethernet]
? (224.0.0.251) at 1:0:5e:0:0:fb on en0 ifscope permanent [ethernet]
? (192.168.1.255) at ff:ff:ff:ff:ff:ff on en0 ifscope [ethernet]
`;
const arpWindows = `\r
Schnittstelle: 192.168.1.5 --- 0x8\r
  Internetadresse       Physische Adresse     Typ\r
  192.168.1.1           02-1a-2b-3c-4d-5e     dynamisch\r
  192.168.1.30          02-aa-bb-cc-dd-ee     dynamisch\r
  192.168.1.255         ff-ff-ff-ff-ff-ff     statisch\r
  224.0.0.251           01-00-5e-00-00-fb     statisch\r
`;
const expected = [
  { address: '192.168.1.1', mac: '02:1A:2B:3C:4D:5E' },
  { address: '192.168.1.30', mac: '02:AA:BB:CC:DD:EE' },
];

describe('the table of neighbours', () => {
  it('of /proc/net/arp: entries that are complete', () => {
    expect(parseProcArp(procArp)).toEqual([...expected, { address: '10.8.0.7', mac: '02:00:00:00:00:07' }]);
  });

  it.each([
    ['ip neigh', parseIpNeigh, ipNeigh],
    ['arp -a of macOS', parseArpA, arpMac],
    ['arp -a of Windows, whatever its language', parseArpA, arpWindows],
  ])('of %s: no groups, no broadcast, nobody who did not answer', (_, parse, text) => {
    expect(parse(text)).toEqual(expected);
  });

  it.each([
    [
      'arp of a router with BusyBox, whose kinds are in brackets',
      parseArpA,
      '? (192.168.1.30) at 02:aa:bb:cc:dd:ee [ether]  on br-lan\n? (192.168.1.44) at <incomplete>  on br-lan\n',
    ],
    [
      'arp of a BSD, with the time that is left',
      parseArpA,
      '? (192.168.1.30) at 02:aa:bb:cc:dd:ee on igb0 expires in 1171 seconds [ethernet]\n',
    ],
    [
      'arp of a Windows in French, with two adapters',
      parseArpA,
      'Interface\u00a0: 10.0.0.4 --- 0x3\r\n  Adresse Internet      Adresse physique      Type\r\n' +
        '  192.168.1.30          02-aa-bb-cc-dd-ee     dynamique \r\n\r\nInterface\u00a0: 172.20.0.1 --- 0x1f\r\n' +
        '  239.255.255.250       01-00-5e-7f-ff-fa     statique  \r\n',
    ],
    [
      'ip of an older system, with counters before the state',
      parseIpNeigh,
      '192.168.1.30 dev br-lan lladdr 02:aa:bb:cc:dd:ee ref 1 used 0/0/0 probes 4 REACHABLE\r\n',
    ],
    [
      'ip of a host of containers: entries that were set by hand, and one without an address',
      parseIpNeigh,
      '192.168.1.30 dev flannel.1 lladdr 02:aa:bb:cc:dd:ee PERMANENT\n192.168.1.9 dev wg0 NOARP\n',
    ],
    [
      'ip of a machine on InfiniBand, whose addresses are longer',
      parseIpNeigh,
      '192.168.1.7 dev ib0 lladdr 80:00:02:08:fe:80:00:00:00:00:00:00:02:aa:bb:ff:fe:cc:dd:ee REACHABLE\n' +
        '192.168.1.30 dev eth0 lladdr 02:aa:bb:cc:dd:ee DELAY\n',
    ],
  ])('of %s', (_, parse, text) => {
    expect(parse(text)).toEqual([{ address: '192.168.1.30', mac: '02:AA:BB:CC:DD:EE' }]);
  });

  it.each([
    ['nothing', ''],
    ['an error', 'arp: in 0 entries\n'],
    ['half a line', '192.168.1.9 dev eth0 lladdr'],
    ['no addresses', 'a (b) at c on d\n  x  00-00  y\nheader\n a b 0x2 zz:zz:zz:zz:zz:zz * eth0'],
  ])('reads nobody out of %s', (_, text) => {
    for (const parse of [parseProcArp, parseIpNeigh, parseArpA]) expect(parse(text)).toEqual([]);
  });

  it('is read from the file on Linux, from `ip` where that is hidden, from `arp` elsewhere', async () => {
    const { signal } = new AbortController();
    const ran: string[] = [];
    const exec = async (file: string, args: readonly string[]) => {
      ran.push([file, ...args].join(' '));
      return file === 'ip' ? ipNeigh : arpMac;
    };
    const read = async () => procArp;
    const hidden = () => Promise.reject(new Error('EACCES'));
    expect(await readNeighbours(signal, { platform: 'linux', exec, read })).toHaveLength(3);
    expect(ran).toEqual([]);
    expect(await readNeighbours(signal, { platform: 'linux', exec, read: hidden })).toEqual(expected);
    expect(await readNeighbours(signal, { platform: 'darwin', exec, read: hidden })).toEqual(expected);
    expect(ran).toEqual(['ip -4 neigh', 'arp -a']);
    const missing = () => Promise.reject(new Error('ENOENT'));
    await expect(readNeighbours(signal, { platform: 'win32', exec: missing })).rejects.toThrow('ENOENT');
  });
});
