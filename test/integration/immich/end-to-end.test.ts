/** Immich, the door of a core, and a machine that sleeps: the recorded requests, real agents, real runners. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EMBEDDING } from '../../fakes/face-graphs.ts';
import { recording, replay } from '../../fakes/replay.ts';
import { createImmichWorld, type ImmichWorld } from './sleeping-machine.ts';

let world: ImmichWorld;
let tower: string;
let attic: string;

beforeAll(async () => {
  world = await createImmichWorld({ pace: 10 });
  world.openDoor();
  for (const machine of [world.tower, world.attic]) await machine.boot();
  attic = world.add('attic', world.attic);
  tower = world.add('tower', world.tower);
  const soonOff = {
    powerOff: 'when-woken',
    idleMinutes: 1,
    countdownSeconds: 10,
    respectUsers: false,
  } as const;
  for (const id of [attic, tower]) world.core().services.shutdown.setPolicy(id, soonOff);
  await world.until(() => [attic, tower].every((id) => statusOf(id)?.ready === true), 'both runners report');
  await world.until(() => world.door().state === 'running', 'the door is open');
}, 90_000);
afterAll(() => world.stop(), 30_000);

const statusOf = (id: string) =>
  world
    .core()
    .services.runners.list()
    .find(({ nodeId, state }) => nodeId === id && state === 'ready')?.status ?? null;
const stateOf = (id: string) => world.core().services.fleet.get(id)?.state;
const ask = async (name: string) => {
  const [answer] = await replay(world.port, [recording(`immich/${name}`)]);
  if (answer === undefined) throw new Error('There is no answer.');
  return answer;
};
async function bothSleep(): Promise<void> {
  await Promise.all([world.tower.goOff(), world.attic.goOff()]);
  await world.until(() => [attic, tower].every((id) => stateOf(id) === 'off'), 'both are seen to be off');
}

it('sends pictures to the machine with the models while it is awake', async () => {
  const { status, body } = await ask('faces');
  expect(status).toBe(200);
  expect(body).toMatchObject({ imageHeight: 32, imageWidth: 48, 'facial-recognition': [{ score: 0.75 }] });
  expect(JSON.parse(body['facial-recognition'][0].embedding)).toHaveLength(EMBEDDING);
  expect(world.ran).toEqual([]);
});

it('while it sleeps: pongs, answers texts here, refuses what no runner can, and wakes nothing for these', async () => {
  await bothSleep();
  expect((await ask('ping')).body).toBe('pong');
  await world.until(
    () =>
      world
        .core()
        .services.runners.list()
        .some(({ from, status }) => from === 'this-computer' && status?.ready === true),
    'the runner here is ready',
  );
  expect(await ask('clip-textual')).toMatchObject({ status: 200, body: { clip: '[0,3,4,5,6,7,1,2]' } });
  expect(await ask('ocr')).toMatchObject({ status: 501, body: { code: 'PREDICT_NO_OCR' } });
  expect([world.ran, world.door().held]).toEqual([[], 0]);
  expect([world.tower.isOn(), world.attic.isOn()]).toEqual([false, false]);
});

it('wakes it once for many pictures, which wait and are answered; then it goes back to sleep by itself', async () => {
  const names = ['clip-visual', 'faces', 'faces-low-score', 'clip-visual', 'faces', 'clip-visual'];
  const answers = names.map(ask);
  await world.until(() => world.door().held === names.length, 'they wait');
  expect(world.door().lastWake).toMatchObject({ nodeId: tower, outcome: 'running' });
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(names.map(() => 200));
  expect([world.tower.boots(), world.attic.boots()]).toEqual([2, 1]);
  expect(new Set(world.ran)).toEqual(new Set(['wake tower']));
  expect(world.door()).toMatchObject({ held: 0, working: 0, bytes: 0, lastWake: { outcome: 'awake' } });
  const why = world.core().services.shutdown.get(tower).whyOn;
  expect(JSON.stringify(why)).toContain('Immich');
  await world.tower.until(false);
  await world.until(() => stateOf(tower) === 'off', 'it is seen to be off');
}, 60_000);

it('after a restart of the core, wakes the one machine that has the models', async () => {
  await world.restartCore();
  await world.until(() => world.door().state === 'running', 'the door is open again');
  await world.until(() => [attic, tower].every((id) => stateOf(id) === 'off'), 'both are seen to be off');
  world.ran.length = 0;
  const answer = await ask('clip-visual');
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  expect(new Set(world.ran)).toEqual(new Set(['wake tower']));
  expect(world.attic.isOn()).toBe(false);
}, 60_000);

it('answers 503 to pictures that waited as long as they may, and to none before', async () => {
  await bothSleep();
  world.setWakes(false);
  world.core().services.settings.update({ immich: { holdSeconds: 60 } });
  const startedAt = world.clock.monotonic();
  const answers = await Promise.all([ask('clip-visual'), ask('faces')]);
  expect(world.clock.monotonic() - startedAt).toBeGreaterThanOrEqual(60_000);
  for (const { status, headers, body } of answers) {
    // Its wake may have been given up before, by what is usual for it: then that is the reason.
    expect(status).toBe(503);
    expect(body.code).toMatch(/^IMMICH_(HELD_TOO_LONG|WAKE_FAILED)$/);
    expect(headers.get('retry-after')).not.toBeNull();
  }
  // The next ones find it awake, and nothing is left of those that failed.
  world.setWakes(true);
  world.core().services.settings.update({ immich: { holdSeconds: 240 } });
  expect(world.door()).toMatchObject({ held: 0, working: 0, bytes: 0 });
  expect((await ask('faces')).status).toBe(200);
}, 60_000);
