import { describe, expect, it } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { createRunnerLink } from '../../../electron/adapters/runner/runner-link.ts';
import { createSimulatedFleet } from '../../../electron/simulator/fleet.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { RunnerStatus } from '../../../shared/models/runner.ts';
import { until } from './support.ts';

async function runnerOfLab() {
  const fleet = await createSimulatedFleet({ speed: 100 });
  const agent = fleet.machines.find(({ id }) => id === 'lab-2')?.agent;
  if (!agent) throw new Error('lab-2 has no agent.');
  const link = createRunnerLink({ http: createNodeHttp(), url: agent.url, token: agent.token });
  const { signal } = new AbortController();
  let status: RunnerStatus | null = null;
  let asking = false;
  await until(() => {
    if (!asking && status === null) {
      asking = true;
      link.status(signal).then(
        (answer) => (status = answer),
        () => (asking = false),
      );
    }
    return status !== null;
  });
  return { fleet, link, signal, first: status as unknown as RunnerStatus };
}

describe('the ONNX runner of a simulated machine', () => {
  it('has a ladder with the GPU first, and says that it is simulated', async () => {
    const { fleet, first } = await runnerOfLab();
    await using _ = fleet;
    expect(first).toMatchObject({ version: 'simulated', provider: 'webgpu', ready: true });
    expect(first.ladder.map(({ provider, state }) => [provider, state])).toEqual([
      ['cuda', 'absent'],
      ['webgpu', 'used'],
      ['cpu', 'untried'],
    ]);
    expect(first.models).toMatchObject([{ name: 'simulated-minilm', state: 'on-disk', provider: null }]);
  });

  it('embeds texts through the agent, and keeps the model in memory until it is dropped', async () => {
    const { fleet, link, signal, first } = await runnerOfLab();
    await using _ = fleet;
    const [model] = first.models;
    const request = { model: 'simulated-minilm', hash: model?.hash ?? null, as: 'passage' as const };
    const { vectors } = await link.embed({ ...request, texts: ['harbour tide', 'harbour tide'] }, signal);
    expect(vectors.map(({ length }) => length)).toEqual([384, 384]);
    expect(vectors[0]).toEqual(vectors[1]);
    const used = await link.status(signal);
    expect(used.models).toMatchObject([{ state: 'ready', provider: 'webgpu' }]);
    expect(used.totals).toMatchObject({ texts: 2, runs: 1, gpuRuns: 1 });
    await link.dropModel('simulated-minilm', signal);
    expect((await link.status(signal)).models).toMatchObject([{ state: 'on-disk' }]);
    const refused = await link.embed({ ...request, model: 'other', texts: ['x'] }, signal).catch(String);
    expect(refused).toBeTypeOf('string');
    const changed = await link
      .embed({ ...request, hash: '0'.repeat(64), texts: ['x'] }, signal)
      .catch((error: unknown) => (isPilotlightError(error) ? error.code : null));
    expect(changed).toBe('RUNNER_MODEL_CHANGED');
  });

  it('falls to the CPU with its GPU, and says why', async () => {
    const { fleet, link, signal } = await runnerOfLab();
    await using _ = fleet;
    fleet.setFault('lab-2', 'no-gpu-discovered', true);
    const { provider, ladder } = await link.status(signal);
    expect(provider).toBe('cpu');
    expect(ladder.find((rung) => rung.provider === 'webgpu')).toMatchObject({
      state: 'failed',
      reason: { code: 'RUNNER_PROVIDER_LOST' },
    });
  });
});
