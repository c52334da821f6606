import { describe, expect, test } from 'vitest';
import {
  buildMatrix,
  priorityPattern,
  togglePriority,
  withoutTag,
} from '../../../../renderer/features/models/matrix.ts';
import { model, node } from '../../../e2e/support/scenes.ts';

test.each([
  ['llama3.1:8b', 'llama3.1'],
  ['llama3.1', 'llama3.1'],
  ['localhost:5000/team/model', 'localhost:5000/team/model'],
  ['hf.co/team/model:Q4', 'hf.co/team/model'],
])('%s without its tag is %s', (name, bare) => {
  expect(withoutTag(name)).toBe(bare);
});

test.each([
  ['llama3.1:8b', ['llama3.1'], 'llama3.1'],
  ['llama3.10:8b', ['llama3.1'], null],
  ['llama3.1:8b', ['llama3.1:8b'], 'llama3.1:8b'],
  ['llama3.1:70b', ['llama3.1:8b'], null],
  ['Mxbai-Embed-Large:latest', ['mxbai-embed-large'], 'mxbai-embed-large'],
  ['anything', ['*'], '*'],
  ['nomic-embed-text:latest', ['*embed*'], '*embed*'],
  ['axb', ['a.b'], null],
])('%s by %j is priority by %s', (name, patterns, expected) => {
  expect(priorityPattern(name, patterns)).toBe(expected);
});

describe('the star', () => {
  test('adds a name, without a tag that says nothing', () => {
    expect(togglePriority('mxbai:latest', ['a'])).toEqual(['a', 'mxbai']);
    expect(togglePriority('llama3.1:8b', [])).toEqual(['llama3.1:8b']);
  });
  test('takes away the pattern that held it', () => {
    expect(togglePriority('llama3.1:8b', ['a', 'llama3.1'])).toEqual(['a']);
  });
  test('leaves a wider pattern alone', () => {
    expect(togglePriority('llama3.1:8b', ['*'])).toBeNull();
  });
});

test('rows: priority first, then loaded, then by name; a cell knows disk and memory', () => {
  const installed = {
    name: 'zephyr',
    digest: 'ab',
    sizeBytes: 1,
    family: '',
    parameterSize: '',
    quantization: '',
    capabilities: null,
    embeddingLength: null,
  };
  const rows = buildMatrix(
    [
      node('a', 'serving', {
        loaded: [model('qwen')],
        installed: [installed, { ...installed, name: 'alpha' }],
      }),
      node('b', 'off', { installed: [{ ...installed, name: 'qwen' }] }),
    ],
    ['zephyr'],
  );
  expect(rows.map((row) => row.model)).toEqual(['zephyr', 'qwen', 'alpha']);
  expect(rows[1]?.cells.a?.loaded?.name).toBe('qwen');
  expect(rows[1]?.cells.b).toMatchObject({ loaded: null, installed: { name: 'qwen' } });
  expect(rows[2]?.cells.b).toBeUndefined();
});
