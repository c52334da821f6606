import { describe, expect, it } from 'vitest';
import { vramState } from '../../../../electron/core/placement/fit.ts';
import { foreignUse } from '../../../../electron/core/placement/holders.ts';
import { holdersText, shortageSentence } from '../../../../electron/core/placement/move-message.ts';
import { roomOnGpu } from '../../../../electron/core/placement/room.ts';
import type { GpuReading } from '../../../../shared/models/telemetry.ts';
import { aLoaded, GB } from './support.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const CONTEXT = 588 * MIB;
/** An 80 GB card with another program on it, as an agent reported it. */
const H100_TOTAL = 85_520_809_984;
const PYTHON = { name: '/opt/torch/.venv/bin/python3', vramUsedBytes: 79_719_038_976 };
const RUNNER = { name: '/usr/lib/ollama/llama-server', vramUsedBytes: 830_472_192 };
const h100 = (changes: Partial<GpuReading> = {}): GpuReading => ({
  id: 'GPU-0',
  vendor: 'nvidia',
  name: 'NVIDIA H100 80GB HBM3',
  vramTotalBytes: H100_TOTAL,
  vramUsedBytes: 80_565_239_808,
  utilisationPercent: 0,
  temperatureCelsius: 43,
  powerWatts: 124,
  processes: [PYTHON, RUNNER],
  ...changes,
});
const small = aLoaded({ name: 'small', sizeBytes: 213_909_504, vramBytes: 213_909_504 });

describe('what other programs hold', () => {
  it('is told apart from the models of the server by the name of each program', () => {
    const foreign = foreignUse([h100()], [small]);
    expect(foreign?.holders).toEqual([{ name: 'python3', bytes: PYTHON.vramUsedBytes }]);
    expect(foreign?.bytes).toBeGreaterThanOrEqual(PYTHON.vramUsedBytes);
  });

  it.each([
    ['no reading', null],
    ['no GPU in the reading', []],
    ['a GPU that does not say what is in use', [h100({ vramUsedBytes: null })]],
    ['one of two GPUs that does not say it', [h100(), h100({ id: 'b', vramUsedBytes: null })]],
  ] as const)('is unknown with %s', (_, gpus) => {
    expect(foreignUse(gpus, [])).toBeNull();
  });

  it.each([
    ['a container shows no processes', []],
    ['a driver gives no names', [{ name: '[N/A]', vramUsedBytes: PYTHON.vramUsedBytes }]],
    ['Windows gives no names', [{ name: '', vramUsedBytes: PYTHON.vramUsedBytes }]],
    ['Windows gives no sizes', [{ name: 'C:\\game\\game.exe', vramUsedBytes: null }]],
    ['another user may not see them', [{ name: '[Insufficient Permissions]', vramUsedBytes: 70 * GIB }]],
  ])('has its size and no name where %s', (_, processes) => {
    const foreign = foreignUse([h100({ processes })], [small]);
    expect(foreign?.holders).toHaveLength(1);
    expect(foreign?.holders[0]?.name).toBeNull();
    const bytes = foreign?.holders[0]?.bytes ?? 0;
    expect(Math.abs(bytes - (80_565_239_808 - small.vramBytes))).toBeLessThan(1.5 * GIB);
  });

  it('is nothing where the models and their contexts explain what is in use', () => {
    const model = aLoaded({ sizeBytes: 28 * GB, vramBytes: 28 * GB });
    const used = 28 * GB + CONTEXT + 11 * MIB;
    const runner = { ...RUNNER, vramUsedBytes: 28 * GB + CONTEXT };
    for (const processes of [[runner], []]) {
      const foreign = foreignUse([h100({ vramUsedBytes: used, processes })], [model]);
      expect(foreign?.holders).toEqual([]);
      expect(foreign?.bytes).toBeLessThan(64 * MIB);
    }
  });

  it('is nothing while the server asks what the GPU has', () => {
    const processes = [{ ...RUNNER, vramUsedBytes: 527 * MIB }];
    expect(foreignUse([h100({ vramUsedBytes: 536 * MIB, processes })], [])?.holders).toEqual([]);
  });

  it('is nothing where the server claims more than is in use', () => {
    const claimed = aLoaded({ sizeBytes: 28 * GB, vramBytes: 28 * GB });
    expect(foreignUse([h100({ vramUsedBytes: GB, processes: [] })], [claimed])).toEqual({
      bytes: 0,
      holders: [],
    });
  });

  it('is a runner that outlived its server', () => {
    const processes = [{ ...RUNNER, vramUsedBytes: 20 * GIB }];
    const foreign = foreignUse([h100({ vramUsedBytes: 20 * GIB, processes })], []);
    expect(foreign?.holders).toEqual([{ name: 'llama-server', bytes: 20 * GIB }]);
  });

  it('is a llama-server of its own, and a script in a folder called ollama', () => {
    const processes = [
      { name: '/usr/local/bin/llama-server', vramUsedBytes: 10 * GIB },
      { name: '/srv/ollama/train.py', vramUsedBytes: 5 * GIB },
    ];
    expect(foreignUse([h100({ vramUsedBytes: 15 * GIB, processes })], [])?.holders).toEqual([
      { name: 'llama-server', bytes: 10 * GIB },
      { name: 'train.py', bytes: 5 * GIB },
    ]);
  });

  it('adds up by program over all GPUs, the largest first, and cuts a name that is no name', () => {
    const processes = [
      { name: '/a/game', vramUsedBytes: GIB },
      { name: 'C:\\x\\game', vramUsedBytes: GIB },
      { name: `\u001b[31m${'x'.repeat(500)}`, vramUsedBytes: 5 * GIB },
    ];
    const gpus = [
      h100({ vramUsedBytes: 7 * GIB, processes }),
      h100({ id: 'b', vramUsedBytes: 0, processes: [] }),
    ];
    const [first, second] = foreignUse(gpus, [])?.holders ?? [];
    expect(first?.name).toMatch(/^x+…$/);
    expect(first?.name?.length).toBe(60);
    expect(second).toEqual({ name: 'game', bytes: 2 * GIB });
  });
});

