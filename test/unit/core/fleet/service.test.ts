import { describe, expect, it } from 'vitest';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { createFakeFleetWorld } from '../../../fakes/fleet-world.ts';
import { aModel, anInstalledModel, asleep } from '../../../fakes/inference-server.ts';

const url = 'http://192.168.1.20:11434';
const never = new AbortController().signal;

async function startedWorld(options: Parameters<typeof createFakeFleetWorld>[0] = {}) {
  const world = createFakeFleetWorld(options);
  await world.fleet.start();
  return world;
}

describe('the registry', () => {
  it('always holds this computer, and saves it once', () => {
    const world = createFakeFleetWorld();
    expect(world.fleet.list()).toMatchObject([{ id: 'this-computer', kind: 'this-computer', url: null }]);
    const again = createFakeFleetWorld({ records: [...world.saved.values()] });
    expect(again.fleet.list()).toHaveLength(1);
    expect(() => world.fleet.remove('this-computer')).toThrow(PilotlightError);
  });

  it('saves what a person adds in one form, and nothing when a part is wrong', () => {
    const { fleet, saved } = createFakeFleetWorld();
    const node = fleet.add({
      url: '192.168.1.20',
      mac: '0000.5e00.5301',
      wakeDestinations: ['192.168.1.255 '],
    });
    expect(saved.get(node.id)).toMatchObject({
      name: '192.168.1.20',
      url,
      mac: '00:00:5E:00:53:01',
      wakeDestinations: ['192.168.1.255'],
    });
    expect(node).toMatchObject({ state: 'unknown', canWake: true, hasGpu: null });
    const before = [...saved.values()];
    expect(() => fleet.add({ url: 'gpu-box', mac: 'nonsense' })).toThrow(
      expect.objectContaining({ code: 'BAD_MAC', details: { field: 'mac', value: 'nonsense' } }),
    );
    expect(() => fleet.update(node.id, { name: 'new', wakeDestinations: ['x'] })).toThrow(
      expect.objectContaining({ code: 'BAD_DESTINATION' }),
    );
    expect(() => fleet.add({ url: `${url}/` })).toThrow(
      expect.objectContaining({ code: 'ALREADY_EXISTS', details: { field: 'url', nodeId: node.id } }),
    );
    expect([...saved.values()]).toEqual(before);
    expect(fleet.get(node.id)?.name).toBe('192.168.1.20');
  });

  it('changes only what is named; an empty MAC takes it away', () => {
    const { fleet, saved } = createFakeFleetWorld();
    const node = fleet.add({ url, mac: '00:00:5E:00:53:01', vramBytes: 8e9 });
    expect(fleet.update(node.id, { name: 'tower' })).toMatchObject({
      name: 'tower',
      mac: '00:00:5E:00:53:01',
    });
    expect(fleet.update(node.id, { mac: '' })).toMatchObject({ mac: null, canWake: false });
    expect(saved.get(node.id)).toMatchObject({ name: 'tower', vramBytes: 8e9 });
    expect(() => fleet.update('nobody', {})).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  it('forgets a node, ends the calls to it and tells', async () => {
    const world = createFakeFleetWorld();
    const node = world.fleet.add({ url });
    world.server(url).answer = 'hangs';
    const call = world.fleet.server(node.id)?.embed('m', ['x'], never);
    const waiting = world.fleet.waitFor(node.id, () => false, never);
    world.fleet.remove(node.id);
    await expect(call).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    await expect(waiting).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(world.streams.fleet.keys()).toEqual(['this-computer']);
    expect(world.saved.has(node.id)).toBe(false);
  });
});

describe('looking', () => {
  it('start does not wait for any node', async () => {
    const world = createFakeFleetWorld();
    const node = world.fleet.add({ url });
    world.server(url).answer = 'hangs';
    await world.fleet.start();
    expect(world.fleet.get(node.id)?.state).toBe('unknown');
    await world.stop();
  });

  it('reads ps with each probe, version and tags only with the first and after ten minutes', async () => {
    const world = await startedWorld();
    const node = world.fleet.add({ url });
    const server = world.server(url);
    await world.clock.advance(60_000);
    const count = (call: string) => server.calls.filter((one) => one === call).length;
    expect(count('loaded')).toBeGreaterThanOrEqual(12);
    expect(count('loaded')).toBeLessThanOrEqual(13);
    expect([count('version'), count('installed')]).toEqual([1, 1]);
    expect(world.fleet.get(node.id)).toMatchObject({ state: 'serving', server: { version: '0.33.0' } });
    expect(world.fleet.get(node.id)?.installed).toHaveLength(1);
    server.versionText = '0.34.0';
    await world.clock.advance(600_000);
    expect(count('version')).toBe(2);
    expect(world.fleet.get(node.id)?.server?.version).toBe('0.34.0');
    await world.stop();
  });

  it('reads the tags again when an unknown model is loaded', async () => {
    const world = await startedWorld();
    const node = world.fleet.add({ url });
    const server = world.server(url);
    await world.clock.advance(10_000);
    server.installedModels = [anInstalledModel(), anInstalledModel({ name: 'new:latest', digest: 'new' })];
    server.loadedModels = [aModel({ name: 'new:latest', digest: 'new' })];
    await world.clock.advance(6000);
    expect(server.calls.filter((call) => call === 'installed')).toHaveLength(2);
    expect(world.fleet.get(node.id)?.installed).toHaveLength(2);
    await world.stop();
  });

  it('reads the list of models again at once when it is said to have changed', async () => {
    const world = await startedWorld();
    const node = world.fleet.add({ url });
    const server = world.server(url);
    await world.clock.advance(10_000);
    server.installedModels = [anInstalledModel(), anInstalledModel({ name: 'new:latest', digest: 'new' })];
    world.fleet.probeSoon(node.id);
    await world.clock.advance(100);
    expect(world.fleet.get(node.id)?.installed).toHaveLength(1);
    world.fleet.probeSoon(node.id, { listChanged: true });
    await world.clock.advance(100);
    expect(world.fleet.get(node.id)?.installed).toHaveLength(2);
    await world.stop();
  });

  it('never overlaps itself, each probe times out, and a hanging host is off', async () => {
    const world = await startedWorld();
    const node = world.fleet.add({ url });
    const server = world.server(url);
    server.answer = 'hangs';
    for (let index = 0; index < 5; index += 1) world.fleet.probeSoon(node.id);
    await world.clock.advance(20_000);
    expect(server.looks.most).toBe(1);
    expect(world.fleet.get(node.id)?.state).toBe('off');
    await world.stop();
    expect(server.looks.now).toBe(0);
    expect(world.clock.pending()).toBe(0);
  });

  it('backs off from what is off, without a word in the log, and comes back', async () => {
    const world = await startedWorld();
    const node = world.fleet.add({ url });
    const server = world.server(url);
    server.answer = asleep();
    await world.clock.advance(30 * 60_000);
    // Every 5 s, it would be 360 probes.
    expect(server.calls.length).toBeGreaterThan(25);
    expect(server.calls.length).toBeLessThan(40);
    expect(world.logged).toEqual([]);
    expect(world.entries).toEqual([]);
    server.answer = 'serves';
    await world.clock.advance(70_000);
    expect(world.fleet.get(node.id)?.state).toBe('serving');
    expect(world.entries.map((entry) => entry.message.code)).toEqual(['NODE_CAME_BACK']);
    await world.stop();
  });

  it('one miss is no news; the second ends the calls under way and is written down', async () => {
    const world = await startedWorld();
    const node = world.fleet.add({ url });
    const server = world.server(url);
    server.loadedModels = [aModel()];
    await world.clock.advance(1000);
    expect(world.fleet.get(node.id)).toMatchObject({ state: 'gpu-verified', hasGpu: true });
    using _ = world.fleet.use(node.id, fact('USED_FOR_INDEXING', { folder: 'Notes' }));
    server.answer = 'hangs';
    const call = world.fleet.server(node.id)?.embed('m', ['x'], never) ?? Promise.reject();
    const ended = expect(call).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    server.answer = asleep();
    await world.clock.advance(5000);
    expect(world.fleet.get(node.id)?.state).toBe('gpu-verified');
    await world.clock.advance(1500);
    await ended;
    expect(world.fleet.get(node.id)).toMatchObject({
      state: 'off',
      loaded: [],
      hasGpu: true,
      uses: [fact('USED_FOR_INDEXING', { folder: 'Notes' })],
    });
    expect(world.entries).toMatchObject([
      {
        message: fact('NODE_DROPPED_OUT_INDEXING', { node: '192.168.1.20', folders: ['Notes'] }),
        severity: 'warning',
        notify: true,
        why: { code: 'MISSED_CHECKS', params: { checks: 2 } },
      },
    ]);
    await world.stop();
  });

  it('wrong answers are trouble with a next step, and end', async () => {
    const world = await startedWorld();
    const node = world.fleet.add({ url });
    const server = world.server(url);
    server.answer = { fails: new PilotlightError('NOT_AN_INFERENCE_SERVER') };
    await world.clock.advance(1000);
    expect(world.fleet.get(node.id)).toMatchObject({
      state: 'trouble',
      trouble: { code: 'NOT_AN_INFERENCE_SERVER', next: expect.stringContaining('11434') },
    });
    server.answer = 'serves';
    await world.clock.advance(6000);
    expect(world.fleet.get(node.id)).toMatchObject({ state: 'serving', trouble: null });
    expect(world.entries).toHaveLength(2);
    await world.stop();
  });

  it('tells only when people would see a difference', async () => {
    const world = await startedWorld();
    const node = world.fleet.add({ url });
    await world.clock.advance(10_000);
    const told = world.views.filter((view) => view.id === node.id).length;
    await world.clock.advance(10 * 60_000);
    expect(world.views.filter((view) => view.id === node.id)).toHaveLength(told);
    // When it last answered is known, and published with its next change.
    const { lastSeenAt, ...rest } = world.fleet.require(node.id);
    expect(world.streams.fleet.get(node.id)).toMatchObject(rest);
    expect(lastSeenAt).toBeGreaterThan(world.clock.now() - 60_000);
    world.server(url).answer = asleep();
    await world.clock.advance(60_000);
    expect(world.streams.fleet.get(node.id)).toMatchObject({ state: 'off', lastSeenAt });
    await world.stop();
  });

  it('a changed address starts from nothing', async () => {
    const world = await startedWorld();
    const node = world.fleet.add({ url });
    world.server(url).loadedModels = [aModel()];
    await world.clock.advance(1000);
    const other = 'http://192.168.1.21:11434';
    world.server(other).answer = asleep();
    expect(world.fleet.update(node.id, { url: other })).toMatchObject({
      state: 'unknown',
      url: other,
      installed: [],
    });
    await world.clock.advance(100);
    expect(world.fleet.get(node.id)?.state).toBe('off');
    await world.stop();
  });
});

describe('this computer', () => {
  const localServerUrl = 'http://127.0.0.1:11434';

  it('shows its server while one answers, and is no trouble when another program is there', async () => {
    const world = createFakeFleetWorld({ localServerUrl });
    const server = world.server(localServerUrl);
    server.answer = { fails: new PilotlightError('NOT_AN_INFERENCE_SERVER') };
    await world.fleet.start();
    await world.clock.advance(1000);
    expect(world.fleet.get('this-computer')).toMatchObject({
      state: 'off',
      url: null,
      server: null,
      trouble: null,
    });
    server.answer = 'serves';
    await world.clock.advance(70_000);
    expect(world.fleet.get('this-computer')).toMatchObject({ state: 'serving', url: localServerUrl });
    expect(() => world.fleet.add({ url: 'http://localhost:11434' })).toThrow(
      expect.objectContaining({ code: 'ALREADY_EXISTS' }),
    );
    await world.stop();
  });
});

describe('VRAM', () => {
  const gpu = {
    id: 'gpu-0',
    vendor: 'nvidia' as const,
    name: 'GPU',
    vramTotalBytes: 24e9,
    vramUsedBytes: 6e9,
    utilisationPercent: null,
    temperatureCelsius: null,
    powerWatts: null,
  };

  it('comes from tools, else from the person, else is unknown', async () => {
    const world = await startedWorld({ gpus: [gpu] });
    const unknown = world.fleet.add({ url });
    const told = world.fleet.add({ url: 'http://192.168.1.21:11434', vramBytes: 12e9 });
    const none = world.fleet.add({ url: 'http://192.168.1.22:11434', vramBytes: 0 });
    world.server(url).loadedModels = [aModel({ vramBytes: 3e9 }), aModel({ name: 'other', vramBytes: 1e9 })];
    await world.clock.advance(1000);
    expect(world.fleet.get('this-computer')).toMatchObject({
      hasGpu: true,
      vram: { totalBytes: 24e9, source: 'tools' },
    });
    expect(world.fleet.get(unknown.id)).toMatchObject({
      hasGpu: true,
      vram: { totalBytes: null, source: 'unknown' },
    });
    expect(world.fleet.get(told.id)).toMatchObject({
      hasGpu: true,
      vram: { totalBytes: 12e9, source: 'person' },
    });
    expect(world.fleet.get(none.id)).toMatchObject({
      hasGpu: false,
      vram: { totalBytes: 0, source: 'person' },
    });
    await world.stop();
  });
});
