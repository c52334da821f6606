import { describe, expect, it } from 'vitest';
import { speechNode } from '../../../../electron/core/runner/speech-node.ts';
import type { RunnerModel, RunnerStatus } from '../../../../shared/models/runner.ts';

const model = (changes: Partial<RunnerModel> = {}): RunnerModel => ({
  name: 'whisper',
  kind: 'speech',
  hash: 'abc',
  precision: 'int8',
  sizeBytes: 100,
  dimensions: null,
  maxTokens: null,
  licence: null,
  state: 'ready',
  provider: 'cpu',
  ladder: [],
  problem: null,
  usedAt: null,
  expiresAt: 5,
  ...changes,
});
function runner(
  models: RunnerModel[],
  changes: Partial<{ from: string; url: string | null; usable: boolean; reach: string }> = {},
) {
  const { from = 'this-computer', url = 'http://127.0.0.1:5', usable = true, reach = 'ready' } = changes;
  const status = { version: '1', provider: 'cpu', models } as unknown as RunnerStatus;
  return {
    address: { from, url },
    status: () => status,
    usable: () => usable,
    reach: () => reach,
  } as unknown as Parameters<typeof speechNode>[0][number];
}

describe('speechNode', () => {
  it('lists the speech models of the runner of this computer, and no others', () => {
    const node = speechNode([
      runner([model({ name: 'far' })], { from: 'agent' }),
      runner([
        model(),
        model({ name: 'texts', kind: 'text' }),
        model({ name: 'idle', state: 'on-disk', provider: null }),
        model({ name: 'broken', state: 'failed' }),
      ]),
    ]);
    expect(node).toMatchObject({
      id: 'runner',
      url: 'http://127.0.0.1:5',
      dialects: ['openai'],
      serving: true,
      hasGpu: false,
    });
    expect(node?.installed.map(({ name }) => name)).toEqual(['whisper', 'idle']);
    expect(node?.loaded).toEqual([
      {
        name: 'whisper',
        digest: 'abc',
        sizeBytes: 100,
        vramBytes: 0,
        expiresAt: 5,
        contextLength: null,
        gpuShare: 0,
      },
    ]);
  });

  it('says that a model is on the GPU, and that the runner cannot answer now', () => {
    const node = speechNode([runner([model({ provider: 'webgpu' })], { usable: false })]);
    expect(node).toMatchObject({ serving: false, loaded: [{ vramBytes: 100, gpuShare: 1 }] });
  });

  it('takes requests while it gets ready: the runner itself says how long', () => {
    const node = speechNode([runner([model()], { usable: false, reach: 'not-ready' })]);
    expect(node).toMatchObject({ serving: true });
  });

  it('is null without speech models, without an address, and without a runner here', () => {
    expect(speechNode([runner([model({ kind: 'text' })])])).toBeNull();
    expect(speechNode([runner([model()], { url: null })])).toBeNull();
    expect(speechNode([runner([model()], { from: 'address' })])).toBeNull();
    expect(speechNode([])).toBeNull();
  });
});
