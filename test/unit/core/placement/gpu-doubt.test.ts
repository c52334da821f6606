import { describe, expect, it } from 'vitest';
import { createGpuDoubt, type DoubtCircumstances } from '../../../../electron/core/placement/gpu-doubt.ts';
import { aGpu } from '../../../fakes/records.ts';
import { aLoaded, aNode, GB, type NodeChanges } from './support.ts';

const free = [aGpu({ vramTotalBytes: 24 * GB, vramUsedBytes: GB })];
const onGpu = aLoaded({ vramBytes: 6 * GB });
const onCpu = aLoaded();
const state = 'gpu-verified' as const;

/** A model was on the GPU and expired; then another program loaded it. */
function reloaded(node: NodeChanges = {}, circumstances: Partial<DoubtCircumstances> = {}): boolean {
  const doubt = createGpuDoubt();
  const all = { gpus: free, moving: null, keptOnCpu: () => false, ...circumstances };
  doubt.observe(aNode({ state, loaded: [onGpu] }), all);
  doubt.observe(aNode({ state }), all);
  return doubt.observe(aNode({ state, loaded: [onCpu], ...node }), all);
}

describe('a model that comes up on the CPU', () => {
  it.each<[string, boolean, boolean]>([
    ['although it was on the GPU and fits there', reloaded(), true],
    [
      'for want of VRAM',
      reloaded({}, { gpus: [aGpu({ vramTotalBytes: 24 * GB, vramUsedBytes: 20 * GB })] }),
      false,
    ],
    ['while nobody measures the VRAM', reloaded({}, { gpus: [] }), false],
    ['beside a model in VRAM', reloaded({ loaded: [onCpu, aLoaded({ name: 'b', vramBytes: GB })] }), false],
    ['because it is kept there', reloaded({}, { keptOnCpu: () => true }), false],
    ['during a move', reloaded({}, { moving: 'llama3.1:8b' }), false],
    ['on a node that is not verified anyway', reloaded({ state: 'serving' }), false],
    ['for the first time', reloaded({ loaded: [aLoaded({ name: 'new' })] }), false],
  ])('%s', (_, doubts, expected) => {
    expect(doubts).toBe(expected);
  });

  it('raises the doubt once', () => {
    const doubt = createGpuDoubt();
    const all = { gpus: free, moving: null, keptOnCpu: () => false };
    doubt.observe(aNode({ state, loaded: [onGpu] }), all);
    expect(doubt.observe(aNode({ state, loaded: [onCpu] }), all)).toBe(true);
    expect(doubt.observe(aNode({ state, loaded: [onCpu] }), all)).toBe(false);
    doubt.forget('node_1');
    expect(doubt.observe(aNode({ state, loaded: [onCpu] }), all)).toBe(false);
  });
});
