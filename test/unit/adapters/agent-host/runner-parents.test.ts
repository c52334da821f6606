import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRunnerParent, withParents } from '../../../../electron/adapters/agent-host/runner-parents.ts';
import type { AgentGpu } from '../../../../electron/adapters/agent-host/types.ts';
import { parseRunners } from '../../../../electron/adapters/agent-host/windows-gpus.ts';
import { spawn } from '../../../fakes/children.ts';
import { aGpu } from '../../../fakes/records.ts';

const gpu = (processes: AgentGpu['processes']): AgentGpu => ({ ...aGpu(), processes });

describe('the parents of runners', () => {
  it('are added to them alone', () => {
    const parent = { pid: 1, name: 'systemd' };
    const python = { pid: 7, name: 'python3', vramUsedBytes: 5 };
    const runner = { pid: 8, name: 'llama-server', vramUsedBytes: 6 };
    const read = ({ pid }: { pid: number }) => (pid === 8 ? parent : null);
    const [seen] = withParents([gpu([python, runner])], 'linux', new Map(), read);
    expect(seen?.processes).toEqual([python, { ...runner, parent }]);
  });

  it('come from the list of Windows, which names the processes as well', () => {
    const listed = parseRunners(
      JSON.stringify({
        runners: [
          { pid: 8, name: 'llama-server.exe', parent: 900, by: 'ollama.exe' },
          { pid: 9, name: 'llama-server.exe', parent: 901, by: null },
          { pid: 'x', name: 'llama-server.exe', parent: 1, by: null },
        ],
      }),
    );
    const counted = [8, 9, 10].map((pid) => ({ pid, name: '', vramUsedBytes: 5 }));
    const [seen] = withParents([gpu(counted)], 'win32', listed);
    expect(seen?.processes).toEqual([
      { pid: 8, name: 'llama-server.exe', vramUsedBytes: 5, parent: { pid: 900, name: 'ollama.exe' } },
      { pid: 9, name: 'llama-server.exe', vramUsedBytes: 5, parent: { pid: 901, name: null } },
      { pid: 10, name: '', vramUsedBytes: 5 },
    ]);
    expect(parseRunners('{}').size).toBe(0);
    expect(parseRunners('null').size).toBe(0);
  });
});

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  const sleeper = `setInterval(() => {}, 1000); process.stdout.write('ready');`;

  /** A program under another name, started by this process. */
  async function start(name: string, args: string[] = []) {
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-runner-'));
    const program = join(folder, name);
    symlinkSync(process.execPath, program);
    const child = spawn(program, ['-e', sleeper, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    return {
      process: { pid: child.pid ?? 0, name: program, vramUsedBytes: 1 },
      async [Symbol.asyncDispose]() {
        child.kill('SIGKILL');
        await once(child, 'close');
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }

  it('a runner is read with the process that started it', async () => {
    await using runner = await start('llama-server');
    expect(readRunnerParent(runner.process)).toMatchObject({ pid: process.pid, name: expect.any(String) });
  });

  it('Ollama itself is a runner only if it was started as one', async () => {
    await using server = await start('ollama', ['serve']);
    await using runner = await start('ollama', ['runner', '--model', 'x']);
    expect(readRunnerParent(server.process)).toBeNull();
    expect(readRunnerParent(runner.process)?.pid).toBe(process.pid);
  });

  it('another program, or another process of that number, is none', async () => {
    await using python = await start('python3');
    expect(readRunnerParent(python.process)).toBeNull();
    expect(readRunnerParent({ ...python.process, name: '/usr/local/lib/ollama/llama-server' })).toBeNull();
    expect(readRunnerParent({ pid: 2 ** 22 + 1, name: 'llama-server', vramUsedBytes: 1 })).toBeNull();
  });
});
