import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { rowWindow } from '../../../../renderer/components/row-window.ts';
import { buildEntries, type Known, searchEntry } from '../../../../renderer/features/palette/entries.ts';
import { fold, prepare, rank } from '../../../../renderer/features/palette/rank.ts';
import { readRecent, rememberRecent } from '../../../../renderer/features/palette/recent.ts';
import { settingFields } from '../../../../renderer/features/settings/catalogue.ts';
import { loadTexts } from '../../../../renderer/texts.ts';
import { power } from '../../../e2e/support/power-scenes.ts';
import { node, wake } from '../../../e2e/support/scenes.ts';

beforeAll(loadTexts);

const one = (title: string, patch: { id?: string; keywords?: string; weight?: number } = {}) => ({
  id: title,
  title,
  keywords: '',
  weight: 5,
  ...patch,
});

function titles(
  entries: ReturnType<typeof one>[],
  query: string,
  recent: string[] = [],
  limit = 50,
): string[] {
  return rank(prepare(entries), query, { recent, limit }).entries.map(({ title }) => title);
}

describe('ranking', () => {
  test('the start of the title, then of a word, then another word, then inside, then letters in that order', () => {
    const entries = [
      one('Take a look at it'), // letters: t … a … k
      one('Retake'),
      one('Nothing', { keywords: 'take over' }),
      one('To take'),
      one('Take'),
    ];
    expect(titles(entries, 'take')).toEqual(['Take', 'Take a look at it', 'To take', 'Nothing', 'Retake']);
    expect(titles([one('The old kettle')], 'tok')).toEqual(['The old kettle']);
    expect(titles([one('The old kettle')], 'kto')).toEqual([]);
  });

  test('each word must fit, in any order, and the worst decides', () => {
    const entries = [one('Force gpu-tower to CPU'), one('Force gpu-tower to GPU'), one('Wake gpu-tower')];
    expect(titles(entries, 'tower force')).toEqual(['Force gpu-tower to CPU', 'Force gpu-tower to GPU']);
    expect(titles(entries, 'wake gpu')).toEqual(['Wake gpu-tower']);
    expect(titles(entries, 'wake nas')).toEqual([]);
  });

  test('what was used lately comes first among equals, and never before a better fit', () => {
    const entries = [one('Models'), one('Modes'), one('All modes')];
    expect(titles(entries, 'mod', ['Modes'])).toEqual(['Modes', 'Models', 'All modes']);
    expect(titles(entries, 'mod', ['All modes']).at(-1)).toBe('All modes');
    expect(titles(entries, '', ['All modes', 'Modes'])).toEqual(['All modes', 'Modes', 'Models']);
  });

  test('accents and capitals do not matter, and one letter is no guess', () => {
    expect(titles([one('Büro-Rechner')], 'BURO')).toEqual(['Büro-Rechner']);
    expect(fold('Éclair')).toBe('eclair');
    expect(titles([one('wake')], 'w')).toEqual(['wake']);
    expect(titles([one('The old kettle')], 'b')).toEqual([]);
  });

  test('the total is reported, and only the best are returned', () => {
    const entries = Array.from({ length: 1000 }, (_, index) => one(`node ${index}`));
    const ranked = rank(prepare(entries), 'node', { recent: [], limit: 200 });
    expect([ranked.total, ranked.entries.length]).toEqual([1000, 200]);
  });

  test('any part of a title finds it, and what is found holds every letter in its order', () => {
    const word = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'abcdeé -_19') });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), word, (names, query) => {
        const entries = names.map((name, index) => one(name, { id: `${index}` }));
        for (const name of names) expect(titles(entries, name)).toContain(name);
        for (const found of titles(entries, query)) {
          for (const token of fold(query).split(/\s+/).filter(Boolean)) {
            let at = 0;
            for (const letter of token) at = fold(found).indexOf(letter, at) + 1 || Number.NaN;
            expect(at).not.toBeNaN();
          }
        }
      }),
    );
  });
});

