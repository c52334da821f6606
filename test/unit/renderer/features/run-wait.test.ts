import { describe, expect, it } from 'vitest';
import { runWait } from '../../../../renderer/features/index/run-wait.ts';
import { loadShare } from '../../../../renderer/features/models/load-share.ts';
import type { IndexJob } from '../../../../shared/models/indexing.ts';
import { aJob, aSource } from '../../../fakes/records.ts';
import { aNode, anInstalled } from '../../core/placement/support.ts';

const embedder = { kind: 'model', name: 'm', digest: 'd' } as const;
const source = (whenGpuGone: 'use-cpu' | 'wait') => ({ ...aSource(), id: 's', embedder, whenGpuGone });
const job: IndexJob = {
  ...aJob(),
  status: 'running',
  phase: 'waking',
  phaseNodeId: 'tower',
  sourceIds: ['s'],
  useGpu: true,
};
const nas = aNode({ id: 'nas', installed: [anInstalled({ digest: 'd' })] });

describe('what a run waits for', () => {
  it('is nothing while it works, or is paused', () => {
    expect(runWait({ ...job, phase: 'embedding' }, [source('wait')], [nas])).toBeNull();
    expect(runWait({ ...job, status: 'paused' }, [source('wait')], [nas])).toBeNull();
  });

  it('may be given up for a CPU that has the model', () => {
    expect(runWait(job, [source('wait')], [nas])).toEqual({
      nodeId: 'tower',
      mayUseCpu: true,
      fallsBack: false,
    });
    expect(runWait(job, [source('use-cpu')], [nas])).toEqual({
      nodeId: 'tower',
      mayUseCpu: true,
      fallsBack: true,
    });
    expect(runWait({ ...job, phase: 'waiting' }, [source('use-cpu')], [nas])).toMatchObject({
      fallsBack: false,
    });
  });

  it.each([
    ['no machine has it', { ...job }, [aNode({ installed: [anInstalled({ digest: 'other' })] })]],
    ['the machine that has it is off', { ...job }, [{ ...nas, state: 'off' as const }]],
    ['it uses the CPU already', { ...job, useGpu: false }, [nas]],
    ['its folder is another', { ...job, sourceIds: ['x'] }, [nas]],
  ])('may not where %s', (_, of, nodes) => {
    expect(runWait(of, [source('use-cpu')], nodes)).toMatchObject({ mayUseCpu: false, fallsBack: false });
  });
});

describe('the share of a load', () => {
  const none = { tookMs: 500, usualMs: null, takenBytes: null, neededBytes: null };
  it('goes by bytes, else by time, and is never whole', () => {
    expect(loadShare(none)).toBeNull();
    expect(loadShare({ ...none, usualMs: 1000 })).toBe(0.5);
    expect(loadShare({ ...none, usualMs: 100 })).toBeLessThan(1);
    expect(loadShare({ ...none, usualMs: 1000, takenBytes: 1, neededBytes: 4 })).toBe(0.25);
    expect(loadShare({ ...none, usualMs: 1000, takenBytes: 0, neededBytes: 4 })).toBe(0.5);
    expect(loadShare({ ...none, takenBytes: 9, neededBytes: 4 })).toBeLessThan(1);
  });
});
