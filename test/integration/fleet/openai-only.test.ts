/** A server that speaks only OpenAI's dialect, from its address to a vector, by the whole core. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { createSimulatedMachine, type SimulatedMachine } from '../../../electron/simulator/machine.ts';
import { fact } from '../../../shared/models/message.ts';
import { startTestHost, type TestHost } from '../../contract/links.ts';

const { signal } = new AbortController();
const model = CATALOGUE.mxbaiEmbedLarge.name;
let test: TestHost;
let machine: SimulatedMachine;

beforeAll(async () => {
  test = await startTestHost();
  machine = await createSimulatedMachine({
    id: 'box',
    name: 'box',
    mac: '00:00:5e:00:53:45',
    wake: null,
    clock: createSystemClock(),
    speed: 50,
    ollama: { profile: '0.33', models: [CATALOGUE.mxbaiEmbedLarge], openAiOnly: 'vllm' },
  });
});
afterAll(async () => {
  await test.stop();
  await machine[Symbol.asyncDispose]();
});

it('is found, added, serves, and embeds where a GPU is needed', async () => {
  const { discovery, fleet, acquire } = test.host.core.services;
  const found = await discovery.inspect(`${machine.url}/v1`, signal);
  expect(found.ollama).toEqual({ url: machine.url, version: null, product: expect.any(String) });
  expect(found.problem).toBeUndefined();

  const { id } = fleet.add({ url: `${machine.url}/v1` });
  const isReady = () => {
    const node = fleet.get(id);
    return node?.state === 'serving' && node.installed.length > 0;
  };
  await new Promise<void>((resolve) => {
    const check = () => isReady() && resolve();
    fleet.onChange(check);
    check();
  });
  expect(fleet.get(id)).toMatchObject({
    url: machine.url,
    server: { product: 'vLLM', version: '0.11.2' },
    loaded: [],
    trouble: null,
  });

  const digest = fleet.get(id)?.installed[0]?.digest ?? '';
  await using acquired = await acquire.acquire({
    model: { name: model, digest },
    requirement: { capabilities: ['embeds'] },
    gpu: 'needed',
    purpose: fact('TEXT', { text: 'a test' }),
    by: 'job',
    signal,
  });
  expect(acquired).toMatchObject({ model, placement: null });
  expect((await acquired.server.embed(model, ['a', 'b'], signal)).vectors).toHaveLength(2);
  // Nothing was asked of it that it cannot do.
  const asked = machine.ollama.log().map(({ path }) => path);
  expect(asked).not.toContain('/api/generate');
  expect(asked).not.toContain('/api/embed');
});
