import { describe, expect, it } from 'vitest';
import { channelOf, compareVersions, isVersion } from '../../../shared/version.ts';

describe('versions', () => {
  const ascending = [
    '0.9.9',
    '1.0.0-1',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-beta.2',
    '1.0.0-beta.10',
    '1.0.0',
    '1.0.1-beta.1',
    '1.9.9',
    '1.10.0',
    '2.0.0',
  ];

  it('are ordered by number, and a preview comes before its version', () => {
    for (const [i, one] of ascending.entries()) {
      for (const [j, other] of ascending.entries()) {
        expect(Math.sign(compareVersions(one, other)), `${one} and ${other}`).toBe(Math.sign(i - j));
      }
    }
  });

  it.each([
    '',
    '1',
    '1.2',
    '1.2.3.4',
    'v1.2.3',
    '01.2.3',
    '1.2.3-',
    '1.2.3-a..b',
    '1.2.3+4',
    '1.2.3 ',
    '1.2.-3',
  ])('are not %j', (text) => {
    expect(isVersion(text)).toBe(false);
    expect(() => compareVersions(text, '1.0.0')).toThrow(TypeError);
  });

  it('name their channel', () => {
    expect(channelOf('1.2.3')).toBe('stable');
    expect(channelOf('1.2.3-beta.4')).toBe('beta');
    expect(channelOf('1.2.3-rc1')).toBe('rc');
    expect(channelOf('1.2.3-4')).toBe('preview');
  });
});
