/** The order in which links are followed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addLinks } from '../../../../electron/workers/index/walk.ts';

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
