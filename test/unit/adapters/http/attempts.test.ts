import { describe, expect, it } from 'vitest';
import { attemptKey, createAttempts } from '../../../../electron/adapters/http/attempts.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

describe('wrong tries', () => {
  it('make the next one wait twice as long, in a table that does not grow', async () => {
    const clock = createFakeClock();
    const attempts = createAttempts({ monotonic: clock.monotonic, most: 10 });
    const waits = Array.from({ length: 6 }, () => {
      attempts.wrong('10.0.0.1');
      return attempts.waitMs('10.0.0.1');
    });
    expect(waits).toEqual([0, 0, 1000, 2000, 4000, 8000]);
    await clock.advance(8000);
    expect(attempts.waitMs('::ffff:10.0.0.1')).toBe(0);
    for (let index = 0; index < 1000; index += 1) attempts.wrong(`10.1.${index >> 8}.${index & 255}`);
    expect(attempts.size()).toBe(10);
    expect(attemptKey('fe80::1%eth0')).toBe(attemptKey('fe80::2'));
    expect(attemptKey('2001:db8:0:1::1')).not.toBe(attemptKey('2001:db8:0:2::1'));
  });
});
