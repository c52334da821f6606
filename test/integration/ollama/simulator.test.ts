import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOllamaServer } from '../../../electron/adapters/inference/ollama.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import type { InferenceServer } from '../../../electron/core/ports/inference.ts';
import { createSimulatedFleet, type SimulatedFleet } from '../../../electron/simulator/fleet.ts';

const clock = createSystemClock();
const signal = AbortSignal.timeout(55_000);
const http = createNodeHttp();
let fleet: SimulatedFleet;

function serverOf(id: string): InferenceServer {
  const machine = fleet.machines.find((one) => one.id === id);
  if (!machine) throw new Error(`There is no ${id}.`);
  return createOllamaServer({ http, url: machine.url });
}

/** Asks again until the answer fits: an unload happens after its answer. */
async function eventually<Value>(ask: () => Promise<Value>, fits: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await ask().catch(() => undefined);
    if (value !== undefined && fits(value)) return value;
    await clock.sleep(10, signal);
  }
}

beforeAll(async () => {
  fleet = await createSimulatedFleet({ speed: 50 });
  fleet.control.wake('gpu-tower');
  await eventually(
    () => serverOf('gpu-tower').version(signal),
    () => true,
  );
});

afterAll(async () => {
  http.close();
  await fleet.stop();
});

for (const { id, profile, generator, embedder } of [
  { id: 'gpu-tower', profile: '0.33', generator: 'llama3.1:8b', embedder: 'mxbai-embed-large:latest' },
  { id: 'lab-2', profile: '0.24', generator: 'llama3.2:3b', embedder: 'nomic-embed-text:latest' },
]) {
  describe(`the ${profile} profile`, () => {
    it('tells its version and its models', async () => {
      const server = serverOf(id);
      expect(await server.version(signal)).toMatch(new RegExp(`^${profile.replace('.', '\\.')}`));
      const installed = await server.installed(signal);
      expect(installed.map((model) => model.name)).toEqual(expect.arrayContaining([generator, embedder]));
      const model = installed.find(({ name }) => name === embedder);
      expect(model?.digest).toMatch(/^[0-9a-f]{64}$/);
      // Only 0.30 and later say in tags what a model can do.
      expect(model?.capabilities).toEqual(profile === '0.33' ? expect.arrayContaining(['embedding']) : null);
    });

    it('describes a model', async () => {
      const described = await serverOf(id).describe(embedder, signal);
      expect(described.capabilities).toContain('embedding');
      expect(described.capabilities).not.toContain('completion');
      expect(described.embeddingLength).toBeGreaterThan(0);
      expect(described.blockCount).toBeGreaterThan(0);
      expect(described.contextLength).toBeGreaterThan(0);
    });

    it('loads an embedding-only model without having read the list first, and embeds in order', async () => {
      const server = serverOf(id);
      await server.load(embedder, { layers: 'auto', keepAliveSeconds: -1 }, signal);
      const loaded = (await server.loaded(signal)).find(({ name }) => name === embedder);
      expect(loaded).toMatchObject({ vramBytes: loaded?.sizeBytes, expiresAt: null });
      const { vectors, serverMs } = await server.embed(embedder, ['a cat', 'a train', 'a cat'], signal);
      const [one, two, again] = vectors;
      expect(serverMs).toBeGreaterThan(0);
      expect(one).toBeInstanceOf(Float32Array);
      expect(one).toEqual(again);
      expect(one).not.toEqual(two);
      expect(await server.embed(embedder, [], signal)).toEqual({ vectors: [], serverMs: null });
    });

    it('loads a model to the CPU and to the GPU, and unloads it', async () => {
      const server = serverOf(id);
      await server.load(generator, { layers: 'cpu', keepAliveSeconds: 600 }, signal);
      const find = async () => (await server.loaded(signal)).find(({ name }) => name === generator);
      const onCpu = await find();
      expect(onCpu?.vramBytes).toBe(0);
      expect(onCpu?.expiresAt).toBeGreaterThan(Date.now());
      const blocks = (await server.describe(generator, signal)).blockCount ?? 0;
      await server.load(generator, { layers: blocks + 1, keepAliveSeconds: -1, contextLength: 2048 }, signal);
      expect(await find()).toMatchObject({ contextLength: 2048, expiresAt: null });
      expect((await find())?.vramBytes).toBeGreaterThan(0);
      await server.unload(generator, signal);
      const left = await eventually(
        () => server.loaded(signal),
        (models) => models.every(({ name }) => name !== generator),
      );
      expect(left.map(({ name }) => name)).toContain(embedder);
    });

    it('says when the model is missing, whatever the call', async () => {
      const server = serverOf(id);
      const missing = 'not-there:latest';
      const options = { layers: 'auto', keepAliveSeconds: null } as const;
      await expect(server.describe(missing, signal)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
      await expect(server.load(missing, options, signal)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
      await expect(server.embed(missing, ['x'], signal)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    });

    it('says when the memory is out, with the words of the server', async () => {
      const server = serverOf(id);
      fleet.setFault(id, 'oom-on-explicit-layers', true);
      try {
        const failed = server.load(generator, { layers: 999, keepAliveSeconds: null }, signal);
        await expect(failed).rejects.toMatchObject({
          code: 'OUT_OF_MEMORY',
          details: { status: 500, server: expect.stringMatching(/memory/) },
        });
      } finally {
        fleet.setFault(id, 'oom-on-explicit-layers', false);
      }
    });
  });
}

it('gives back the very same list while nothing changes', async () => {
  const server = serverOf('nas');
  const first = await server.loaded(signal);
  expect(await server.loaded(signal)).toBe(first);
});
