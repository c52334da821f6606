import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../../../../electron/adapters/network/mdns/decode.ts';
import { encodeQuery, encodeResponse } from '../../../../electron/adapters/network/mdns/encode.ts';
import type { ResourceRecord } from '../../../../electron/adapters/network/mdns/message.ts';
import { escapeLabel } from '../../../../electron/adapters/network/mdns/names.ts';
import { servicesIn } from '../../../../electron/adapters/network/mdns/services.ts';

const kind = '_pilotlight._tcp.local';
const instance = `${escapeLabel('gpu.box 3f9a')}.${kind}`;
const host = 'pilotlight-3f9a.local';
const records: ResourceRecord[] = [
  { name: kind, ttl: 4500, unique: false, type: 'PTR', target: instance },
  { name: instance, ttl: 120, unique: true, type: 'SRV', target: host, port: 8765 },
  {
    name: instance,
    ttl: 4500,
    unique: true,
    type: 'TXT',
    txt: { id: '3f9a', roles: 'power,telemetry', empty: '' },
  },
  { name: host, ttl: 120, unique: true, type: 'A', address: '192.168.1.30' },
];
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

describe('multicast DNS messages', () => {
  it('are read as they were written', () => {
    expect(decodeMessage(encodeQuery([kind], { unicast: true, id: 7 }))).toEqual({
      id: 7,
      response: false,
      questions: [{ name: kind, type: 'PTR', unicast: true }],
      records: [],
    });
    const [first, ...others] = records;
    const message = decodeMessage(encodeResponse({ answers: first ? [first] : [], additionals: others }));
    expect(message).toEqual({ id: 0, response: true, questions: [], records });
    expect(message && servicesIn(message, '_PILOTLIGHT._tcp.local')).toEqual([
      {
        name: 'gpu.box 3f9a',
        address: '192.168.1.30',
        port: 8765,
        txt: { id: '3f9a', roles: 'power,telemetry', empty: '' },
      },
    ]);
  });

  it('are written as the standard says', () => {
    expect(Buffer.from(encodeQuery(['_a._tcp.local'])).toString('hex')).toBe(
      [
        '0000',
        '0000',
        '0001',
        '0000',
        '0000',
        '0000',
        '025f61',
        '045f746370',
        '056c6f63616c',
        '00',
        '000c',
        '0001',
      ].join(''),
    );
  });

  it('are read with names that go on at an earlier place', () => {
    const header = '0000 8400 0000 0001 0000 0000';
    // _a._tcp.local PTR b.<_a._tcp.local>
    const message = decodeMessage(
      bytesOf(`${header} 025f61 045f746370 056c6f63616c 00 000c 0001 00000078 0004 0162 c00c`),
    );
    expect(message?.records).toMatchObject([{ name: '_a._tcp.local', target: 'b._a._tcp.local' }]);
  });

  it.each([
    ['nothing', ''],
    ['half a header', '0000 8400'],
    ['a name that points at itself', '0000 0000 0001 0000 0000 0000 c00c 000c 0001'],
    ['a name that points ahead', '0000 0000 0001 0000 0000 0000 c010 000c 0001 00'],
    ['two names that point at each other', '0000 0000 0002 0000 0000 0000 c00e c00c 000c 0001'],
    ['a name that points into the header', '0000 0000 0001 0000 0000 0000 c000 000c 0001'],
    ['a pointer that is cut off', '0000 0000 0001 0000 0000 0000 c0'],
    ['a label longer than the message', '0000 0000 0001 0000 0000 0000 3f61 000c 0001'],
    ['a label of a reserved kind', '0000 0000 0001 0000 0000 0000 80 000c 0001'],
    ['more entries than there are', '0000 0000 00ff 0000 0000 0000 0161 00 000c 0001'],
    ['65535 records', '0000 8400 0000 ffff ffff ffff'],
    ['data longer than the message', '0000 8400 0000 0001 0000 0000 0161 00 0001 0001 00000078 ffff 01'],
    ['an error', '0000 8403 0000 0000 0000 0000'],
  ])('of %s are none', (_, hex) => {
    expect(decodeMessage(bytesOf(hex))).toBeNull();
  });

  it('with a name that jumps more often than a name has labels are none', () => {
    // A record of an unknown type whose data is a chain of pointers, then a question for each end of it.
    const chained = (jumps: number) => {
      const pointers = Array.from({ length: jumps }, (_, at) =>
        (0xc000 | (at === 0 ? 12 : 21 + 2 * at)).toString(16),
      );
      const length = (2 * jumps).toString(16).padStart(4, '0');
      return decodeMessage(
        bytesOf(
          `0000 8400 0000 0002 0000 0000
          00 03e7 0001 00000078 ${length} ${pointers.join(' ')}
          ${(0xc000 | (21 + 2 * jumps)).toString(16)} 0001 0001 00000078 0004 0a000001`,
        ),
      );
    };
    expect(chained(126)?.records).toMatchObject([{ name: '', address: '10.0.0.1' }]);
    expect(chained(127)).toBeNull();
  });

  it('with data that is not what its type says lose that record only', () => {
    const message = decodeMessage(
      bytesOf(`0000 8400 0000 0003 0000 0000
        0161 00 0001 0001 00000078 0003 010203
        0161 00 0021 0001 00000078 0006 000000001fff
        0161 00 0001 0001 00000078 0004 0a000001`),
    );
    expect(message?.records).toEqual([
      { name: 'a', ttl: 120, unique: false, type: 'A', address: '10.0.0.1' },
    ]);
  });

  it('of any bytes end, and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const message = decodeMessage(bytes);
        if (message !== null) servicesIn(message, kind);
      }),
    );
    const right = encodeResponse({ answers: records });
    fc.assert(
      fc.property(fc.nat(right.length - 1), fc.nat(255), fc.nat(right.length), (at, byte, length) => {
        const damaged = Uint8Array.from(right);
        damaged[at] = byte;
        const message = decodeMessage(damaged.subarray(0, length));
        if (message !== null) servicesIn(message, kind);
      }),
      { numRuns: 2000 },
    );
  });

  it('are not written with names that are none', () => {
    for (const name of ['', 'a..b', 'x'.repeat(64), Array.from({ length: 60 }, () => 'abcd').join('.')])
      expect(() => encodeQuery([name])).toThrow(RangeError);
  });

  it('offer nothing where a service is gone or only half told', () => {
    const offered = (list: ResourceRecord[]) => {
      const message = decodeMessage(encodeResponse({ answers: list }));
      return message && servicesIn(message, kind);
    };
    expect(offered(records.filter(({ type }) => type !== 'A'))).toEqual([]);
    expect(offered(records.map((one) => ({ ...one, ttl: 0 })))).toEqual([]);
    expect(offered(records.filter(({ type }) => type !== 'TXT'))).toMatchObject([{ port: 8765, txt: {} }]);
  });
});
