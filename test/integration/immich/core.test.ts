/** The door of a core: real sockets, the real service of the runners, a fleet that sleeps in memory. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOpenImmichDoor } from '../../../electron/adapters/immich/open.ts';
import { LINGER_MS } from '../../../electron/core/immich/keep-awake.ts';
import { createImmichService, type ImmichService } from '../../../electron/core/immich/service.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import { type FakeUpstream, PICTURE, startUpstream } from '../../fakes/immich.ts';
import { createFakeLeases, nodeView, silentLog } from '../../fakes/indexing.ts';
import { aRunnerStatus } from '../../fakes/runner.ts';
import {
  createRunnerWorld,
  memoryRunner,
  type RunnerWorld,
  runnerNodeOf,
  thisComputer,
} from '../../fakes/runner-world.ts';

const GRAPHS = ['clip/ViT-B-32__openai/visual', 'clip/ViT-B-32__openai/textual'];
let upstream: FakeUpstream;
let world: RunnerWorld;
let immich: ImmichService;
let leases: string[];
const changed = createEmitter<[Settings, Settings]>({ name: 'settings', log: silentLog });

function set(own: Partial<Settings['immich']>): void {
  const previous = world.settings;
  world.settings = { ...previous, immich: { ...previous.immich, ...own } };
  changed.emit(world.settings, previous);
}

beforeEach(async () => {
  upstream = await startUpstream();
  const tower = runnerNodeOf('tower', { agentUrl: upstream.url, canWake: true });
  world = createRunnerWorld([thisComputer, tower, nodeView({ id: 'nas' })]);
  world.runners.set(
    upstream.url,
    memoryRunner(world.clock, { status: aRunnerStatus({ provider: 'cuda', immich: GRAPHS }) }),
  );
  // A free port, which the schema leaves to no person.
  world.settings = { ...world.settings, immich: { ...world.settings.immich, on: true, port: 0 } };
  await world.start();
  leases = [];
  immich = createImmichService({
    clock: world.clock,
    log: silentLog,
    streams: world.streams,
    settings: { current: () => world.settings, onChange: changed.on },
    activity: { record: (entry) => void world.activity.push(entry) },
    runners: world.service,
    fleet: world.fleet,
    agents: { view: () => null },
    wakes: { ensureAwake: (nodeId, options) => world.power.ensureAwake(nodeId, options) },
    inFlight: world.inFlight,
    leases: createFakeLeases((nodeId, { code }) => {
      leases.push(`${nodeId} ${code}`);
      return { [Symbol.dispose]: () => void leases.splice(leases.indexOf(`${nodeId} ${code}`), 1) };
    }),
    interfaces: () => [],
    openDoor: createOpenImmichDoor({ clock: world.clock, log: silentLog }),
  });
  await immich.start();
});
afterEach(async () => {
  await immich.stop();
  await world.service.stop();
  await upstream.close();
});

async function predict(): Promise<number> {
  const form = new FormData();
  form.set('entries', JSON.stringify(PICTURE));
  form.set('image', new Blob([Buffer.alloc(100_000)]));
  const response = await fetch(`${immich.view().urls[0]}/predict`, { method: 'POST', body: form });
  await response.text();
  return response.status;
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await world.clock.flush();
}

/** The machine was seen with its models, and sleeps now. */
async function fallsAsleep(): Promise<void> {
  world.fleet.patch('tower', { state: 'off', canWake: true });
  await world.clock.flush();
}

describe('the door of a core', () => {
  it('sends a picture to the machine that is awake, under one lease that names Immich', async () => {
    expect(await predict()).toBe(200);
    expect(leases).toEqual(['tower USED_FOR_IMMICH']);
    await world.clock.advance(LINGER_MS);
    expect(leases).toEqual([]);
    expect(world.inFlight.onNode('tower')).toBe(0);
  });

  it('wakes it once for 50 pictures, with one lease', async () => {
    await fallsAsleep();
    const asked: string[] = [];
    world.power = {
      ensureAwake(nodeId, { by }) {
        asked.push(`${nodeId} ${by}`);
        return new Promise((resolve) => {
          const stop = world.fleet.onChange((node) => {
            if (node?.state !== 'serving') return;
            stop();
            resolve(node);
          });
        });
      },
    };
    const answers = Array.from({ length: 50 }, predict);
    await until(() => immich.view().held === 50);
    expect(asked).toEqual(['tower request']);
    expect(leases).toEqual(['tower USED_FOR_IMMICH']);
    world.fleet.patch('tower', { state: 'serving', canWake: false });
    expect(await Promise.all(answers)).toEqual(Array(50).fill(200));
    expect(upstream.bodies).toHaveLength(50);
    expect(leases).toEqual(['tower USED_FOR_IMMICH']);
    await world.clock.advance(LINGER_MS);
    expect(leases).toEqual([]);
  });

  it('answers 503 if its policy forbids the wake, ends the lease, and says so in Activity', async () => {
    await fallsAsleep();
    world.power = { ensureAwake: () => Promise.reject(new PilotlightError('WAKE_NOT_ALLOWED')) };
    expect(await predict()).toBe(503);
    expect(leases).toEqual([]);
    expect(world.activity.map(({ message }) => Object(message).code)).toContain('IMMICH_WAKE_FAILED');
    expect(immich.view().lastWake).toMatchObject({ nodeId: 'tower', outcome: 'failed' });
  });

  it('wakes nothing for a model that no runner has, and names it once', async () => {
    const runner = world.runners.get(upstream.url);
    if (runner) runner.status = { ...runner.status, immich: [] };
    await world.clock.advance(10_000);
    await fallsAsleep();
    expect(await predict()).toBe(503);
    expect(await predict()).toBe(503);
    expect(immich.view().missing).toEqual([GRAPHS[0]]);
    expect(leases).toEqual([]);
  });

  it('closes and opens as the settings say', async () => {
    set({ on: false });
    await until(() => immich.view().state === 'off');
    expect(immich.view().urls).toEqual([]);
    set({ on: true });
    await until(() => immich.view().state === 'running');
    expect(await predict()).toBe(200);
  });

  it('stays on this computer while nobody said who may connect', async () => {
    set({ listen: 'network' });
    await until(() => immich.view().problem !== null);
    expect(immich.view()).toMatchObject({
      state: 'running',
      listening: 'loopback',
      problem: { code: 'IMMICH_STAYS_LOCAL' },
    });
  });
});
