import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fact } from '../../../shared/models/message.ts';
import { codeOf, never, openWorkplace } from './harness.ts';

describe('an index follows its folder', () => {
  test('new, unchanged, changed, renamed and deleted files', async () => {
    await using place = openWorkplace();
    place.write('a.md', '# Wake\n\nA magic packet wakes the machine.\n');
    place.write('deep/b.txt', 'Vectors are compared by their cosine.\n');
    place.write('deep/c.py', 'def chunk(text):\n    return text\n');
    const index = await place.open();

    const first = await place.run(index);
    expect(first.scan).toMatchObject({ total: 3, unchanged: 0, removed: 0, skipped: [] });
    expect(first.scan.pending.map((file) => file.path)).toEqual(['a.md', 'deep/b.txt', 'deep/c.py']);
    expect(first.outcomes.every((outcome) => outcome.error === null && outcome.chunks === 1)).toBe(true);
    expect(await index.meta()).toEqual({
      embedderId: 'builtin:lexical-384',
      dimensions: 384,
      files: 3,
      chunks: 3,
      incomplete: false,
      vectors: { engine: 'builtin', unsent: 0 },
    });

    const second = await place.run(index);
    expect(second.scan).toMatchObject({ total: 3, unchanged: 3, pending: [] });

    place.write('a.md', '# Sleep\n\nThe relay puts the machine to bed.\n');
    renameSync(join(place.folder, 'deep/b.txt'), join(place.folder, 'deep/renamed.txt'));
    unlinkSync(join(place.folder, 'deep/c.py'));
    const third = await place.run(index);
    expect(third.scan).toMatchObject({ total: 2, unchanged: 0, removed: 2 });
    expect(third.scan.pending.map((file) => file.path)).toEqual(['a.md', 'deep/renamed.txt']);
    expect((await place.search(index, 'magic packet')).some((hit) => hit.chunk.text.includes('magic'))).toBe(
      false,
    );
    expect((await place.search(index, 'relay bed'))[0]).toMatchObject({
      path: 'a.md',
      wordRank: 1,
      vectorRank: 1,
    });
    await index.close();
    place.expectSound(['a.md', 'deep/renamed.txt']);
  });

  test('a touched file is recognised by its bytes; one that was changed in place is not', async () => {
    await using place = openWorkplace();
    const touched = place.write('touched.txt', 'same words here');
    const edited = place.write('edited.txt', 'first words here');
    const past = new Date('2020-01-01T00:00:01.5Z');
    utimesSync(edited, past, past);
    const index = await place.open();
    await place.run(index);

    utimesSync(touched, new Date('2021-05-05'), new Date('2021-05-05'));
    writeFileSync(edited, 'other words here');
    utimesSync(edited, past, past);
    const { scan } = await place.run(index);
    expect(scan.unchanged).toBe(1);
    expect(scan.pending.map((file) => file.path)).toEqual(['edited.txt']);
  });

  test('with another chunk size, every file is split again', async () => {
    await using place = openWorkplace();
    place.write('a.txt', 'some words\n'.repeat(100));
    const index = await place.open();
    await place.run(index);
    place.settings.chunkTokens = 64;
    const { scan } = await place.run(index);
    expect(scan.pending).toHaveLength(1);
    await index.close();
    place.expectSound(['a.txt']);
  });

  test('hidden files, .git and node_modules are skipped without a report', async () => {
    await using place = openWorkplace();
    for (const path of ['.env', '.git/config', 'node_modules/x/index.js', 'seen.txt'])
      place.write(path, 'words');
    const scan = await (await place.open()).scan({ full: false }, never);
    expect(scan.pending.map((file) => file.path)).toEqual(['seen.txt']);
    expect(scan.skipped).toEqual([]);
  });

  test('what cannot be indexed is named with its reason, read once, and disturbs nothing', async () => {
    await using place = openWorkplace();
    place.write('good.txt', 'good words');
    place.write('empty.txt', '');
    place.write('blank.txt', ' \n\n\t ');
    place.write('image.png', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]));
    place.write('renamed.txt', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0]));
    place.write('unknown.txt', new Uint8Array([0x61, 0x20, 0xbc, 0xad, 0xb9, 0xf6, 0x20, 0x62]));
    place.write('latin.txt', Uint8Array.from(Buffer.from('Grüße aus Köln, naïve café', 'latin1')));
    place.write('wide.txt', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('wide words', 'utf16le')]));
    const index = await place.open();
    const { scan, outcomes } = await place.run(index);
    expect(scan.skipped).toEqual([{ path: 'empty.txt', code: 'FILE_EMPTY', reason: fact('FILE_IS_EMPTY') }]);
    const codes = Object.fromEntries(
      outcomes.map((outcome) => [outcome.path, outcome.error?.code ?? 'indexed']),
    );
    expect(codes).toEqual({
      'blank.txt': 'FILE_EMPTY',
      'good.txt': 'indexed',
      'image.png': 'FILE_BINARY',
      'latin.txt': 'indexed',
      'renamed.txt': 'FILE_BINARY',
      'unknown.txt': 'FILE_ENCODING',
      'wide.txt': 'indexed',
    });
    const again = await index.scan({ full: false }, never);
    expect(again).toMatchObject({ total: 3, unchanged: 3, pending: [], removed: 0 });
    expect(again.skipped.map((file) => [file.path, file.code])).toEqual([
      ['blank.txt', 'FILE_EMPTY'],
      ['empty.txt', 'FILE_EMPTY'],
      ['image.png', 'FILE_BINARY'],
      ['renamed.txt', 'FILE_BINARY'],
      ['unknown.txt', 'FILE_ENCODING'],
    ]);
    expect((await place.search(index, 'koln grusse'))[0]?.path).toBe('latin.txt');
    await index.close();
    place.expectSound(['good.txt', 'latin.txt', 'wide.txt']);
  });

  test('a file that became binary loses its chunks, and gets them back when it is text again', async () => {
    await using place = openWorkplace();
    place.write('a.txt', 'words');
    const index = await place.open();
    await place.run(index);
    place.write('a.txt', new Uint8Array([0, 1, 2, 3, 0]));
    await place.run(index);
    expect(await index.meta()).toMatchObject({ files: 0, chunks: 0 });
    place.write('a.txt', 'words again');
    await place.run(index);
    expect(await index.meta()).toMatchObject({ files: 1, chunks: 1 });
  });

  test('3 GB are refused by their size, unread', async () => {
    await using place = openWorkplace();
    const huge = place.write('huge.txt', 'x');
    truncateSync(huge, 3 * 1024 ** 3);
    const index = await place.open();
    const scan = await index.scan({ full: false }, never);
    expect(scan).toMatchObject({ total: 0, pending: [] });
    expect(scan.skipped).toMatchObject([{ path: 'huge.txt', code: 'FILE_TOO_LARGE' }]);
    expect(await codeOf(index.prepare('huge.txt', never))).toBe('FILE_TOO_LARGE');
  });

  test('links: inside followed, outside refused, loops and dead ends named', async () => {
    await using place = openWorkplace();
    place.write('real/one.txt', 'one');
    place.write('real/.hidden/two.txt', 'two');
    mkdirSync(join(place.base, 'elsewhere'));
    writeFileSync(join(place.base, 'elsewhere/secret.txt'), 'secret');
    const link = (target: string, path: string) => symlinkSync(target, join(place.folder, path));
    link('real/one.txt', 'file-link.txt');
    link('real/.hidden', 'folder-link');
    link('..', 'real/up');
    link('self', 'self');
    link('nowhere', 'dead');
    link('../elsewhere', 'outside');
    link('../elsewhere/secret.txt', 'outside.txt');
    const index = await place.open();
    const { scan } = await place.run(index);
    expect(scan.pending.map((file) => file.path)).toEqual([
      'file-link.txt',
      'folder-link/two.txt',
      'real/one.txt',
    ]);
    expect(scan.skipped.map((file) => [file.path, file.code])).toEqual([
      ['dead', 'FILE_UNREADABLE'],
      ['outside', 'OUTSIDE_FOLDER'],
      ['outside.txt', 'OUTSIDE_FOLDER'],
      ['real/up', 'SYMLINK_LOOP'],
      ['self', 'SYMLINK_LOOP'],
    ]);
    expect(await codeOf(index.prepare('outside.txt', never))).toBe('OUTSIDE_FOLDER');
    expect(await codeOf(index.prepare('../elsewhere/secret.txt', never))).toBe('OUTSIDE_FOLDER');
    expect(await codeOf(index.prepare(join(place.base, 'elsewhere/secret.txt'), never))).toBe(
      'OUTSIDE_FOLDER',
    );
    expect(await codeOf(index.prepare('', never))).toBe('OUTSIDE_FOLDER');
  });

  test.runIf(process.platform !== 'win32')(
    'pipes are not opened, folders are not read as files',
    async () => {
      await using place = openWorkplace();
      execFileSync('mkfifo', [join(place.folder, 'pipe')]);
      place.write('folder/x.txt', 'x');
      const index = await place.open();
      const scan = await index.scan({ full: false }, never);
      expect(scan.skipped).toMatchObject([{ path: 'pipe', code: 'FILE_UNREADABLE' }]);
      expect(await codeOf(index.prepare('pipe', never))).toBe('FILE_UNREADABLE');
      expect(await codeOf(index.prepare('folder', never))).toBe('FILE_UNREADABLE');
      expect(await codeOf(index.prepare('gone.txt', never))).toBe('FILE_UNREADABLE');
    },
  );

  test.runIf(process.platform === 'linux')(
    'names that are not UTF-8 are reported, not lost in silence',
    async () => {
      await using place = openWorkplace();
      const odd = (name: string) =>
        Buffer.concat([Buffer.from(`${place.folder}/${name}`), Buffer.from([0xe9])]);
      place.write('good.txt', 'words');
      // The name that Node makes of the next one.
      place.write('caf\ufffd', 'words');
      writeFileSync(odd('caf'), 'words');
      writeFileSync(odd('only'), 'words');
      mkdirSync(odd('folder'));
      writeFileSync(Buffer.concat([odd('folder'), Buffer.from('/in.txt')]), 'words');
      symlinkSync('good.txt', odd('link'));
      symlinkSync(odd('folder'), join(place.folder, 'to-folder'));
      symlinkSync(odd('only'), join(place.folder, 'to-file'));
      const scan = await (await place.open()).scan({ full: false }, never);
      expect(scan.pending.map(({ path }) => path)).toEqual(['caf\ufffd', 'good.txt']);
      expect(scan.skipped.map(({ path, reason }) => [path, reason])).toEqual(
        ['folder\ufffd', 'link\ufffd', 'only\ufffd', 'to-file', 'to-folder'].map((path) => [
          path,
          fact('FILE_NAME_NOT_UTF_8'),
        ]),
      );
    },
  );

  // Root may read everything, whatever the permissions say.
  test.runIf(process.getuid?.() !== 0)('an unreadable folder keeps what is indexed beneath it', async () => {
    await using place = openWorkplace();
    place.write('locked/a.txt', 'words');
    const index = await place.open();
    await place.run(index);
    execFileSync('chmod', ['000', join(place.folder, 'locked')]);
    const scan = await index.scan({ full: false }, never);
    execFileSync('chmod', ['700', join(place.folder, 'locked')]);
    expect(scan).toMatchObject({ removed: 0 });
    expect(scan.skipped).toMatchObject([{ path: 'locked', code: 'FILE_UNREADABLE' }]);
  });

  test('a folder that is missing, or empty on another disk, loses nothing; one that was emptied loses its files', async () => {
    await using place = openWorkplace();
    place.write('a.txt', 'words');
    const index = await place.open();
    await place.run(index);

    renameSync(place.folder, `${place.folder}-away`);
    expect(await codeOf(index.scan({ full: false }, never))).toBe('FOLDER_NOT_FOUND');
    writeFileSync(place.folder, 'a file now');
    expect(await codeOf(index.scan({ full: false }, never))).toBe('NOT_A_FOLDER');
    rmSync(place.folder);
    mkdirSync(place.folder);
    expect(await codeOf(index.scan({ full: false }, never))).toBe('FOLDER_UNREADABLE');
    expect(await index.meta()).toMatchObject({ files: 1, chunks: 1 });

    rmSync(place.folder, { recursive: true });
    renameSync(`${place.folder}-away`, place.folder);
    unlinkSync(join(place.folder, 'a.txt'));
    expect(await index.scan({ full: false }, never)).toMatchObject({ removed: 1, total: 0 });
    expect(await index.meta()).toMatchObject({ files: 0, chunks: 0 });
  });

  test('an aborted scan rejects with the reason and changes nothing', async () => {
    await using place = openWorkplace();
    for (let i = 0; i < 300; i += 1) place.write(`${i % 30}/${i}.txt`, `words ${i}`);
    const index = await place.open();
    const controller = new AbortController();
    const reason = new Error('enough');
    const scan = index.scan({ full: false }, controller.signal, () => controller.abort(reason));
    await expect(scan).rejects.toBe(reason);
    expect((await index.scan({ full: false }, never)).pending).toHaveLength(300);
  });
});
