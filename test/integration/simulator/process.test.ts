import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { spawn } from '../../fakes/children.ts';

const MAIN = fileURLToPath(new URL('../../../electron/simulator/main.ts', import.meta.url));

function start(...options: string[]) {
  const child = spawn(process.execPath, [MAIN, ...options], { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = createInterface({ input: child.stdout });
  const iterator = lines[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await iterator.next();
    if (done) throw new Error('the simulator said nothing more');
    return JSON.parse(value) as Record<string, unknown>;
  };
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  return {
    child,
    nextLine,
    ended,
    say: (command: object) => child.stdin.write(`${JSON.stringify(command)}\n`),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await ended;
      }
    },
  };
}

interface Nodes {
  nodes: { id: string; url: string; vramBytes: number }[];
}

describe('the simulator as a process', () => {
  it('starts many small machines, says where they are, and stops at the end of its input', async () => {
    await using simulator = start('--nodes', '40', '--texts-per-second', '500', '--json');
    const { nodes } = (await simulator.nextLine()) as unknown as Nodes;
    expect(nodes).toHaveLength(40);
    expect(new Set(nodes.map((node) => node.url)).size).toBe(40);
    const answers = await Promise.all(nodes.map((node) => fetch(`${node.url}/api/ps`)));
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    simulator.child.stdin.end();
    expect(await simulator.ended).toEqual([0, null]);
  });

  it('is the fleet of three by default, obeys commands, and stops at SIGTERM', async () => {
    await using simulator = start('--json');
    const { nodes } = (await simulator.nextLine()) as unknown as Nodes;
    expect(nodes.map((node) => node.id)).toEqual(['gpu-tower', 'nas', 'lab-2']);
    simulator.say({ wake: 'gpu-tower' });
    expect(await simulator.nextLine()).toEqual({ ok: true });
    simulator.say({ state: 'gpu-tower' });
    expect(await simulator.nextLine()).toMatchObject({ ok: true, power: 'booting' });
    simulator.child.kill('SIGTERM');
    expect(await simulator.ended).toEqual([0, null]);
  });

  it('refuses options that make no sense', async () => {
    await using simulator = start('--nodes', 'many');
    expect(await simulator.ended).toEqual([2, null]);
  });
});
