import { expect, it } from 'vitest';
import type { CommandContext } from '../../../electron/cli/command.ts';
import { gpuNames, seenText } from '../../../electron/cli/commands/nodes.ts';
import { why } from '../../../electron/cli/commands/power.ts';
import { createTerminal } from '../../../electron/cli/terminal.ts';
import { heldWhileOff } from '../../e2e/support/power-scenes.ts';
import { node } from '../../e2e/support/scenes.ts';

it('takes this computer for seen, whatever its server does', () => {
  const silent = { url: 'http://127.0.0.1:11434', lastSeenAt: null };
  expect(seenText(node('here', 'trouble', { kind: 'this-computer', ...silent }), 0)).toBe('');
  expect(seenText(node('tower', 'off', silent), 0)).toBe('never seen');
  expect(seenText(node('tower', 'off', { lastSeenAt: 0 }), 60_000)).toBe('seen 1 min ago');
});

it('says of no lease that it holds a machine that is off', async () => {
  let printed = '';
  const stream = {
    write(text: string) {
      printed += text;
    },
  };
  const { streams } = heldWhileOff;
  const values = (name: 'power' | 'fleet') => (streams[name] ?? []).map(([, value]) => value);
  const link = { call: async (method: string) => values(method === 'power.list' ? 'power' : 'fleet') };
  const context = {
    terminal: createTerminal({ out: stream, err: stream, env: {} }),
    positionals: [],
    json: false,
    connect: async () => link,
    now: () => Date.now(),
  };
  await why.run(context as unknown as CommandContext);
  const lines = printed.split('\n').map((line) => line.trim());
  const off = lines.indexOf('Off all the same; these keep it on once it is on again:');
  expect(off).toBeGreaterThan(0);
  expect(lines[off + 1]).toContain('Pilotlight on laptop');
});

it('names the GPUs that a machine last reported, equal ones together', () => {
  const gpu = (name: string, id: string) => ({ id, name, vendor: 'nvidia' as const, vramTotalBytes: null });
  expect(gpuNames({ gpus: [gpu('NVIDIA A100', 'a'), gpu('RTX 4090', 'b'), gpu('NVIDIA A100', 'c')] })).toBe(
    '2 × NVIDIA A100, RTX 4090',
  );
});
