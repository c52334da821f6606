import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isSingleMachine,
  macBytes,
  parseMac,
  readMac,
  readSecureOn,
  secureOnBytes,
} from '../../../../shared/network/mac.ts';

const sixBytes = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => [...bytes]);
const pairsOf = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(16).padStart(2, '0'));
const spellingsOf = (bytes: readonly number[]) => {
  const pairs = pairsOf(bytes);
  return [
    ...[':', '-', ' ', ''].map((separator) => pairs.join(separator)),
    (pairs.join('').match(/.{4}/g) ?? []).join('.'),
    ` ${pairs.join(':')} `,
  ];
};

describe('a MAC address', () => {
  it('is the same from every way to write it, and its bytes are those that were written', () => {
    fc.assert(
      fc.property(sixBytes, fc.boolean(), (bytes, upper) => {
        for (const spelling of spellingsOf(bytes)) {
          const text = upper ? spelling.toUpperCase() : spelling;
          expect(parseMac(text)).toBe(pairsOf(bytes).join(':').toUpperCase());
          expect(macBytes(text)).toEqual(bytes);
        }
      }),
    );
  });

  it.each([
    ['8:0:27:1:2:3', '08:00:27:01:02:03'],
    ['aabbcc-ddeef0', 'AA:BB:CC:DD:EE:F0'],
    ['aabbcc.ddeef0', 'AA:BB:CC:DD:EE:F0'],
    ['aabb ccdd eef0', 'AA:BB:CC:DD:EE:F0'],
    ['<aa:bb:cc:dd:ee:f0>', 'AA:BB:CC:DD:EE:F0'],
    ['AA-BB-CC-DD-EE-F0.', 'AA:BB:CC:DD:EE:F0'],
    ['0xAABBCCDDEEF0', 'AA:BB:CC:DD:EE:F0'],
    ['AA–BB–CC–DD–EE–F0', 'AA:BB:CC:DD:EE:F0'],
    ['AA：BB：CC：DD：EE：F0', 'AA:BB:CC:DD:EE:F0'],
  ])('is read from %s', (written, mac) => {
    expect(readMac(written)).toBe(mac);
  });

  it.each(['8:0-27:1-2:3', '8.0.27.1.2.3', 'aabb-ccdd.eef0', '0x0xAABBCCDDEEF0', '0xAA:BB:CC:DD:EE:F0'])(
    'is not %s',
    (written) => {
      expect(readMac(written)).toBeNull();
    },
  );

  it('names one machine unless it is a group or all zeros', () => {
    fc.assert(
      fc.property(sixBytes, (bytes) => {
        const single = (bytes[0] ?? 1) % 2 === 0 && bytes.some((byte) => byte !== 0);
        const mac = pairsOf(bytes).join(':').toUpperCase();
        expect(isSingleMachine(mac)).toBe(single);
        expect(readMac(mac)).toBe(single ? mac : null);
      }),
    );
    for (const mac of ['00:00:00:00:00:00', 'FF:FF:FF:FF:FF:FF', '01:00:5E:00:00:01'])
      expect(readMac(mac)).toBeNull();
    expect(readMac('00:00:00:00:00:01')).toBe('00:00:00:00:00:01');
  });

  it('is nothing with another number of digits', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const groups = text.split(/[^0-9a-f]/i).filter((group) => group !== '');
        fc.pre(groups.join('').length !== 12 && groups.length !== 6);
        expect([parseMac(text), readMac(text), macBytes(text)]).toEqual([null, null, null]);
      }),
    );
  });

  it.each([
    'AA:BB:CC:DD:EE',
    'AA:BB:CC:DD:EE:FF:00',
    'GG:BB:CC:DD:EE:FF',
    'AABB:CCDD:EEFF',
    '8-0-27-1-2-3',
    '1.2.3.4.5.6',
    'AA:BB::CC:DD:EE',
    'AA:BB:CC:DD:EE:FF FF',
    'aabb-ccdd-eeff-00',
  ])('%s is none', (text) => {
    expect(parseMac(text)).toBeNull();
  });
});