describe('the room for a model', () => {
  const size = (bytes: number) => ({ bytes, measured: true });
  const ask = (
    bytes: number | null,
    gpus: GpuReading[] | null,
    loaded = [small],
    totalBytes: number | null = null,
  ) =>
    roomOnGpu({
      size: bytes === null ? null : size(bytes),
      vram: vramState({
        gpus: gpus ?? [],
        loaded,
        vram: { totalBytes, source: 'person' },
      }),
      gpus,
      own: null,
      others: loaded,
      inFlight: () => 0,
    });

  it.each([
    ['fits beside the program', 2 * GB, [h100({ vramUsedBytes: 70 * GB })], 'fits'],
    ['fits but for the program', 23 * GB, [h100()], 'taken'],
    ['fits but for programs without names', 23 * GB, [h100({ processes: [] })], 'taken'],
    ['is larger than the card', 90 * GB, [h100()], 'too-large'],
    ['is larger than the card, with nothing on it', 90 * GB, [h100({ vramUsedBytes: 0 })], 'too-large'],
    ['has an unknown size', null, [h100()], 'unknown'],
    ['is for a card of which nothing is known', 2 * GB, null, 'unknown'],
    ['is for a card that does not say what is in use', 2 * GB, [h100({ vramUsedBytes: null })], 'unknown'],
  ] as const)('of a model that %s', (_, bytes, gpus, kind) => {
    expect(ask(bytes, gpus && [...gpus]).kind).toBe(kind);
  });

  it('is not measured where a person told the total and no tool says what is in use', () => {
    expect(ask(2 * GB, null, [small], H100_TOTAL)).toMatchObject({ kind: 'fits', measured: false });
  });

  it('states what is needed, the most that can be made free, who holds the rest and which models would be unloaded', () => {
    const room = ask(23 * GB, [h100()]);
    expect(room).toMatchObject({
      kind: 'taken',
      shortage: {
        neededBytes: 23 * GB,
        totalBytes: H100_TOTAL,
        availableBytes: H100_TOTAL - 80_565_239_808 + small.vramBytes,
        holders: [{ name: 'python3', bytes: PYTHON.vramUsedBytes }],
        evicts: ['small'],
      },
    });
    if (room.kind !== 'taken') return;
    const sentence = shortageSentence('tower', room.shortage);
    expect(sentence).toContain('python3 holds 74.2 GB');
  });
});

describe('the holders in words', () => {
  const holder = (name: string | null, gigabytes: number) => ({ name, bytes: gigabytes * GIB });
  it.each([
    [[holder('python3', 74)], 'python3 holds 74 GB'],
    [[holder(null, 74)], 'programs other than Ollama hold 74 GB'],
    [[holder('a', 3), holder(null, 2)], 'a holds 3 GB and other programs hold 2 GB'],
    [
      ['a', 'b', 'c', 'd', 'e'].map((name) => holder(name, 2)),
      'a holds 2 GB, b holds 2 GB, c holds 2 GB and other programs hold 4 GB',
    ],
  ])('%j', (holders, words) => {
    expect(holdersText(holders)).toBe(words);
  });
});
