import { describe, expect, it } from 'vitest';
import { chooseCaptions, readCaptions } from '../../../../electron/workers/media/captions.ts';

describe('which captions are taken', () => {
  const choose = (
    manual: readonly string[],
    automatic: readonly string[] = [],
    wanted: string | null = null,
    spoken: string | null = null,
  ) => {
    const listed = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, []]));
    const found = chooseCaptions({ manual: listed(manual), automatic: listed(automatic), spoken }, wanted);
    return found === null ? null : `${found.language}${found.isAutomatic ? ' by a machine' : ''}`;
  };

  it.each([
    [['de', 'en'], [], 'en', 'de', 'en'],
    [['de', 'en-GB'], [], 'en', 'de', 'en-GB'],
    [['de', 'en'], [], 'fr', 'en', 'en'],
    [['de', 'en'], [], null, null, 'de'],
    [['de'], ['en-orig'], 'en', 'en', 'de'],
    [['live_chat'], [], null, null, null],
    [[], ['en', 'de', 'en-orig'], 'de', 'en', 'en-orig by a machine'],
    [[], ['en', 'de'], null, 'de', 'de by a machine'],
    [[], ['en', 'de'], 'en', null, null],
    [[], [], 'en', 'en', null],
    // It would be read as a pattern.
    [['.*', 'all,-x'], [], null, null, null],
  ])('of %j and %j, wanted %j, spoken %j: %j', (manual, automatic, wanted, spoken, expected) => {
    expect(choose(manual, automatic, wanted, spoken)).toBe(expected);
  });
});

describe('captions', () => {
  it('are read from events', () => {
    const content = JSON.stringify({
      events: [
        { tStartMs: 0, id: 1, wpWinPosId: 1 },
        { tStartMs: 1500, dDurationMs: 2000, segs: [{ utf8: 'The pilot' }, { utf8: ' light ' }] },
        { tStartMs: 3000, segs: [{ utf8: '\n' }] },
        { tStartMs: 65_250, segs: [{ utf8: 'burns.' }, { acAsrConf: 1 }] },
        { tStartMs: -1, segs: [{ utf8: 'no' }] },
        null,
        'rubbish',
      ],
    });
    expect(readCaptions(content)).toEqual([
      { start: 1.5, end: 3.5, text: 'The pilot light' },
      { start: 65.25, end: 65.25, text: 'burns.' },
    ]);
  });

  it('are read from VTT, and lines that roll count once', () => {
    const content = [
      '\uFEFFWEBVTT\nKind: captions\nLanguage: en',
      '00:00:01.000 --> 00:00:03.000 align:start position:0%\n \nthe<00:00:01.500><c> pilot</c>',
      '00:00:03.000 --> 00:00:03.010\nthe pilot',
      '00:00:03.010 --> 00:00:05.000\nthe pilot\nlight &amp; lamp',
      '2\n01:00:00.500 --> 01:00:02.000\nburns',
      '02:03.000 --> 02:04.000\n<i>short</i> time',
      'NOTE nothing\nhere',
    ].join('\n\n');
    expect(readCaptions(content)).toEqual([
      { start: 1, end: 3, text: 'the pilot' },
      { start: 3.01, end: 5, text: 'light & lamp' },
      { start: 3600.5, end: 3602, text: 'burns' },
      { start: 123, end: 124, text: 'short time' },
    ]);
    expect(readCaptions(content.replaceAll('\n', '\r\n'))).toEqual(readCaptions(content));
  });

  it.each(['', 'rubbish', '{}', '[]', '{"events":1}', '<html>'])('are not %j', (content) => {
    expect(readCaptions(content)).toBeNull();
  });
});
