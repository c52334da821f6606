/** The English of placement where it depends on the params. */
import { describe, expect, it } from 'vitest';
import { fact, type Message, plainText } from '../../../../shared/models/message.ts';
import { textOf } from '../../../../shared/text/index.ts';

const GIB = 2 ** 30;
const holder = (name: string | null, gigabytes: number) => ({ name, bytes: gigabytes * GIB });
const shortage = {
  node: 'tower',
  neededBytes: 23 * GIB,
  measured: true,
  totalBytes: 80 * GIB,
  availableBytes: 5 * GIB,
  holders: [],
};
const place = { placement: 'cpu', gpuShare: 0 } as const;
const location = fact('MODEL_LOCATION', {
  placement: 'partial',
  vramBytes: 2 * GIB,
  sizeBytes: 6 * GIB,
  gpuShare: 1 / 3,
});

describe('what uses the VRAM', () => {
  it.each([
    [[], ''],
    [[holder('python3', 74)], ': python3 uses 74 GB'],
    [[holder(null, 74)], ': programs other than Ollama use 74 GB'],
    [[holder('a', 3), holder(null, 2)], ': a uses 3 GB and other programs use 2 GB'],
    [
      ['a', 'b', 'c', 'd', 'e'].map((name) => holder(name, 2)),
      ': a uses 2 GB, b uses 2 GB, c uses 2 GB and other programs use 4 GB',
    ],
  ])('%j', (holders, users) => {
    expect(textOf(fact('VRAM_SHORTAGE', { ...shortage, holders }))).toBe(
      `It needs 23 GB of VRAM, but at most 5 GB of the 80 GB on tower can be freed${users}.`,
    );
  });

  it('a computed size is approximate', () => {
    expect(textOf(fact('VRAM_SHORTAGE', { ...shortage, measured: false }))).toContain('needs about 23 GB');
  });
});

describe('the end of a move', () => {
  it.each<[Message, string]>([
    [location, 'Only 33% of it is on the GPU: 2 GB of 6 GB.'],
    [
      fact('MOVED_TO_GPU', { location, evicted: ['a', 'b'] }),
      'Only 33% of it is on the GPU: 2 GB of 6 GB. To make room, a and b were unloaded.',
    ],
    [fact('MOVED_TO_GPU', { location: plainText('Here.'), evicted: [] }), 'Here.'],
    [
      fact('MOVED_TO_GPU', { location: plainText('Here.'), evicted: ['a'] }),
      'Here. To make room, a was unloaded.',
    ],
    [
      fact('SERVER_FAILURE', { error: plainText('The server failed.'), server: 'CUDA error' }),
      'The server failed. The server says: CUDA error.',
    ],
    [
      fact('SERVER_FAILURE', { error: plainText('The server says: CUDA error'), server: 'CUDA error' }),
      'The server says: CUDA error.',
    ],
    [
      fact('MOVE_UNDONE', {
        reason: fact('MOVE_CANCELLED'),
        state: [
          fact('STILL_THERE', { placement: 'cpu' }),
          fact('MODELS_RELOADED', { models: ['a'] }),
          fact('MODELS_NOT_RELOADED', {
            models: [
              { name: 'b', failure: plainText('No room.') },
              { name: 'c', failure: null },
            ],
          }),
        ],
      }),
      'It was cancelled. It is on the CPU, as before. a was loaded again. b and c could not be loaded again. b: No room.',
    ],
    [
      fact('UNKNOWN_WHETHER_LOADED', { models: ['a', 'b'], failure: plainText('Nothing answered.') }),
      'It is unknown whether a and b are still loaded: nothing answered.',
    ],
    [
      fact('UNKNOWN_WHETHER_LOADED', { models: [], failure: plainText('Nothing answered.') }),
      'Nothing answered.',
    ],
    [
      fact('WOULD_UNLOAD_PINNED', { models: ['a', 'b'] }),
      'It would unload a and b, which are pinned. Unpin them first.',
    ],
    [fact('MODEL_DOES_NOT_LOAD', { model: 'a', node: null }), 'a does not load on a removed machine.'],
  ])('%j', (message, text) => {
    expect(textOf(message)).toBe(text);
  });
});

describe('what the optimizer says', () => {
  const none = { nodes: 1, moved: 0, failed: 0, waiting: 0, right: 0 };
  it.each<[Message, string]>([
    [fact('MODELS_CHECKED', none), 'Checked 1 machine: no priority model is loaded.'],
    [
      fact('MODELS_CHECKED', { nodes: 3, moved: 1, failed: 2, waiting: 3, right: 4 }),
      'Checked 3 machines: 1 model moved to the GPU, 2 models could not be moved, 3 models not moved for now, 4 models already in place.',
    ],
    [
      fact('BACKS_OFF', { ...place, failures: 1, reason: null, retryMs: 60_000 }),
      'It is on the CPU. The last move failed. The next attempt is in 1 min.',
    ],
    [
      fact('BACKS_OFF', { ...place, failures: 3, reason: location, retryMs: 60_000 }),
      'It is on the CPU. The last 3 moves failed: only 33% of it is on the GPU: 2 GB of 6 GB. The next attempt is in 1 min.',
    ],
    [
      fact('MOVED_LATELY', {
        ...place,
        by: 'person',
        to: 'gpu',
        agoMs: 120_000,
        lasted: false,
        restMs: 480_000,
      }),
      'It is on the CPU. You moved it to the GPU 2 min ago, but it did not stay there. It is not moved again for 8 min.',
    ],
    [
      fact('WOULD_UNLOAD_KEPT', {
        placement: 'partial',
        gpuShare: 0.5,
        neededBytes: 6 * GIB,
        freeBytes: 4 * GIB,
        evicts: ['a', 'b'],
        kept: ['b'],
      }),
      'Only 50% of it is on the GPU. It needs 6 GB, and 4 GB of VRAM is free. A move would unload a and b, and b must stay: it is pinned or a priority, too.',
    ],
  ])('%j', (message, text) => {
    expect(textOf(message)).toBe(text);
  });
});
