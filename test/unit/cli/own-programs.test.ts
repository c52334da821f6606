import { expect, test } from 'vitest';
import { agentArguments } from '../../../electron/cli/own-programs.ts';

test.each([
  [['agent'], []],
  [
    ['agent', 'install', '--print'],
    ['install', '--print'],
  ],
  [['cancel'], ['cancel']],
  [
    ['cancel', '--json', '--data', 'folder'],
    ['cancel', '--json', '--data', 'folder'],
  ],
  [['cancel', 'gpu-tower'], null],
  [['cancel', '--data', 'folder', 'gpu-tower'], null],
  [['status'], null],
  [[], null],
])('%j is for the agent as %j', (args, expected) => {
  expect(agentArguments(args)).toEqual(expected);
});
