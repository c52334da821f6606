import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { macBytes, secureOnBytes, wakes } from '../../../electron/simulator/wake-packet.ts';

const MAC = Uint8Array.of(0, 0, 0x5e, 0, 0x53, 0x10);
const packet = (mac: Uint8Array, tail: ArrayLike<number> = [], head: ArrayLike<number> = []) =>
  Uint8Array.from([
    ...Array.from(head),
    ...Array(6).fill(0xff),
    ...Array(16)
      .fill([...mac])
      .flat(),
    ...Array.from(tail),
  ]);

describe('the magic packet', () => {
  it('wakes its machine, wherever the pattern stands', () => {
    expect(wakes(packet(MAC), MAC)).toBe(true);
    expect(wakes(packet(MAC, [1, 2, 3]), MAC)).toBe(true);
    expect(wakes(packet(MAC, [], [9, 0xff, 0xff]), MAC)).toBe(true);
  });

  it('does not wake another machine', () => {
    expect(wakes(packet(Uint8Array.of(0, 0, 0x5e, 0, 0x53, 0x11)), MAC)).toBe(false);
  });

  it('must be whole and exact', () => {
    const whole = packet(MAC);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        expect(wakes(whole.subarray(0, at), MAC)).toBe(false);
        expect(
          wakes(
            whole.map((byte, index) => (index === at ? byte ^ change : byte)),
            MAC,
          ),
        ).toBe(false);
      }),
    );
  });

  it('needs the password where one is set, of four or of six bytes', () => {
    const four = secureOnBytes('10.20.30.40');
    const six = secureOnBytes('01:02:03:04:05:06');
    expect(four).toEqual(Uint8Array.of(10, 20, 30, 40));
    expect(six).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
    expect(wakes(packet(MAC), MAC, four)).toBe(false);
    expect(wakes(packet(MAC, [10, 20, 30, 41]), MAC, four)).toBe(false);
    expect(wakes(packet(MAC, [10, 20, 30, 40]), MAC, four)).toBe(true);
    expect(wakes(packet(MAC, [1, 2, 3, 4, 5]), MAC, six)).toBe(false);
    expect(wakes(packet(MAC, [1, 2, 3, 4, 5, 6]), MAC, six)).toBe(true);
  });
});

it('a MAC is read in its usual spellings, and nothing else is one', () => {
  for (const text of ['00:00:5e:00:53:10', '00-00-5E-00-53-10', '0000.5e00.5310', '00005e005310']) {
    expect(macBytes(text)).toEqual(MAC);
  }
  expect(macBytes('00:00:5e:00:53')).toBeNull();
  expect(macBytes('zz:00:5e:00:53:10')).toBeNull();
  expect(secureOnBytes('1.2.3.256')).toBeNull();
});
