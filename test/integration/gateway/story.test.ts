/** A day of one machine: asleep, woken by a request, busy with two models, moved under traffic, idle, asleep. */
import { expect, it } from 'vitest';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { openGatewayWorld, towerAndNas } from '../../fakes/gateway-world.ts';

const CHAT = 'llama3.1:8b';
const CODE = 'qwen2.5-coder:14b';
const gib = 1024 ** 3;

it('wakes for a request, queues another model, moves under traffic without a loss, and sleeps again', async () => {
  const [tower, nas] = towerAndNas();
  if (tower === undefined || nas === undefined) throw new Error('There are two machines.');
  const gpus = [{ id: 'GPU-0', name: 'GPU', vramBytes: 16 * gib, baselineBytes: gib / 2, boardWatts: 450 }];
  const ollama = { ...tower.ollama, models: [CATALOGUE.llama31, CATALOGUE.qwenCoder], gpus };
  await using world = await openGatewayWorld({ machines: [{ ...tower, ollama }, nas] });
  const { services } = world.host.core;
  const id = world.nodes.tower ?? '';
  services.settings.update({ gateway: { slots: [{ nodeId: id, slots: 2 }] } });
  await world.untilNode('tower', ({ installed }) => installed.length > 0);
  await world.sleep('tower');
  expect(services.leases.ledger.list()).toEqual([]);

  async function ask(model: string): Promise<string> {
    const response = await world.post('/api/chat', {
      model,
      messages: [{ role: 'user', content: 'hi' }],
      options: { num_predict: 10 },
    });
    const lines = (await response.text()).trim().split('\n');
    const isWhole = lines.length > 1 && lines.at(-1)?.includes('"done":true');
    return response.status === 200 && isWhole ? model : `${response.status} ${lines.at(-1)}`;
  }

  // A request wakes it, and is streamed.
  expect(await ask(CHAT)).toBe(CHAT);
  expect(services.wake.wakes()).toEqual([]);
  expect(services.leases.ledger.list(id)).toHaveLength(1);

  // Requests for two models that do not fit together: each model is loaded for its requests, not in turn.
  const loads = () => world.fleet.control.machine('tower').ollama.log().length;
  const before = loads();
  const order: string[] = [];
  const mixed = Array.from({ length: 24 }, async (_, index) => {
    const model = index % 2 === 0 ? CHAT : CODE;
    const end = await ask(model);
    order.push(end);
    return end;
  });
  const ends = await Promise.all(mixed);
  expect(new Set(ends)).toEqual(new Set([CHAT, CODE]));
  expect(loads()).toBeGreaterThan(before);
  const changes = order.filter((model, index) => index > 0 && model !== order[index - 1]).length;
  expect(changes).toBeLessThan(12);

  // A person forces a move while requests arrive.
  const under = Array.from({ length: 40 }, () => ask(CHAT));
  const moving = services.placement.place({
    model: CHAT,
    target: 'cpu',
    nodeId: id,
    by: 'person',
    signal: new AbortController().signal,
  });
  expect(await moving).toMatchObject([{ outcome: 'moved', to: 'cpu' }]);
  expect(new Set(await Promise.all([...under, ask(CHAT)]))).toEqual(new Set([CHAT]));

  // Idle: the lease of the requests ends, and nothing keeps the machine from sleeping.
  await new Promise<void>((resolve) => {
    const isFree = () => services.leases.ledger.list(id).length === 0;
    if (isFree()) return resolve();
    const stop = services.leases.ledger.onChange(() => {
      if (!isFree()) return;
      stop();
      resolve();
    });
  });
  expect(services.shutdown.get(id).leases).toEqual([]);
  await world.sleep('tower');
  expect(services.fleet.get(id)?.state).toBe('off');
}, 150_000);
