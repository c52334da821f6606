import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wakes } from '../../../electron/simulator/wake-packet.ts';
import { secureOnBytes } from '../../../shared/network/mac.ts';

const MAC = [0, 0, 0x5e, 0, 0x53, 0x10];
const packet = (mac: readonly number[], tail: ArrayLike<number> = [], head: ArrayLike<number> = []) =>
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
    expect(wakes(packet([0, 0, 0x5e, 0, 0x53, 0x11]), MAC)).toBe(false);
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
    expect(four).toEqual([10, 20, 30, 40]);
    expect(six).toEqual([1, 2, 3, 4, 5, 6]);
    expect(wakes(packet(MAC), MAC, four)).toBe(false);
    expect(wakes(packet(MAC, [10, 20, 30, 41]), MAC, four)).toBe(false);
    expect(wakes(packet(MAC, [10, 20, 30, 40]), MAC, four)).toBe(true);
    expect(wakes(packet(MAC, [1, 2, 3, 4, 5]), MAC, six)).toBe(false);
    expect(wakes(packet(MAC, [1, 2, 3, 4, 5, 6]), MAC, six)).toBe(true);
  });
});
