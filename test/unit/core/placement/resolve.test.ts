/** The name on the server for a name as a person writes it. */
import { expect, it } from 'vitest';
import { resolveModel } from '../../../../electron/core/placement/resolve.ts';

const models = ['llama3.1:8b', 'nomic:latest', 'nomic:v1', 'qwen:7b', 'qwen:14b', 'nas:5000/team/phi:3b'].map(
  (name) => ({ name }),
);

it.each([
  ['llama3.1', 'llama3.1:8b'],
  [' Llama3.1 ', 'llama3.1:8b'],
  ['LLAMA3.1:8B', 'llama3.1:8b'],
  ['nomic', 'nomic:latest'],
  ['nomic:v1', 'nomic:v1'],
  ['nas:5000/team/phi', 'nas:5000/team/phi:3b'],
  // Several tags, another tag, part of a name, the address of a registry.
  ['qwen', null],
  ['llama3.1:70b', null],
  ['llama3.1:latest', null],
  ['llama3', null],
  ['nas', null],
])('%j means %j', (wanted, name) => {
  expect(resolveModel(models, wanted)).toBe(name);
});

it('counts two spellings of the same tag as one', () => {
  expect(resolveModel([{ name: 'Phi:3B' }, { name: 'phi:3b' }], 'phi')).toBe('phi:3b');
});
