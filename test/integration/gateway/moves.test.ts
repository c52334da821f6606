/** Moves under traffic: real core, the gateway's real process, simulated machines. No request is dropped. */
import { expect, it } from 'vitest';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { type GatewayWorld, openGatewayWorld, towerAndNas } from '../../fakes/gateway-world.ts';

const CHAT = 'llama3.1:8b';
const OTHER = 'qwen2.5-coder:14b';
const gib = 1024 ** 3;
const never = new AbortController().signal;

/** `tower` has VRAM for one of its two models. */
function crowdedTower() {
  const [tower, nas] = towerAndNas();
  if (tower === undefined || nas === undefined) throw new Error('There are two machines.');
  return [
    {
      ...tower,
      ollama: {
        ...tower.ollama,
        models: [CATALOGUE.llama31, CATALOGUE.qwenCoder, CATALOGUE.mxbaiEmbedLarge],
        gpus: [{ id: 'GPU-0', name: 'GPU', vramBytes: 16 * gib, baselineBytes: gib / 2, boardWatts: 450 }],
      },
    },
    nas,
  ];
}

interface Traffic {
  /** Resolves when this many have been answered. */
  answered(count: number): Promise<void>;
  /** Sends no more, and resolves with how each ended. */
  end(): Promise<string[]>;
}

/** Clients that ask again as soon as they are answered, `clients` at once, until `end`. */
function send(
  world: GatewayWorld,
  { clients, model, tokens }: { clients: number; model: string; tokens: number },
): Traffic {
  const ends: string[] = [];
  const waiting = new Set<() => void>();
  let isOn = true;
  async function one(): Promise<string> {
    try {
      const response = await world.post('/api/generate', {
        model,
        prompt: 'hi',
        options: { num_predict: tokens },
      });
      const text = await response.text();
      const isWhole = text.trimEnd().split('\n').at(-1)?.includes('"done":true') ?? false;
      return response.status === 200 && isWhole ? 'whole' : `${response.status} ${text.slice(-300)}`;
    } catch (error) {
      return String(error);
    }
  }
  const running = Array.from({ length: clients }, async () => {
    while (isOn) {
      ends.push(await one());
      for (const check of [...waiting]) check();
    }
  });
  return {
    answered: (count) =>
      new Promise((resolve) => {
        const check = () => {
          if (ends.length < count) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    async end() {
      isOn = false;
      await Promise.all(running);
      return ends;
    },
  };
}

const place = (world: GatewayWorld, model: string, target: 'gpu' | 'cpu') =>
  world.host.core.services.placement.place({
    model,
    target,
    nodeId: world.nodes.tower ?? '',
    by: 'person',
    signal: never,
  });

async function openCrowded(): Promise<GatewayWorld> {
  const world = await openGatewayWorld({ machines: crowdedTower() });
  await world.untilNode('tower', ({ installed }) => installed.length > 0);
  await (
    await world.post('/api/generate', { model: CHAT, prompt: 'hi', options: { num_predict: 1 } })
  ).text();
  await world.untilNode('tower', ({ loaded }) => loaded.some(({ name }) => name === CHAT));
  return world;
}

it('drops none of 200 requests while a person moves the model to the CPU and back', async () => {
  await using world = await openCrowded();
  const traffic = send(world, { clients: 20, model: CHAT, tokens: 20 });
  await traffic.answered(40);
  expect(await place(world, CHAT, 'cpu')).toMatchObject([{ outcome: 'moved', to: 'cpu' }]);
  await traffic.answered(120);
  expect(await place(world, CHAT, 'gpu')).toMatchObject([{ outcome: 'moved', to: 'gpu' }]);
  await traffic.answered(200);
  const ends = await traffic.end();
  expect(ends.length).toBeGreaterThanOrEqual(200);
  expect(new Set(ends)).toEqual(new Set(['whole']));
}, 60_000);

it('drops none of 200 requests while a move unloads their model for another one', async () => {
  await using world = await openCrowded();
  const traffic = send(world, { clients: 20, model: CHAT, tokens: 20 });
  await traffic.answered(40);
  const [record] = await place(world, OTHER, 'gpu');
  expect(record).toMatchObject({ outcome: 'moved', to: 'gpu', evicted: [CHAT] });
  await traffic.answered(200);
  expect(new Set(await traffic.end())).toEqual(new Set(['whole']));
}, 60_000);

it('drops none of 200 requests while a move fails half-way and is undone', async () => {
  await using world = await openCrowded();
  const traffic = send(world, { clients: 20, model: CHAT, tokens: 20 });
  await traffic.answered(40);
  // The load ends where it is not wanted, after the model that answers was unloaded for it.
  world.fleet.setFault('tower', 'load-on-cpu', true);
  expect(await place(world, OTHER, 'gpu')).toMatchObject([{ outcome: 'failed', code: 'GPU_NOT_USED' }]);
  await traffic.answered(200);
  expect(new Set(await traffic.end())).toEqual(new Set(['whole']));
}, 60_000);

it('drops none of 200 requests while a person unloads the model again and again', async () => {
  await using world = await openCrowded();
  const traffic = send(world, { clients: 20, model: CHAT, tokens: 5 });
  const { placement } = world.host.core.services;
  for (const count of [30, 80, 130]) {
    await traffic.answered(count);
    await placement.unload({ model: CHAT, nodeId: world.nodes.tower ?? '', signal: never });
  }
  await traffic.answered(200);
  expect(new Set(await traffic.end())).toEqual(new Set(['whole']));
}, 60_000);
