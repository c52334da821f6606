/** Which VRAM belongs to models, and which to other programs. */
import { describe, expect, it } from 'vitest';
import { foreignUse } from '../../../../electron/core/placement/holders.ts';
import { aLoaded, GB, gpuReading, PYTHON, RUNNER } from './support.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const CONTEXT = 588 * MIB;
const small = aLoaded({ name: 'small', sizeBytes: 213_909_504, vramBytes: 213_909_504 });
const onGpu = (bytes: number) => aLoaded({ sizeBytes: bytes, vramBytes: bytes });
/** A process that uses all of what is in use. */
const only = (name: string, bytes: number) =>
  gpuReading({ vramUsedBytes: bytes, processes: [{ name, vramUsedBytes: bytes }] });

describe('the VRAM of other programs', () => {
  it('is distinguished from the server’s models by the name of each program', () => {
    const foreign = foreignUse([gpuReading()], [small]);
    expect(foreign?.holders).toEqual([{ name: 'python3', bytes: PYTHON.vramUsedBytes }]);
    expect(foreign?.bytes).toBeGreaterThanOrEqual(PYTHON.vramUsedBytes);
  });

  it.each([
    ['no reading', null],
    ['no GPU in the reading', []],
    ['a GPU that does not report what is in use', [gpuReading({ vramUsedBytes: null })]],
    ['one of two GPUs that does not report it', [gpuReading(), gpuReading({ id: 'b', vramUsedBytes: null })]],
  ] as const)('is unknown with %s', (_, gpus) => {
    expect(foreignUse(gpus, [])).toBeNull();
  });

  it.each([
    ['a container shows no processes', []],
    ['a driver gives no names', [{ name: '[N/A]', vramUsedBytes: PYTHON.vramUsedBytes }]],
    ['Windows gives no names', [{ name: '', vramUsedBytes: PYTHON.vramUsedBytes }]],
    ['Windows gives no sizes', [{ name: 'C:\\game\\game.exe', vramUsedBytes: null }]],
    ['another user may not see them', [{ name: '[Insufficient Permissions]', vramUsedBytes: 70 * GIB }]],
  ])('has a size and no name if %s', (_, processes) => {
    const foreign = foreignUse([gpuReading({ processes })], [small]);
    expect(foreign?.holders).toHaveLength(1);
    expect(foreign?.holders[0]?.name).toBeNull();
    const bytes = foreign?.holders[0]?.bytes ?? 0;
    expect(Math.abs(bytes - (80_565_239_808 - small.vramBytes))).toBeLessThan(1.5 * GIB);
  });

  it('is nothing if the models and their contexts explain what is in use', () => {
    const model = aLoaded({ sizeBytes: 28 * GB, vramBytes: 28 * GB });
    const used = 28 * GB + CONTEXT + 11 * MIB;
    const runner = { ...RUNNER, vramUsedBytes: 28 * GB + CONTEXT };
    for (const processes of [[runner], []]) {
      const foreign = foreignUse([gpuReading({ vramUsedBytes: used, processes })], [model]);
      expect(foreign?.holders).toEqual([]);
      expect(foreign?.bytes).toBeLessThan(64 * MIB);
    }
  });

  it('is nothing while the server queries the GPU', () => {
    const processes = [{ ...RUNNER, vramUsedBytes: 527 * MIB }];
    expect(foreignUse([gpuReading({ vramUsedBytes: 536 * MIB, processes })], [])?.holders).toEqual([]);
  });

  it('is nothing if the server reports more than is in use', () => {
    const claimed = aLoaded({ sizeBytes: 28 * GB, vramBytes: 28 * GB });
    expect(foreignUse([gpuReading({ vramUsedBytes: GB, processes: [] })], [claimed])).toEqual({
      bytes: 0,
      holders: [],
    });
  });

  it('is a runner that outlived its server', () => {
    const processes = [{ ...RUNNER, vramUsedBytes: 20 * GIB }];
    const foreign = foreignUse([gpuReading({ vramUsedBytes: 20 * GIB, processes })], []);
    expect(foreign?.holders).toEqual([{ name: 'llama-server', bytes: 20 * GIB }]);
  });

  it('includes a llama-server of its own, and a script in a folder called ollama', () => {
    const processes = [
      { name: '/usr/local/bin/llama-server', vramUsedBytes: 10 * GIB },
      { name: '/srv/ollama/train.py', vramUsedBytes: 5 * GIB },
    ];
    expect(foreignUse([gpuReading({ vramUsedBytes: 15 * GIB, processes })], [])?.holders).toEqual([
      { name: 'llama-server', bytes: 10 * GIB },
      { name: 'train.py', bytes: 5 * GIB },
    ]);
  });

  it('is summed by program over all GPUs, the largest first, with long names cut', () => {
    const processes = [
      { name: '/a/game', vramUsedBytes: GIB },
      { name: 'C:\\x\\game', vramUsedBytes: GIB },
      { name: `\u001b[31m${'x'.repeat(500)}`, vramUsedBytes: 5 * GIB },
    ];
    const gpus = [
      gpuReading({ vramUsedBytes: 7 * GIB, processes }),
      gpuReading({ id: 'b', vramUsedBytes: 0, processes: [] }),
    ];
    const [first, second] = foreignUse(gpus, [])?.holders ?? [];
    expect(first?.name).toMatch(/^x+…$/);
    expect(first?.name?.length).toBe(60);
    expect(second).toEqual({ name: 'game', bytes: 2 * GIB });
  });

  it('is everything if there are no models, and only a rest without a name', () => {
    const { processes: _, ...reading } = gpuReading();
    const used = (bytes: number) => foreignUse([{ ...reading, vramUsedBytes: bytes }], []);
    expect(used(64 * MIB)).toEqual({ bytes: 64 * MIB, holders: [{ name: null, bytes: 64 * MIB }] });
    // The driver of an idle card.
    expect(used(64 * MIB - 1)?.holders).toEqual([]);
  });

  it('does not include a context for models on the CPU', () => {
    const reading = gpuReading({ vramUsedBytes: 500 * MIB, processes: [] });
    expect(foreignUse([reading], [aLoaded({ vramBytes: 0 })])?.holders).toEqual([
      { name: null, bytes: 500 * MIB },
    ]);
  });

  it('does not include runners that use exactly what the models and one more context take', () => {
    const model = onGpu(5 * GIB);
    const bytes = model.vramBytes + 2 * CONTEXT;
    expect(foreignUse([only(RUNNER.name, bytes)], [model])).toEqual({ bytes: 0, holders: [] });
    const more = foreignUse([only(RUNNER.name, bytes + 1)], [model]);
    expect(more?.holders).toEqual([{ name: 'llama-server', bytes: 2 * CONTEXT + 1 }]);
  });

  it('includes a runner that outlived its server next to a server of the same name, and a rest', () => {
    const processes = [
      { name: '/usr/local/bin/llama-server', vramUsedBytes: 2 * GIB },
      { ...RUNNER, vramUsedBytes: 20 * GIB },
    ];
    const foreign = foreignUse([gpuReading({ vramUsedBytes: 27 * GIB, processes })], []);
    expect(foreign?.holders).toEqual([
      { name: 'llama-server', bytes: 22 * GIB },
      { name: null, bytes: 5 * GIB },
    ]);
  });

  it.each([
    'ollama',
    '/usr/local/bin/ollama',
    'C:\\Programs\\Ollama\\ollama.exe',
    'ollama runner --model /root/.ollama/models/blobs/sha256-1',
    '/tmp/ollama_llama_server',
    'ollama/llama-server',
    '/usr/lib/ollama/cuda_v13/llama-server',
    '/usr/lib/ollama/runners/cuda/llama_server',
    'C:\\Programs\\Ollama\\lib\\ollama\\llama-server.exe',
    ' /usr/lib/ollama/llama-server ',
  ])('does not include the server itself or its runner: %s', (name) => {
    expect(foreignUse([only(name, 10 * GIB)], [onGpu(9.5 * GIB)])?.holders).toEqual([]);
  });

  it.each([
    ['/opt/ollama-webui/server', 'server'],
    ['/usr/bin/myollama', 'myollama'],
    ['/usr/bin/ollamas', 'ollamas'],
    ['my ollama runner', 'my ollama runner'],
    ['/srv/ollama.d/train', 'train'],
    ['/srv/myollama/llama-server', 'llama-server'],
    ['/usr/lib/ollama/llama-server.log', 'llama-server.log'],
    ['/usr/lib/ollama/my-llama-server', 'my-llama-server'],
    ['/opt/\u0007 a\u009f', 'a'],
    ['/opt/a\nb/c', 'c'],
    ['x-', 'x-'],
    ['-x', '-x'],
    ['unknown soldier', 'unknown soldier'],
    ['x'.repeat(60), 'x'.repeat(60)],
    ['x'.repeat(61), `${'x'.repeat(59)}…`],
  ])('includes another program by its name: %j', (path, name) => {
    expect(foreignUse([only(path, 10 * GIB)], [onGpu(9.5 * GIB)])?.holders).toEqual([
      { name, bytes: 10 * GIB },
    ]);
  });

  it.each([' [N/A] ', 'n/a', '-', 'Unknown', 'unknown process', 'unknown error', '/opt/', '\u0007'])(
    'has no name for %j',
    (name) => {
      expect(foreignUse([only(name, 10 * GIB)], [])?.holders).toEqual([{ name: null, bytes: 10 * GIB }]);
    },
  );
});
