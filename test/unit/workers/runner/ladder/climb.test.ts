import { describe, expect, it } from 'vitest';
import { ProcessEnded } from '../../../../../electron/workers/runner/inference/link.ts';
import { climb } from '../../../../../electron/workers/runner/ladder/climb.ts';
import { rung } from '../../../../../electron/workers/runner/ladder/decide.ts';
import { PilotlightError } from '../../../../../shared/contract/errors.ts';
import { fact } from '../../../../../shared/models/message.ts';
import type { RunnerProvider } from '../../../../../shared/models/runner.ts';
import { floatTensor } from '../../../../fakes/runner-graphs.ts';

const answers = { y: floatTensor([1, 2], [1, 2]) };
const tried: RunnerProvider[] = [];

function options(times: Partial<Record<RunnerProvider, number | Error>>) {
  tried.length = 0;
  return {
    file: 'model.onnx',
    feeds: {},
    rungs: ['cuda', 'webgpu', 'cpu'] as RunnerProvider[],
    compiled: ['cpu', 'webgpu', 'cuda'] as RunnerProvider[],
    failed: [],
    cosine: 0.9995,
    mustBeFaster: true,
    async tryOn({ provider }: { provider: RunnerProvider }) {
      tried.push(provider);
      const ms = times[provider];
      if (ms === undefined || ms instanceof Error) throw ms;
      return { ms, answers, share: provider === 'cpu' ? 1 : 0.8 };
    },
  };
}
const states = (ladder: Awaited<ReturnType<typeof climb>>) =>
  ladder.map(({ provider, state }) => `${provider} ${state}`);

describe('climbing the ladder', () => {
  it('stops at the first provider that is faster than the CPU', async () => {
    const ladder = await climb(options({ cpu: 10, cuda: 3, webgpu: 1 }));
    expect(states(ladder)).toEqual(['cuda used', 'webgpu untried', 'cpu untried']);
    expect(tried).toEqual(['cpu', 'cuda']);
  });

  it('goes on to the next one, and ends on the CPU', async () => {
    const ladder = await climb(options({ cpu: 10, cuda: 30, webgpu: 20 }));
    expect(states(ladder)).toEqual(['cuda slower', 'webgpu slower', 'cpu used']);
  });

  it.each([
    ['crashed', new ProcessEnded('crashed', ''), 'RUNNER_PROVIDER_CRASHED'],
    ['was killed', new ProcessEnded('outside', ''), 'RUNNER_PROVIDER_CRASHED'],
    ['hung', new ProcessEnded('hung', ''), 'RUNNER_PROVIDER_HUNG'],
    [
      'said why not',
      new PilotlightError('RUNNER_BAD_GRAPH', { details: { reason: 'no adapter' } }),
      'RUNNER_PROVIDER_FAILED',
    ],
  ])('says that a provider %s', async (_name, error, code) => {
    const ladder = await climb(options({ cpu: 10, cuda: error, webgpu: 2 }));
    expect(states(ladder)).toEqual(['cuda failed', 'webgpu used', 'cpu untried']);
    expect(ladder[0]?.reason?.code).toBe(code);
  });

  it('does not try what is not built in, or failed with the small graph', async () => {
    const known = rung('cuda', 'failed', fact('RUNNER_PROVIDER_CRASHED', { provider: 'cuda' }));
    const ladder = await climb({ ...options({ cpu: 1 }), compiled: ['cpu', 'cuda'], failed: [known] });
    expect(states(ladder)).toEqual(['cuda failed', 'webgpu absent', 'cpu used']);
    expect(tried).toEqual([]);
  });

  it('fails with the CPU, because then the graph is no good', async () => {
    await expect(climb(options({ cpu: new PilotlightError('RUNNER_BAD_GRAPH') }))).rejects.toMatchObject({
      code: 'RUNNER_BAD_GRAPH',
    });
  });

  describe('with a few values first', () => {
    const few = { x: floatTensor([1], [1]) };
    /** Times of each provider: with few values, and with the others. */
    function withFew(times: Partial<Record<RunnerProvider, readonly [few: number | Error, many: number]>>) {
      const sizes: string[] = [];
      const given = {
        ...options({}),
        rungs: ['webgpu', 'cpu'] as RunnerProvider[],
        fewFeeds: few,
        async tryOn({ provider, feeds }: { provider: RunnerProvider; feeds: object }) {
          const isFew = feeds === few;
          sizes.push(`${provider} ${isFew ? 'few' : 'many'}`);
          const ms = times[provider]?.[isFew ? 0 : 1];
          if (ms === undefined || ms instanceof Error) throw ms;
          return { ms, answers, share: 1 };
        },
      };
      return { given, sizes };
    }

    it('does not try more of a provider that is slower by far', async () => {
      const { given, sizes } = withFew({ cpu: [2, 20], webgpu: [500, 30_000] });
      const ladder = await climb(given);
      expect(states(ladder)).toEqual(['webgpu slower', 'cpu used']);
      expect(ladder[0]).toMatchObject({ ms: 500, cpuMs: 2, reason: { code: 'RUNNER_PROVIDER_SLOWER' } });
      expect(sizes).not.toContain('webgpu many');
    });

    it('tries more of one that may catch up, and judges it by that', async () => {
      const { given } = withFew({ cpu: [2, 20], webgpu: [10, 5] });
      expect(states(await climb(given))).toEqual(['webgpu used', 'cpu untried']);
      const slow = withFew({ cpu: [2, 20], webgpu: [1, 30] });
      expect(states(await climb(slow.given))).toEqual(['webgpu slower', 'cpu used']);
    });

    it('says what failed with them', async () => {
      const { given, sizes } = withFew({ cpu: [2, 20], webgpu: [new ProcessEnded('hung', ''), 5] });
      expect((await climb(given))[0]?.reason?.code).toBe('RUNNER_PROVIDER_HUNG');
      expect(sizes).not.toContain('webgpu many');
    });
  });
});
