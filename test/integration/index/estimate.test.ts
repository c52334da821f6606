import { describe, expect, test } from 'vitest';
import { codeOf, never, openWorkplace } from './harness.ts';

const text = 'A lamp is lit at dusk. '.repeat(60);

describe('an estimate', () => {
  test('is near to what a run finds, and keeps nothing', async () => {
    await using place = openWorkplace();
    for (let index = 0; index < 120; index += 1)
      place.write(`notes/${index}.txt`, text.repeat(1 + (index % 5)));
    for (let index = 0; index < 30; index += 1) place.write(`pictures/${index}.png`, '\x89PNG\r\n\0\0\0');
    const query = { path: place.folder, ignoreFiles: true, patterns: [] };
    const estimate = await place.store.estimate(query, never);
    const index = await place.open();
    await place.run(index);
    const { files, chunks } = await index.meta();
    expect(estimate.isComplete).toBe(true);
    expect(Math.abs(estimate.files - files) / files).toBeLessThan(0.25);
    expect(Math.abs(estimate.passages - chunks) / chunks).toBeLessThan(0.35);
  });

  test('leaves out what ignore files and patterns leave out', async () => {
    await using place = openWorkplace();
    place.write('a.txt', text);
    place.write('b.log', text);
    place.write('drafts/c.txt', text);
    place.write('.gitignore', '*.log\n');
    const filesOf = async (ignoreFiles: boolean, patterns: string[]) =>
      (await place.store.estimate({ path: place.folder, ignoreFiles, patterns }, never)).files;
    expect(await filesOf(true, [])).toBe(2);
    expect(await filesOf(false, [])).toBe(3);
    expect(await filesOf(false, ['drafts/'])).toBe(2);
    expect(await filesOf(true, ['drafts/', '*.txt'])).toBe(0);
  });

  test('is refused for what is no folder, and ends when it is cancelled', async () => {
    await using place = openWorkplace();
    place.write('a.txt', text);
    const query = { path: `${place.folder}/nope`, ignoreFiles: true, patterns: [] };
    expect(await codeOf(place.store.estimate(query, never))).toBe('FOLDER_NOT_FOUND');
    const cancelled = place.store.estimate(
      { ...query, path: place.folder },
      AbortSignal.abort(new Error('no')),
    );
    await expect(cancelled).rejects.toThrow();
  });
});

describe('patterns of a folder', () => {
  test('apply to a scan, and an ignore file in the folder overrules them', async () => {
    await using place = openWorkplace();
    place.write('a.txt', text);
    place.write('b.log', text);
    place.write('inner/c.log', text);
    place.write('inner/.pilotlightignore', '!c.log\n');
    const index = await place.open();
    const scan = await index.scan({ full: false, patterns: ['*.log'] }, never);
    expect(scan.pending.map(({ path }) => path)).toEqual(['a.txt', 'inner/c.log']);
    expect(scan.ignored).toEqual([{ path: '', files: 1, folders: 0 }]);
    const blind = await index.scan({ full: false, ignoreFiles: false, patterns: ['*.log'] }, never);
    expect(blind.pending.map(({ path }) => path)).toEqual(['a.txt']);
  });
});
