import { expect, it } from 'vitest';
import { jsRuntimes } from '../../../../electron/workers/media/js-runtime.ts';
import { baseArgs } from '../../../../electron/workers/media/yt-dlp.ts';

it('is this Node where it is a plain one, and otherwise what is found by name', () => {
  expect(jsRuntimes()).toEqual([`node:${process.execPath}`]);
  expect(jsRuntimes(null)).toContain('deno');
  expect(jsRuntimes(null).join()).not.toContain(process.execPath);
});

it('is named to yt-dlp once each', () => {
  const args = baseArgs(['deno', 'node']);
  const named = args.flatMap((arg, at) => (arg === '--js-runtimes' ? [args[at + 1]] : []));
  expect(named).toEqual(['deno', 'node']);
  expect(args).toContain('--no-js-runtimes');
});
