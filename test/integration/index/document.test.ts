import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeOf, never, openWorkplace } from './harness.ts';

const passage = (path: string, startByte = 0, endByte = 0) => ({ path, startByte, endByte });

describe('an indexed file is shown', () => {
  test('with the lines of the passage that a search found', async () => {
    await using place = openWorkplace();
    place.write('a.md', `# Wake\n\n${'Some words.\n'.repeat(20)}\nA magic packet wakes the machine.\n`);
    const index = await place.open();
    await place.run(index);
    const [hit] = await place.search(index, 'magic packet');
    const document = await index.document({ path: 'a.md', ...(hit?.chunk ?? passage('')) }, never);
    expect(document).toMatchObject({ format: 'markdown', firstLine: 1, changed: false });
    expect(document.text.split('\n')[document.passage.lastLine - 1]).toContain('magic packet');
  });

  test('as it is now, and says that it has changed', async () => {
    await using place = openWorkplace();
    place.write('a.txt', 'As it was.\n');
    const index = await place.open();
    await place.run(index);
    place.write('a.txt', 'As it is, which is longer.\n');
    expect(await index.document(passage('a.txt'), never)).toMatchObject({
      changed: true,
      text: 'As it is, which is longer.\n',
    });
  });

  test('and no other file, whatever the path', async () => {
    await using place = openWorkplace();
    place.write('a.txt', 'Indexed.\n');
    place.write('binary.dat', new Uint8Array([0, 1, 2, 3]));
    place.write('deep/b.txt', 'Indexed, until its folder leads elsewhere.\n');
    const index = await place.open();
    await place.run(index);
    place.write('later.txt', 'Not indexed yet.\n');
    writeFileSync(join(place.base, 'secret.txt'), 'A secret.\n');
    for (const path of ['later.txt', 'binary.dat', '../secret.txt', join(place.base, 'secret.txt'), 'deep'])
      expect([path, await codeOf(index.document(passage(path), never))]).toEqual([path, 'NOT_FOUND']);

    mkdirSync(join(place.base, 'outside'));
    writeFileSync(join(place.base, 'outside/b.txt'), 'A secret.\n');
    renameSync(join(place.folder, 'deep'), join(place.folder, 'moved'));
    symlinkSync(join(place.base, 'outside'), join(place.folder, 'deep'));
    expect(await codeOf(index.document(passage('deep/b.txt'), never))).toBe('OUTSIDE_FOLDER');
  });

  test('within the limit for files, and not after it was deleted', async () => {
    await using place = openWorkplace();
    place.write('a.txt', 'Short.\n');
    const index = await place.open();
    await place.run(index);
    place.write('a.txt', 'x'.repeat(place.settings.maxFileBytes + 1));
    expect(await codeOf(index.document(passage('a.txt'), never))).toBe('FILE_TOO_LARGE');
    renameSync(join(place.folder, 'a.txt'), join(place.folder, 'b.txt'));
    expect(await codeOf(index.document(passage('a.txt'), never))).toBe('FILE_UNREADABLE');
  });
});

test('a search can be limited to kinds of files, however many others are nearer', async () => {
  await using place = openWorkplace();
  for (let note = 0; note < 150; note += 1) place.write(`note-${note}.md`, 'The tide and the harbour.\n');
  place.write('tide.py', 'def tide():\n    return "of the harbour"\n');
  place.write('tide.html', '<!doctype html><p>The tide of the harbour, long after.</p>');
  const index = await place.open();
  await place.run(index);
  const search = async (types: ('markdown' | 'page' | 'code' | 'text')[] | null, limit = 10) =>
    (await index.search({ text: 'tide harbour', vector: null, limit, types }, never)).map(({ path }) => path);
  expect(await search(['code'])).toEqual(['tide.py']);
  expect((await search(['page', 'code'])).toSorted()).toEqual(['tide.html', 'tide.py']);
  expect(await search(['text'])).toEqual([]);
  expect(await search(['markdown'], 100)).toHaveLength(100);
  expect(await search(null, 500)).toHaveLength(152);
});