describe('a MAC address as tools print it and people paste it', () => {
  it.each([
    ['8:0:27:1:2:3', '08:00:27:01:02:03'],
    ['1C-11-11-11:11:BC', '1C:11:11:11:11:BC'],
    ['AA:BB-CC:DD-EE:F0', 'AA:BB:CC:DD:EE:F0'],
    ['aabbcc-ddeef0', 'AA:BB:CC:DD:EE:F0'],
    ['aabb-ccdd-eef0', 'AA:BB:CC:DD:EE:F0'],
    ['AA.BB.CC.DD.EE.F0', 'AA:BB:CC:DD:EE:F0'],
    ['\u200eAA:BB:CC:DD:EE:F0', 'AA:BB:CC:DD:EE:F0'],
    ['\ufeff aa:bb:cc:dd:ee:f0\u200b\n', 'AA:BB:CC:DD:EE:F0'],
    ['aa bb cc dd ee f0', 'AA:BB:CC:DD:EE:F0'],
    // A terminal server, and a table that was pasted with its cells.
    ['AABB.CCDD.EEF0\t', 'AA:BB:CC:DD:EE:F0'],
    ['"AA-BB-CC-DD-EE-F0"', 'AA:BB:CC:DD:EE:F0'],
    // `ip link`, `ifconfig`, `getmac` and a router name what they print.
    ['link/ether aa:bb:cc:dd:ee:f0 brd ff:ff:ff:ff:ff:ff', 'AA:BB:CC:DD:EE:F0'],
    ['    ether aa:bb:cc:dd:ee:f0  txqueuelen 1000  (Ethernet)', 'AA:BB:CC:DD:EE:F0'],
    ['eth0      Link encap:Ethernet  HWaddr AA:BB:CC:DD:EE:F0', 'AA:BB:CC:DD:EE:F0'],
    ['AA-BB-CC-DD-EE-F0   \\Device\\Tcpip_{5C9D1A7E-0B1F-4C63-9E0D-7C3B4E7F9A10}', 'AA:BB:CC:DD:EE:F0'],
    ['   Physical Address. . . . . . . . . : AA-BB-CC-DD-EE-F0', 'AA:BB:CC:DD:EE:F0'],
    ['? (192.168.1.9) at aa:bb:cc:dd:ee:f0 on en0 ifscope [ethernet]', 'AA:BB:CC:DD:EE:F0'],
    ['? (192.168.1.9) at 8:0:27:1:2:3 on en0 ifscope [ethernet]', '08:00:27:01:02:03'],
    ['{"ifname":"eno1","address":"aa:bb:cc:dd:ee:f0"}', 'AA:BB:CC:DD:EE:F0'],
    [' aa:bb:cc:dd:ee:f0', 'AA:BB:CC:DD:EE:F0'],
  ])('%j is %s', (text, wanted) => {
    expect(readMac(text)).toBe(wanted);
  });

  it.each([
    'from aa:bb:cc:dd:ee:f0 to aa:bb:cc:dd:ee:f2',
    'aa:bb:cc:dd:ee:f0 aa:bb:cc:dd:ee:f0',
    'link/infiniband 80:00:02:08:fe:80:00:00:00:00:00:00:02:aa:bb:ff:fe:cc:dd:ee brd 00:ff:ff:ff:ff:12:40:1b:ff:ff:00:00:00:00:00:00:ff:ff:ff:ff',
    'ether aa:bb:cc:dd:ee',
    'ether aa:bb:cc:dd:ee:f0:01',
    'unspec 40-00-C0-A8-01-05-00-00-00-00-00-00-00-00-00-00',
    'brd ff:ff:ff:ff:ff:ff',
    'version aabb.ccdd.eef0',
    `ether aa:bb:cc:dd:ee:f0 ${'x'.repeat(300)}`,
  ])('%j names no machine, or more than one', (text) => {
    expect(readMac(text)).toBeNull();
  });
});

describe('a SecureOn password', () => {
  it('is four decimal bytes or six hexadecimal ones', () => {
    fc.assert(
      fc.property(sixBytes, fc.ipV4(), (bytes, four) => {
        for (const spelling of spellingsOf(bytes)) {
          expect(readSecureOn(spelling)).toBe(pairsOf(bytes).join(':').toUpperCase());
          expect(secureOnBytes(spelling)).toEqual(bytes);
        }
        expect(readSecureOn(` ${four} `)).toBe(four);
        expect(secureOnBytes(four)).toEqual(four.split('.').map(Number));
      }),
    );
  });

  it('may separate its bytes as it likes', () => {
    expect(readSecureOn('aa:bbcc-dd ee.ff')).toBe('AA:BB:CC:DD:EE:FF');
    expect(readSecureOn('000000000000')).toBe('00:00:00:00:00:00');
  });

  it.each(['', '1.2.3', '1.2.3.256', '01.2.3.4', 'password', 'AA:BB', 'AA:BB:CC:DD:EE:FF:00'])(
    '%j is none',
    (text) => {
      expect([readSecureOn(text), secureOnBytes(text)]).toEqual([null, null]);
    },
  );
});
