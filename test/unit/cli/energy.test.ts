import { expect, it } from 'vitest';
import type { CommandContext } from '../../../electron/cli/command.ts';
import { energy } from '../../../electron/cli/commands/energy.ts';
import { createTerminal } from '../../../electron/cli/terminal.ts';
import { everyPower } from '../../e2e/support/power-scenes.ts';

it('prints the figures that the panel shows of the same scene', async () => {
  let printed = '';
  const stream = {
    write(text: string) {
      printed += text;
    },
  };
  const link = {
    call: async (method: string) =>
      method === 'fleet.list' ? [{ id: 'gpu-tower', name: 'gpu-tower' }] : everyPower.results[method],
  };
  const context = {
    terminal: createTerminal({ out: stream, err: stream, env: {} }),
    values: {},
    positionals: [],
    json: false,
    connect: async () => link,
  };
  await energy.run(context as unknown as CommandContext);
  // The browser's test of power expects the same.
  for (const figure of ['gpu-tower', 'awake 38 h', '6.8 kWh', 'saved 23.4 kWh', 'a game: 9 h, 1.6 kWh'])
    expect(printed).toContain(figure);
});
