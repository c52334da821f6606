import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Command } from '../../../electron/cli/command.ts';
import { completionScript, shells } from '../../../electron/cli/completion.ts';
import { nearestName } from '../../../electron/cli/did-you-mean.ts';

const command = (name: string, usage: string[], options: Command['options'] = {}): Command => ({
  name,
  summary: `what ${name} does: it's short`,
  usage,
  options,
  run: async () => null,
});

const commands = [
  command('index', ['index add DIR', 'index start|list [FOLDER…]', 'index --watch'], {
    watch: { type: 'boolean' },
  }),
  command('wake', ['wake NODE [--force]'], { force: { type: 'boolean' } }),
];

describe('the nearest command', () => {
  const names = ['status', 'wake', 'keep-awake', 'tasks', 'workers', 'index', 'off'];
  test.each([
    ['staus', 'status'],
    ['sttaus', 'status'],
    ['STATUS', 'status'],
    ['wak', 'wake'],
    ['task', 'tasks'],
    ['keepawake', 'keep-awake'],
    ['worker', 'workers'],
    ['ind', 'index'],
    ['of', 'off'],
    ['bogus', null],
    ['x', null],
    ['', null],
  ])('%s is %s', (wanted, right) => {
    expect(nearestName(wanted, names)).toBe(right);
  });
});

describe('a completion script', () => {
  test.each(shells)('for %s names commands, subcommands and options', (shell) => {
    const script = completionScript(shell, commands);
    for (const word of ['index', 'wake', 'add', 'start', 'list']) expect(script).toContain(word);
    expect(script).toMatch(shell === 'fish' ? /-l force/ : /--force/);
    expect(script).not.toMatch(/DIR|NODE|FOLDER/);
  });

  test('for bash completes what is typed', () => {
    const ask = (...typed: string[]) => {
      const words = typed.map((word) => `'${word}'`).join(' ');
      const run = spawnSync(
        'bash',
        [
          '--norc',
          '-c',
          `${completionScript('bash', commands)}\nCOMP_WORDS=(pilotlight ${words}); COMP_CWORD=${typed.length}; _pilotlight; echo "\${COMPREPLY[*]}"`,
        ],
        { encoding: 'utf8' },
      );
      if (run.error) throw run.error;
      expect(run.stderr).toBe('');
      return run.stdout.trim();
    };
    expect(ask('w')).toBe('wake');
    expect(ask('index', '')).toBe('add start list');
    expect(ask('index', 'st')).toBe('start');
    expect(ask('wake', '--f')).toBe('--force');
    expect(ask('index', 'add', '--w')).toBe('--watch');
  });
});
