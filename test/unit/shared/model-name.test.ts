import { describe, expect, it } from 'vitest';
import { modelNameProblem } from '../../../shared/model-name.ts';

describe('the name of a model', () => {
  it.each([
    'llama3.2',
    ' llama3.2:3b ',
    'team/model',
    'team/model:Q4_K_M',
    'hf.co/team/model:Q4_K_M',
    'registry.lan:5000/team/model',
    'registry.lan:5000/team/model:tag',
    '_x',
    'a'.repeat(80),
  ])('%s can be pulled', (name) => {
    expect(modelNameProblem(name)).toBeNull();
  });

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['https://ollama.com/library/llama3.2', 'address'],
    ['http://x', 'address'],
    ['a b', 'shape'],
    ['a/', 'shape'],
    ['/a', 'shape'],
    ['a//b', 'shape'],
    ['a:', 'shape'],
    ['a:b:c', 'shape'],
    ['a/b/c/d', 'shape'],
    ['-a', 'shape'],
    ['a:-b', 'shape'],
    ['../../etc/passwd', 'shape'],
    ['a\nb', 'shape'],
    ['host:port/team/model', 'shape'],
    ['a'.repeat(81), 'shape'],
    [`a:${'b'.repeat(81)}`, 'shape'],
    ['modèle', 'shape'],
  ] as const)('%j cannot: %s', (name, problem) => {
    expect(modelNameProblem(name)).toBe(problem);
  });
});
