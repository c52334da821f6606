import { describe, expect, it } from 'vitest';
import { vramState } from '../../../../electron/core/placement/fit.ts';
import { shortageMessage } from '../../../../electron/core/placement/move-message.ts';
import { roomOnGpu } from '../../../../electron/core/placement/room.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { GpuReading } from '../../../../shared/models/telemetry.ts';
import { aLoaded, GB, gpuReading, H100_TOTAL, PYTHON } from './support.ts';

const GIB = 1024 ** 3;
const small = aLoaded({ name: 'small', sizeBytes: 213_909_504, vramBytes: 213_909_504 });

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
    ['fits beside the program', 2 * GB, [gpuReading({ vramUsedBytes: 70 * GB })], 'fits'],
    ['fits but for the program', 23 * GB, [gpuReading()], 'taken'],
    ['fits but for programs without names', 23 * GB, [gpuReading({ processes: [] })], 'taken'],
    ['is larger than the card', 90 * GB, [gpuReading()], 'too-large'],
    ['is larger than the card, with nothing on it', 90 * GB, [gpuReading({ vramUsedBytes: 0 })], 'too-large'],
    // What the model itself and the driver need is not freed with the programs.
    ['is a little too large for the whole card', H100_TOTAL - GIB - 0.3 * GB, [gpuReading()], 'too-large'],
    ['has an unknown size', null, [gpuReading()], 'unknown'],
    ['is for a card of which nothing is known', 2 * GB, null, 'unknown'],
    [
      'is for a card that does not say what is in use',
      2 * GB,
      [gpuReading({ vramUsedBytes: null })],
      'unknown',
    ],
  ] as const)('of a model that %s', (_, bytes, gpus, kind) => {
    expect(ask(bytes, gpus && [...gpus]).kind).toBe(kind);
  });

  it('has no programs to name if no tool reports what is in use', () => {
    expect(ask(90 * GB, null, [small], H100_TOTAL)).toMatchObject({
      kind: 'too-large',
      shortage: { holders: [], availableBytes: H100_TOTAL, evicts: ['small'] },
    });
  });

  it('of a model that is loaded includes its own VRAM, which is not of another program', () => {
    const own = aLoaded({ sizeBytes: 60 * GB, vramBytes: 20 * GB });
    const gpus = [
      gpuReading({ vramUsedBytes: 50 * GB, processes: [{ name: 'game', vramUsedBytes: 29 * GB }] }),
    ];
    const room = roomOnGpu({
      size: size(60 * GB),
      vram: vramState({ gpus, loaded: [own], vram: { totalBytes: null, source: 'unknown' } }),
      gpus,
      own,
      others: [],
      inFlight: () => 0,
    });
    expect(room).toMatchObject({
      kind: 'taken',
      shortage: {
        availableBytes: H100_TOTAL - 30 * GB,
        holders: [{ name: 'game', bytes: 29 * GB }],
        evicts: [],
      },
    });
  });

  it('on one of two GPUs is at most what is free there without the programs', () => {
    const halfFull = { vramTotalBytes: 24 * GB, vramUsedBytes: 14 * GB, processes: [] };
    const gpus = [gpuReading(halfFull), gpuReading({ id: 'b', ...halfFull })];
    expect(ask(43 * GB, gpus, []).kind).toBe('too-large');
    expect(ask(36 * GB, gpus, []).kind).toBe('taken');
  });

  it('is not measured if a person entered the total and no tool reports what is in use', () => {
    expect(ask(2 * GB, null, [small], H100_TOTAL)).toMatchObject({ kind: 'fits', measured: false });
  });

  it('has the figures of a shortage, the programs, and the models that would be unloaded', () => {
    const room = ask(23 * GB, [gpuReading()]);
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
    const { evicts: _, ...figures } = room.shortage;
    expect(shortageMessage('tower', room.shortage)).toEqual(
      fact('VRAM_SHORTAGE', { node: 'tower', ...figures }),
    );
  });
});