describe('entries', () => {
  const known: Known = {
    nodes: [
      node('gpu-tower', 'off'),
      node('lab', 'serving', { name: 'lab', installed: [], loaded: [] }),
      node('up', 'waking'),
    ],
    sources: [],
    jobs: [],
    wakes: Object.fromEntries([wake('up')]),
    power: {},
    simulated: false,
    optimizerOn: true,
    desktop: false,
    now: 0,
  };
  const all = buildEntries(known);
  const kinds = (nodeId: string) =>
    all.flatMap(({ command }) => ('nodeId' in command && command.nodeId === nodeId ? [command.kind] : []));

  test('each id is there once', () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });

  test('a machine offers the actions of its current state', () => {
    expect(kinds('gpu-tower')).toEqual(['wake', 'check']);
    expect(kinds('lab')).toEqual(['check', 'force', 'force']);
    expect(kinds('up')).toEqual(['cancel-wake', 'check']);
  });

  test('what its power allows is offered, and nothing that would be refused', () => {
    const withPower = (id: string, patch = {}) =>
      buildEntries({ ...known, power: { [id]: power(id, patch) } }).flatMap(({ title, command }) =>
        'nodeId' in command && command.nodeId === id ? [title] : [],
      );
    expect(withPower('lab')).toEqual(
      expect.arrayContaining(['Diagnose lab', 'Keep lab awake', 'Sleep lab', 'Shut down lab', 'Restart lab']),
    );
    // Its agent cannot hibernate, and what is off cannot go off.
    expect(withPower('lab')).not.toContain('Hibernate lab');
    expect(withPower('gpu-tower', { agent: null, means: 'server' })).not.toContain('Shut down gpu-tower');
    const counting = { countdown: { action: 'sleep', by: 'Ann', endsAt: 1 } };
    expect(withPower('lab', counting)).toContain('Cancel powering off lab');
    expect(withPower('lab', counting)).not.toContain('Sleep lab');
  });

  test('settings are there by name; those of the desktop window only in it', () => {
    const settings = (desktop: boolean) =>
      buildEntries({ ...known, desktop }).filter(({ group }) => group === 'Setting').length;
    expect(settings(true)).toBe(settingFields.length + 1);
    expect(settings(false)).toBe(settingFields.filter(({ section }) => section !== 'desktop').length + 1);
  });

  test('what switches something names the other state', () => {
    const has = (title: string) => all.some((entry) => entry.title === title);
    expect([has('Turn the optimizer off'), has('Turn the optimizer on')]).toEqual([true, false]);
    expect(has('Add the simulated fleet')).toBe(true);
  });

  test('the last entry searches the index for the text', () => {
    expect(searchEntry('tide').command).toEqual({ kind: 'search', sourceId: null, text: 'tide' });
  });
});

test('what was chosen is kept, the last first, each once; damage is nothing', () => {
  let text: string | null = null;
  const storage = {
    getItem: () => text,
    setItem: (_: string, value: string) => {
      text = value;
    },
  };
  for (const id of ['a', 'b', 'a']) rememberRecent(id, storage);
  expect(readRecent(storage)).toEqual(['a', 'b']);
  for (let index = 0; index < 40; index += 1) rememberRecent(`id ${index}`, storage);
  expect(readRecent(storage)).toHaveLength(20);
  for (const damaged of ['{', '7', '[1,null]', '']) {
    text = damaged;
    expect(readRecent(storage)).toEqual([]);
  }
});

test('only rows in sight are drawn, and the active one always', () => {
  expect(rowWindow({ top: 0, height: 100, row: 50, count: 1000, active: 0 })).toEqual([0, 1, 2, 3, 4, 5]);
  expect(rowWindow({ top: 5000, height: 100, row: 50, count: 1000, active: 2 })[0]).toBe(2);
  expect(rowWindow({ top: 0, height: 100, row: 50, count: 1000, active: 900 }).at(-1)).toBe(900);
  expect(rowWindow({ top: 0, height: 100, row: 50, count: 0, active: -1 })).toEqual([]);
});
