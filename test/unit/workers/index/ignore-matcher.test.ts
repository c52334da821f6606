import fc from 'fast-check';
import ignore from 'ignore';
import { expect, it } from 'vitest';
import { createIgnoreMatcher } from '../../../../electron/workers/index/ignore-matcher.ts';

const parts = ['a', 'b', 'a.md', '*.md', '*', '?.md', '**', 'b.tar.gz', '*.gz', '.x', '*.x', 'a*', '*a.md'];
const part = fc.constantFrom(...parts, '[ab].md', 'A.MD', 'c d', '*.tar.*', 'a\\ ', '\\!a');
const rule = fc
  .tuple(
    fc.constantFrom('', '', '!', '/', '!/', '#'),
    fc.array(part, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '', '/', ' ', '\t'),
  )
  .map(([before, names, after]) => `${before}${names.join('/')}${after}`);
const name = fc.constantFrom(
  'a',
  'b',
  'a.md',
  'b.md',
  'c d',
  'b.tar.gz',
  'x.gz',
  '.x',
  'aa.md',
  'A.MD',
  'a ',
);
const path = fc
  .tuple(fc.array(name, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([names, isFolder]) => names.join('/') + (isFolder ? '/' : ''));

it('decides as if every rule were tried on every path', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), path, fc.boolean(), (patterns, one, ignorecase) => {
      const rules = patterns.map((pattern) => ({ pattern, mark: pattern }));
      const { ignored, unignored } = createIgnoreMatcher(rules, {
        ignoreCase: ignorecase,
        compose: false,
      }).test(one);
      const whole = ignore({ ignorecase }).add(rules).test(one);
      expect({ ignored, unignored }).toEqual({ ignored: whole.ignored, unignored: whole.unignored });
    }),
    { numRuns: 2000 },
  );
});

it('finds a name that is stored decomposed by a rule that was typed composed, and the other way round', () => {
  const rules = [
    { pattern: 'Entw\u00fcrfe/', mark: 'rules' },
    { pattern: '*.ba\u0308k', mark: 'rules' },
  ];
  const onMac = createIgnoreMatcher(rules, { ignoreCase: true, compose: true });
  expect(onMac.test('Entwu\u0308rfe/').ignored).toBe(true);
  expect(onMac.test('alt.b\u00e4k').ignored).toBe(true);
  expect(onMac.test('Entwurfe/').ignored).toBe(false);
  const onLinux = createIgnoreMatcher(rules, { ignoreCase: false, compose: false });
  expect(onLinux.test('Entwu\u0308rfe/').ignored).toBe(false);
});
