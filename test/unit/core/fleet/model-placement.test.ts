import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalName,
  describeLoaded,
  gpuShareOf,
  matchesPriority,
  placementOf,
  sameModelName,
} from '../../../../electron/core/fleet/model-placement.ts';
import { aLoaded } from '../placement/support.ts';

describe('where a model sits', () => {
  it.each([
    [1000, 1000, 'gpu', 1],
    [1000, 1200, 'gpu', 1],
    [1_000_000, 999_500, 'gpu', 0.9995],
    [1_000_000, 992_000, 'partial', 0.992],
    [1000, 1, 'partial', 0.001],
    [1000, 0, 'cpu', 0],
    [0, 0, 'cpu', 0],
  ] as const)('%i bytes with %i in VRAM is %s', (sizeBytes, vramBytes, placement, share) => {
    expect(placementOf({ sizeBytes, vramBytes })).toBe(placement);
    expect(gpuShareOf({ sizeBytes, vramBytes })).toBeCloseTo(share);
  });
});

describe('priority patterns', () => {
  it.each([
    ['llama3.1:8b', 'llama3.1', true],
    ['llama3.1:8b', 'llama3.1:8b', true],
    ['llama3.1:70b', 'llama3.1:8b', false],
    ['llama3.1', 'llama3.1:latest', true],
    ['llama3.10:8b', 'llama3.1', false],
    ['Llama3.1:8B', 'llama3.1:8b', true],
    ['llama3.1:8b', 'LLAMA3.1', true],
    ['mxbai-embed-large:latest', 'mxbai*', true],
    ['mxbai-embed-large:latest', '*embed*', true],
    ['qwen2.5-coder:14b', '*:14b', true],
    ['qwen2.5-coder:7b', '*:14b', false],
    ['anything/at-all:x', '*', true],
    ['team/llama3.1:8b', 'llama3.1', false],
    ['team/llama3.1:8b', 'team/llama3.1', true],
    ['team/llama3.1:8b', '*/llama3.1', true],
    ['localhost:5000/team/model:1', 'localhost:5000/team/model', true],
    ['localhost:5000/team/model:1', 'localhost:5000/team/model:2', false],
    ['aaa', 'a*a*a*a', false],
    ['aaaa', 'a*a*a*a', true],
    ['abc', 'ab*bc', false],
    ['llama3.1:8b', '', false],
    ['a.c', 'a?c', false],
  ])('%s fits %s: %s', (name, pattern, fits) => {
    expect(matchesPriority(name, [pattern])).toBe(fits);
  });

  it('any one of the patterns is enough, none is none', () => {
    expect(matchesPriority('b', ['a', 'b'])).toBe(true);
    expect(matchesPriority('b', [])).toBe(false);
  });

  it('a pattern made of a name by stars in place of parts always fits it', () => {
    const parts = fc.array(fc.stringMatching(/^[a-z0-9.-]{1,5}$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(parts, fc.infiniteStream(fc.boolean()), (pieces, hide) => {
        const pattern = pieces.map((piece) => (hide.next().value ? '*' : piece)).join('');
        expect(matchesPriority(pieces.join(''), [pattern])).toBe(true);
      }),
    );
  });

  it('agrees with a regular expression', () => {
    const text = fc.stringMatching(/^[ab]{0,8}$/);
    const pattern = fc.stringMatching(/^[ab*]{1,8}$/);
    fc.assert(
      fc.property(text, pattern, (name, glob) => {
        const regex = new RegExp(`^${glob.replaceAll('*', '.*')}$`);
        expect(matchesPriority(`x/${name}`, [`x/${glob}`])).toBe(
          regex.test(name) || regex.test(`${name}:latest`),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('loaded models as the panel shows them', () => {
  const on = (vramBytes: number, hasGpu: boolean | null, pinned: string[] = []) =>
    describeLoaded({
      loaded: [aLoaded({ vramBytes })],
      hasGpu,
      priorityModels: ['llama3.1'],
      pinned: new Set(pinned),
    })[0];

  it('flags a priority model that is not wholly on the GPU, but not where there is none', () => {
    expect(on(0, true)?.flagged).toBe(true);
    expect(on(0, null)?.flagged).toBe(true);
    expect(on(3e9, true)).toMatchObject({ flagged: true, placement: 'partial', gpuShare: 0.5 });
    expect(on(0, false)?.flagged).toBe(false);
    expect(on(6e9, true)).toMatchObject({ flagged: false, placement: 'gpu', priority: true });
  });

  it('knows its pin, and leaves what is no priority alone', () => {
    expect(on(0, true, ['llama3.1:8b'])?.pinned).toBe(true);
    const other = describeLoaded({
      loaded: [aLoaded({ name: 'x' })],
      hasGpu: true,
      priorityModels: [],
      pinned: new Set(['x:latest']),
    });
    expect(other[0]).toMatchObject({ priority: false, flagged: false, pinned: true });
  });
});

describe('a priority by another tag of the same model', () => {
  const shown = (digest: string) =>
    describeLoaded({
      loaded: [aLoaded({ name: 'other:1', digest })],
      installed: [{ name: 'llama3.1:8b', digest }],
      hasGpu: true,
      priorityModels: ['llama3.1'],
      pinned: new Set(),
    })[0]?.priority;

  it('is known by its digest, and not where there is none', () => {
    expect(shown('a'.repeat(64))).toBe(true);
    expect(shown('')).toBe(false);
  });
});

it('names are compared without case and with their tag', () => {
  expect(canonicalName('Llama3.1')).toBe('llama3.1:latest');
  expect(canonicalName('localhost:5000/a')).toBe('localhost:5000/a:latest');
  expect(sameModelName('a', 'A:latest')).toBe(true);
  expect(sameModelName('a:1', 'a:2')).toBe(false);
});
