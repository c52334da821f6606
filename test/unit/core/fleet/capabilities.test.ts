/** A server is asked for what it can do, and for nothing else. */
import { expect, it } from 'vitest';
import type { ServerCapability } from '../../../../shared/models/fleet.ts';
import { serverCan } from '../../../../shared/server-can.ts';
import { createFakeFleetWorld } from '../../../fakes/fleet-world.ts';
import { aModel, createFakeInferenceServer } from '../../../fakes/inference-server.ts';

const url = 'http://192.168.1.20:8000';

async function worldWith(capabilities: ServerCapability[]) {
  const server = { ...createFakeInferenceServer(url), product: 'Other', capabilities: new Set(capabilities) };
  server.loadedModels.push(aModel());
  const world = createFakeFleetWorld({ connect: () => server });
  await world.fleet.start();
  const { id } = world.fleet.add({ url });
  await world.clock.advance(1000);
  return { ...world, server, node: world.fleet.require(id) };
}

it('one that neither lists models nor says where they are serves all the same', async () => {
  const world = await worldWith(['embeds']);
  expect(world.node).toMatchObject({
    state: 'serving',
    server: { product: 'Other', version: '0.33.0', capabilities: ['embeds'] },
    loaded: [],
    installed: [],
  });
  expect(new Set(world.server.calls)).toEqual(new Set(['loaded', 'version']));
  expect(serverCan(world.node, 'embeds')).toBe(true);
  expect(serverCan(world.node, 'moves')).toBe(false);
  await world.stop();
});

it('what it can do decides, not what it is called', async () => {
  const world = await worldWith(['lists-models', 'says-placement']);
  expect(world.node).toMatchObject({ loaded: [{ name: aModel().name }], installed: [{}] });
  await world.stop();
});
