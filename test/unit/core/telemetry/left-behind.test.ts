import { describe, expect, it } from 'vitest';
import { createLeftBehind, type RunnerParent } from '../../../../electron/core/telemetry/left-behind.ts';
import { isRunnerProcess } from '../../../../electron/core/telemetry/runner-process.ts';
import type { GpuReading } from '../../../../shared/models/telemetry.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { aGpu } from '../../../fakes/records.ts';

const GB = 1e9;
const RUNNER = '/usr/local/lib/ollama/llama-server';
const listed = [{ vramBytes: 5 * GB }];
type Process = NonNullable<GpuReading['processes']>[number];
const runner = (changes: Partial<Process> = {}): Process => ({
  pid: 1842,
  name: RUNNER,
  vramUsedBytes: 6 * GB,
  ...changes,
});

function world() {
  const clock = createFakeClock();
  const leftBehind = createLeftBehind({ clock });
  let parent: RunnerParent | null = null;
  /** A reading each second, as of an agent; returns the process ids that are marked at the end. */
  async function seconds(
    count: number,
    processes: Process[],
    loaded: readonly { vramBytes: number }[] = [],
  ): Promise<number[]> {
    const gpus = [aGpu({ processes })];
    for (let second = 0; second < count; second += 1) {
      leftBehind.observe('node_1', gpus, loaded, () => parent);
      await clock.advance(1000);
    }
    leftBehind.observe('node_1', gpus, loaded, () => parent);
    const marked = leftBehind.mark('node_1', gpus).flatMap((gpu) => gpu.processes ?? []);
    return marked.flatMap((one) => (one.leftBehind ? [one.pid ?? 0] : []));
  }
  return {
    leftBehind,
    seconds,
    startedBy(name: string | null, pid = 900) {
      parent = { pid, name };
    },
  };
}

describe('a runner whose parent is reported', () => {
  it.each<[string, string | null, number[]]>([
    ['a server that runs', 'ollama', []],
    ['a server on Windows', 'ollama.exe', []],
    ['the system', 'systemd', [1842]],
    ['a container’s init', 'tini', [1842]],
    ['a process that has ended', null, [1842]],
  ])('was started by %s', async (_, name, expected) => {
    const { seconds, startedBy } = world();
    startedBy(name);
    expect(await seconds(6, [runner()])).toEqual(expected);
  });

  it('is not left behind in the moment in which its server ends', async () => {
    const { seconds, startedBy } = world();
    startedBy('systemd', 1);
    expect(await seconds(4, [runner()])).toEqual([]);
    startedBy('ollama');
    expect(await seconds(6, [runner()])).toEqual([]);
    startedBy('systemd', 1);
    expect(await seconds(4, [runner()])).toEqual([]);
    expect(await seconds(1, [runner()])).toEqual([1842]);
  });

  it('is left behind although a new server lists a model', async () => {
    const { seconds, startedBy } = world();
    startedBy('systemd', 1);
    expect(await seconds(6, [runner()], listed)).toEqual([1842]);
  });

  it('is never left behind while it loads, however long that takes', async () => {
    const { seconds, startedBy } = world();
    startedBy('ollama');
    expect(await seconds(600, [runner()])).toEqual([]);
  });
});

describe('a runner whose parent is not known', () => {
  it('that served a model is left behind once the server lists none', async () => {
    const { seconds } = world();
    expect(await seconds(5, [runner()], listed)).toEqual([]);
    expect(await seconds(9, [runner()])).toEqual([]);
    expect(await seconds(1, [runner()])).toEqual([1842]);
    // It stays so when the new server loads the model again.
    expect(await seconds(5, [runner(), runner({ pid: 2000 })], listed)).toEqual([1842]);
  });

  it('is not left behind after an unload, because its process ends first', async () => {
    const { seconds } = world();
    await seconds(5, [runner()], listed);
    expect(await seconds(1, [])).toEqual([]);
    // The server's own probes are other processes each time.
    for (const pid of [1900, 1901, 1902]) {
      expect(await seconds(1, [runner({ pid, vramUsedBytes: 0.527 * GB })])).toEqual([]);
    }
  });

  it('may be a load in progress for as long as a load may pause', async () => {
    const { seconds } = world();
    expect(await seconds(300, [runner()])).toEqual([]);
    expect(await seconds(5, [runner()], listed)).toEqual([]);
    const other = world();
    expect(await other.seconds(360, [runner()])).toEqual([1842]);
  });

  it('starts over when it was not seen in between', async () => {
    const { seconds } = world();
    await seconds(5, [runner()], listed);
    await seconds(9, [runner()]);
    await seconds(1, []);
    expect(await seconds(9, [runner()])).toEqual([]);
  });
});

it('marks no other program, and nothing on another node', async () => {
  const { seconds, startedBy, leftBehind } = world();
  startedBy('systemd', 1);
  const python = runner({ pid: 7, name: '/opt/torch/.venv/bin/python3' });
  const small = runner({ pid: 8, vramUsedBytes: 1e6 });
  const nameless = { name: RUNNER, vramUsedBytes: GB };
  expect(await seconds(10, [python, small, nameless, runner()])).toEqual([1842]);
  const gpus = [aGpu({ processes: [runner()] })];
  expect(leftBehind.mark('node_2', gpus)).toBe(gpus);
  leftBehind.forget('node_1');
  expect(leftBehind.mark('node_1', gpus)).toBe(gpus);
});

it.each<[string, boolean]>([
  [RUNNER, true],
  ['<ollama>/lib/ollama/llama-server', true],
  ['C:\\Users\\ann\\AppData\\Local\\Programs\\Ollama\\lib\\ollama\\llama-server.exe', true],
  ['/usr/local/bin/ollama', true],
  ['ollama runner (llama3.1:8b)', true],
  ['/home/ann/llama.cpp/build/bin/llama-server', false],
  ['/opt/torch/.venv/bin/python3', false],
  ['', false],
])('%s is a process of the server: %s', (name, expected) => {
  expect(isRunnerProcess(name)).toBe(expected);
});
