import { describe, expect, it } from 'vitest';
import {
  libraryOf,
  nameError,
  pullProgress,
  targetChoices,
} from '../../../../renderer/features/models/pull-text.ts';
import type { ModelPull } from '../../../../shared/models/library.ts';
import { aNode, anInstalled } from '../../core/placement/support.ts';

const pull = (changes: Partial<ModelPull>): ModelPull => ({
  ...{
    nodeId: 'tower',
    model: 'm:latest',
    copyOf: null,
    state: 'downloading',
    doneBytes: 0,
    totalBytes: null,
  },
  ...{ bytesPerSecond: null, startedAt: 0, endedAt: null, sameFiles: null, problem: null },
  ...changes,
});

describe('the library of a name', () => {
  it.each([
    ['llama3.2', 'ollama.com'],
    ['team/model:tag', 'ollama.com'],
    ['hf.co/team/model', 'hf.co'],
    ['lan:5000/team/model', 'lan:5000'],
    ['hf.co/model', 'hf.co'],
  ])('%s is from %s', (name, host) => {
    expect(libraryOf(name)).toBe(host);
  });
});

it('says nothing of a name that is not there yet', () => {
  expect(nameError('')).toBeNull();
  expect(nameError('llama3.2')).toBeNull();
  expect(nameError('a b')).not.toBeNull();
  expect(nameError('https://x/y')).not.toBe(nameError('a b'));
});

describe('where a model can go', () => {
  const never = () => false;
  const nodes = [
    aNode({ id: 'on' }),
    aNode({ id: 'has', installed: [anInstalled({ name: 'm:1', digest: 'a' })] }),
    aNode({ id: 'off', state: 'off', canWake: true }),
    aNode({ id: 'out', state: 'off', canWake: false }),
    aNode({ id: 'vllm', server: { product: 'vLLM', version: null, capabilities: ['generates'] } }),
    aNode({ id: 'none', url: null }),
  ];
  const of = (digest: string | null, running: (id: string) => boolean = never) =>
    targetChoices(nodes, 'm:1', digest, running).map(({ node, refused, wakes }) => [
      node.id,
      refused === null,
      wakes,
    ]);

  it('is every machine whose server can download; one that cannot be woken is refused', () => {
    expect(of(null)).toEqual([
      ['on', true, false],
      ['has', true, false],
      ['off', true, true],
      ['out', false, true],
    ]);
  });

  it('is not one with the same files, but one with others', () => {
    expect(of('a')[1]).toEqual(['has', false, false]);
    expect(of('b')[1]).toEqual(['has', true, false]);
  });

  it('is not one that downloads it', () => {
    expect(of(null, (id) => id === 'on')[0]).toEqual(['on', false, false]);
  });
});

describe('the progress', () => {
  it('is unknown before the first layer, and has a rate and an end when they are known', () => {
    expect(pullProgress(pull({})).share).toBeNull();
    expect(pullProgress(pull({ doneBytes: 1e9, totalBytes: 4e9 }))).toEqual({
      share: 0.25,
      text: '1 GB of 4 GB · 25%',
    });
    expect(pullProgress(pull({ doneBytes: 1e9, totalBytes: 4e9, bytesPerSecond: 5e7 })).text).toContain(
      '/s · ',
    );
    expect(pullProgress(pull({ doneBytes: 1e9, totalBytes: 4e9, bytesPerSecond: 0 })).text).not.toContain(
      'left',
    );
  });
});
