import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';
import { parsePreferences } from '../../../../renderer/features/shell/preferences.ts';

const file = (path: string) => readFileSync(new URL(`../../../../renderer/${path}`, import.meta.url), 'utf8');

/** What stands at the page's root once the script has run, before anything is painted. */
function datasetAfter(kept: string | null, read: (key: string) => string | null = () => kept): object {
  const dataset: Record<string, string> = {};
  const world = { localStorage: { getItem: read }, document: { documentElement: { dataset } } };
  runInContext(file('public/theme.js'), createContext(world));
  return dataset;
}

test('the theme that was chosen stands before the panel is there, as the panel reads it', () => {
  expect(datasetAfter('{"theme":"dark","density":"compact"}')).toEqual({ theme: 'dark', density: 'compact' });
  for (const theme of ['dark', 'light', 'system', 'pink']) {
    const kept = JSON.stringify({ theme });
    const read = parsePreferences(kept).theme;
    // By the system is what the styles do by themselves.
    expect(datasetAfter(kept)).toEqual(read === 'system' ? {} : { theme: read });
  }
});

test('what is damaged, or a storage that is closed, changes nothing', () => {
  for (const kept of [null, '', '{', '7', 'null']) expect(datasetAfter(kept)).toEqual({});
  const closed = () => {
    throw new DOMException('The operation is insecure.', 'SecurityError');
  };
  expect(datasetAfter(null, closed)).toEqual({});
});

test('the page runs it first, and waits for it', () => {
  const scripts = file('index.html').match(/<script[^>]*>/g);
  expect(scripts?.[0]).toBe('<script src="/theme.js">');
});
