/** Which links are followed, and in which order. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resolveInside } from '../../../../electron/workers/index/read-file.ts';
import { addLinks, walkFolder } from '../../../../electron/workers/index/walk.ts';

const name = fc.stringMatching(/^[a!.\-/0é]{1,4}$/).map((text) => text.replaceAll('/', '~'));

describe('the order of links', () => {
  it('is that of their paths, with those beneath a folder that was entered by a link', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 12 }),
        fc.array(fc.uniqueArray(name, { maxLength: 6 }), { maxLength: 12 }),
        (links, beneath) => {
          const left: string[] = [];
          addLinks(left, [...links]);
          let expected = [...links].sort();
          for (const found of beneath) {
            expect([...left].reverse()).toEqual(expected);
            const path = left.pop();
            expect(path).toBe(expected[0]);
            if (path === undefined) return;
            const inside = found.map((one) => `${path}/${one}`);
            expected = [...expected.slice(1), ...inside].sort();
            addLinks(left, inside);
          }
          expect([...left].reverse()).toEqual(expected);
        },
      ),
    );
  });
});

describe.skipIf(process.platform === 'win32')(
  'a folder beside the indexed one whose name begins with its name',
  () => {
    /** `root` is indexed; links in it lead to `root-secret` and to each other. */
    function createFolders() {
      const base = realpathSync(mkdtempSync(join(tmpdir(), 'pilotlight-walk-')));
      onTestFinished(() => rmSync(base, { recursive: true, force: true }));
      const root = join(base, 'root');
      const write = (path: string) => {
        mkdirSync(dirname(join(base, path)), { recursive: true });
        writeFileSync(join(base, path), path);
      };
      const link = (target: string, path: string) => symlinkSync(target, join(root, path));
      return { base, root, write, link };
    }
    const signal = new AbortController().signal;
    const own = { is: async () => false, contain: async () => false, cover: () => false };

    it('is outside: no link leads there, and no file of it is read', async () => {
      const { root, write, link } = createFolders();
      write('root/own.txt');
      write('root-secret/key.txt');
      link('../root-secret', 'folder');
      link('../root-secret/key.txt', 'file.txt');
      const { files, skipped } = await walkFolder({ root, own, signal, onSeen: () => {} });
      expect(files.map(({ path }) => path)).toEqual(['own.txt']);
      expect(skipped.map(({ path, code }) => [path, code])).toEqual([
        ['file.txt', 'OUTSIDE_FOLDER'],
        ['folder', 'OUTSIDE_FOLDER'],
      ]);
      for (const path of ['file.txt', 'folder/key.txt', '../root-secret/key.txt']) {
        await expect(resolveInside(root, path, own)).rejects.toMatchObject({ code: 'OUTSIDE_FOLDER' });
      }
      expect(await resolveInside(root, 'own.txt', own)).toBe(join(root, 'own.txt'));
    });

    it('is not a parent either: a link from it to the other is not a loop', async () => {
      const { root, write, link } = createFolders();
      write('root/notes/one.txt');
      write('root/notes-old/two.txt');
      link('../notes', 'notes-old/link');
      const { files, skipped } = await walkFolder({ root, own, signal, onSeen: () => {} });
      expect(files.map(({ path }) => path)).toEqual([
        'notes-old/link/one.txt',
        'notes-old/two.txt',
        'notes/one.txt',
      ]);
      expect(skipped).toEqual([]);
    });
  },
);
