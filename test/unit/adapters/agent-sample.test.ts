import { describe, expect, it } from 'vitest';
import { emptySample, readSample } from '../../../electron/adapters/agents/sample.ts';

const gpu = {
  id: 'card0',
  vendor: 'amd',
  name: 'AMD GPU',
  vramTotalBytes: 133_143_986_176,
  vramUsedBytes: 70_000_000_000,
  utilisationPercent: 98,
  temperatureCelsius: 60,
  powerWatts: 80,
};
const sent = (changes: Record<string, unknown>) => ({
  at: 1,
  host: { cpuPercent: 1, memoryTotalBytes: 2, memoryUsedBytes: 1 },
  gpus: [],
  problems: [],
  ...changes,
});

describe('whether an agent has said all its GPUs', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['it says so', { gpusRead: 'all' }, 'all'],
    ['it has not read them', { gpusRead: 'not-yet', problems: ['Not yet.'] }, 'not-yet'],
    ['a tool fails', { gpusRead: 'failed', problems: ['It hangs.'] }, 'failed'],
    ['a later version says something else', { gpusRead: 'half' }, 'failed'],
    ['an older agent has no problem', {}, 'all'],
    ['an older agent has a problem', { problems: ['It hangs.'] }, 'failed'],
  ])('%s', (_, changes, gpusRead) => {
    const sample = emptySample();
    expect(readSample(sent(changes), sample)).toBe(true);
    expect(sample.gpusRead).toBe(gpusRead);
  });

  it('a processor’s own graphics are known as such, and a card in the same place is not', () => {
    const sample = emptySample();
    readSample(sent({ gpus: [{ ...gpu, integrated: true }] }), sample);
    expect(sample.gpus[0]).toMatchObject({ integrated: true, vramTotalBytes: 133_143_986_176 });
    readSample(sent({ gpus: [gpu] }), sample);
    expect(sample.gpus[0]).not.toHaveProperty('integrated');
  });
});
