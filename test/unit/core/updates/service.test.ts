import { describe, expect, it } from 'vitest';
import type { Release, UpdateRecord, Updates } from '../../../../electron/core/ports/updates.ts';
import { createStreams } from '../../../../electron/core/runtime/streams.ts';
import { createUpdatesService } from '../../../../electron/core/updates/service.ts';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../../shared/models/activity.ts';
import type { defaultSettings } from '../../../../shared/models/settings.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { fileOf, manifestOf } from '../../../fakes/updates/signed-release.ts';
import { createStandInInstaller } from '../../../fakes/updates/stand-in-installer.ts';

const noLog = { debug() {}, info() {}, warn() {}, error() {} };
const never = new AbortController().signal;
const DAY_MS = 86_400_000;
const address = 'https://updates.example/latest';

type Settings = Pick<typeof defaultSettings, 'updates'>;

function setup(
  change: Partial<Updates> & {
    check?: 'ask' | 'on' | 'off';
    record?: UpdateRecord | null;
    version?: string;
    kept?: string | null;
    withoutInstaller?: boolean;
  } = {},
) {
  const { check = 'ask', record = null, version = '1.0.0', kept = '/kept/1.0.0', ...rest } = change;
  const clock = createFakeClock();
  const streams = createStreams({ clock, epoch: 'epoch', log: noLog });
  const installer = createStandInInstaller(kept);
  const activity: NewActivityEntry[] = [];
  const world = {
    release: { manifest: manifestOf(), etag: '"1"' } as Release | 'unchanged' | PilotlightError,
    asked: [] as { address: string; etag: string | null }[],
    /** Resolves what was asked; without it, answers come at once. */
    held: null as Promise<void> | null,
    fetched: [] as string[],
    fetching: null as PromiseWithResolvers<string> | null,
    report: (_bytes: number) => {},
    intact: true,
    removed: [] as string[],
    record,
    full: false,
  };
  let settings: Settings = { updates: { check, address: null } };
  const listeners = new Set<(settings: Settings) => void>();
  const updates: Updates = {
    form: 'appimage',
    address,
    hasKeys: true,
    system: { os: 'linux', arch: 'x64' },
    state: 20,
    source: {
      async read({ address: from, etag, signal }) {
        world.asked.push({ address: from, etag });
        await world.held;
        signal.throwIfAborted();
        if (world.release instanceof PilotlightError) throw world.release;
        return world.release;
      },
    },
    downloads: {
      fetch({ file, onProgress, signal }) {
        world.fetched.push(file.name);
        world.report = onProgress;
        const fetching = Promise.withResolvers<string>();
        world.fetching = fetching;
        signal.addEventListener('abort', () => fetching.reject(signal.reason), { once: true });
        return fetching.promise;
      },
      isIntact: async () => world.intact,
      async remove(path) {
        world.removed.push(path);
      },
    },
    records: {
      read: () => world.record,
      write(next) {
        if (world.full) throw new PilotlightError('DISK_FULL');
        world.record = next;
      },
    },
    installer: change.withoutInstaller ? null : installer,
    changes: async () => '## 1.1.0\n\n- New.\n\n## 1.0.0\n\n- First.\n',
    ...rest,
  };
  const service = createUpdatesService({
    ...{ clock, random: () => 0.5, log: noLog, version, updates, streams },
    settings: {
      current: () => settings,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    activity: { record: (entry) => activity.push(entry) as never },
  });
  return {
    ...{ clock, streams, service, installer, activity, world },
    set(next: Partial<Settings['updates']>) {
      settings = { updates: { ...settings.updates, ...next } };
      for (const listener of [...listeners]) listener(settings);
    },
    async downloaded() {
      await service.check(never);
      service.download();
      world.fetching?.resolve('/downloads/9.0.0');
      await clock.flush();
    },
  };
}

const codeOf = (call: () => unknown) =>
  Promise.resolve()
    .then(call)
    .then(
      () => 'done',
      (error: unknown) => (isPilotlightError(error) ? error.code : String(error)),
    );

describe('checks', () => {
  it('happen once a day, and only after a person agreed', async () => {
    const { clock, service, set, world } = setup();
    service.start();
    await clock.advance(10 * DAY_MS);
    expect(world.asked).toEqual([]);
    set({ check: 'on' });
    await clock.flush();
    expect(world.asked).toEqual([{ address, etag: null }]);
    await clock.advance(1.1 * DAY_MS);
    expect(world.asked).toHaveLength(2);
    expect(world.asked[1]).toEqual({ address, etag: '"1"' });
    set({ check: 'off' });
    await clock.advance(10 * DAY_MS);
    expect(world.asked).toHaveLength(2);
    await service.stop();
  });

  it.each(['package', 'container', 'source'] as const)('never happen in a %s', async (form) => {
    const { clock, service, world } = setup({ form, check: 'on' });
    service.start();
    await clock.advance(3 * DAY_MS);
    expect(await codeOf(() => service.check(never))).toBe('UPDATES_ELSEWHERE');
    expect(world.asked).toEqual([]);
    expect(service.view()).toMatchObject({ checks: false, instead: { code: expect.any(String) } });
    await service.stop();
  });

  it('never happen in a build without keys', async () => {
    const { service, world } = setup({ hasKeys: false });
    expect(await codeOf(() => service.check(never))).toBe('UPDATES_ELSEWHERE');
    expect(world.asked).toEqual([]);
  });

  it('need an address, of the build or of a person', async () => {
    const { service, set, world } = setup({ address: null });
    expect(await codeOf(() => service.check(never))).toBe('UPDATE_NO_ADDRESS');
    set({ address: 'https://own.example' });
    await service.check(never);
    expect(world.asked).toEqual([{ address: 'https://own.example', etag: null }]);
  });

  it('report what there is once', async () => {
    const { activity, clock, service, set } = setup();
    service.start();
    set({ check: 'on' });
    await clock.advance(3 * DAY_MS);
    expect(activity.map(({ message }) => message.code)).toEqual(['UPDATE_FOUND']);
    expect(service.view()).toMatchObject({
      state: 'available',
      checkedAt: expect.any(Number),
      offer: { version: '9.0.0', notes: expect.stringContaining('Faster'), sizeBytes: 7 },
    });
    await service.stop();
  });

  it('keep what was found while the server says that nothing has changed', async () => {
    const { service, world } = setup();
    await service.check(never);
    world.release = 'unchanged';
    expect(await service.check(never)).toMatchObject({ state: 'available', offer: { version: '9.0.0' } });
  });

  it('forget what another address offered', async () => {
    const { service, set, world } = setup();
    await service.check(never);
    set({ address: 'https://own.example' });
    expect(service.view()).toMatchObject({ state: 'idle', offer: null, found: null });
    await service.check(never);
    expect(world.asked.at(-1)).toEqual({ address: 'https://own.example', etag: null });
  });

  it('don’t believe an answer that was asked of the address before', async () => {
    const { clock, service, set, world } = setup();
    const held = Promise.withResolvers<void>();
    world.held = held.promise;
    const checking = codeOf(() => service.check(never));
    await clock.flush();
    expect(service.view().state).toBe('checking');
    set({ address: 'https://own.example' });
    held.resolve();
    expect(await checking).toBe('CANCELLED');
    expect(service.view()).toMatchObject({ state: 'idle', offer: null, problem: null });
  });

  it('happen one at a time, and can be cancelled', async () => {
    const { clock, service, world } = setup();
    const held = Promise.withResolvers<void>();
    world.held = held.promise;
    const checking = codeOf(() => service.check(never));
    await clock.flush();
    expect(await codeOf(() => service.check(never))).toBe('UPDATE_BUSY');
    await service.cancel();
    held.resolve();
    expect(await checking).toBe('CANCELLED');
    expect(service.view()).toMatchObject({ state: 'idle', problem: null });
  });

  it('show why they failed, until the next one', async () => {
    const { service, world } = setup();
    world.release = new PilotlightError('UPDATE_SIGNATURE');
    expect(await codeOf(() => service.check(never))).toBe('UPDATE_SIGNATURE');
    expect(service.view()).toMatchObject({
      state: 'idle',
      offer: null,
      problem: { code: 'UPDATE_SIGNATURE' },
    });
    world.release = { manifest: manifestOf(), etag: null };
    expect((await service.check(never)).problem).toBeNull();
  });

  it.each([
    [manifestOf({ version: '1.0.0' }), 'UPDATE_IS_CURRENT'],
    [manifestOf({ version: '0.9.0' }), 'UPDATE_IS_CURRENT'],
    [manifestOf({ version: '9.0.0-beta.1', channel: 'beta' }), 'UPDATE_OTHER_CHANNEL'],
    [manifestOf({ rollout: 0.4 }), 'UPDATE_HELD_BACK'],
    [manifestOf({ minimumVersion: '8.0.0' }), 'UPDATE_NEEDS_STEP'],
    [manifestOf({ files: [fileOf(Buffer.from('a'), { os: 'win32' })] }), 'UPDATE_NO_FILE'],
  ])('find nothing to offer in %j', async (manifest, code) => {
    const { service, world } = setup();
    world.release = { manifest, etag: null };
    expect(await service.check(never)).toMatchObject({ state: 'idle', offer: null, found: { code } });
    expect(await codeOf(() => service.download())).toBe('UPDATE_NONE');
  });
});

describe('a download', () => {
  it('is begun by a person, shows its progress and ends ready', async () => {
    const { clock, service, world } = setup();
    expect(await codeOf(() => service.download())).toBe('UPDATE_NONE');
    await service.check(never);
    expect(service.download()).toMatchObject({
      state: 'downloading',
      progress: { doneBytes: 0, totalBytes: 7 },
    });
    expect(await codeOf(() => service.download())).toBe('UPDATE_BUSY');
    expect(await codeOf(() => service.check(never))).toBe('UPDATE_BUSY');
    expect(await codeOf(() => service.install({ restart: false, signal: never }))).toBe('UPDATE_BUSY');
    world.report(3);
    expect(service.view().progress).toMatchObject({ doneBytes: 3 });
    world.fetching?.resolve('/downloads/9.0.0');
    await clock.flush();
    expect(service.view()).toMatchObject({ state: 'ready', progress: null });
  });

  it('can be cancelled, and is offered again', async () => {
    const { service } = setup();
    await service.check(never);
    service.download();
    expect(await service.cancel()).toMatchObject({ state: 'available', progress: null, problem: null });
  });

  it('shows why it failed', async () => {
    const { clock, service, world } = setup();
    await service.check(never);
    service.download();
    world.fetching?.reject(new PilotlightError('UPDATE_DAMAGED'));
    await clock.flush();
    expect(service.view()).toMatchObject({ state: 'available', problem: { code: 'UPDATE_DAMAGED' } });
  });

  it('is not offered by a program that can’t install it', async () => {
    const { service } = setup({ withoutInstaller: true });
    const view = await service.check(never);
    expect(view).toMatchObject({
      state: 'available',
      installs: false,
      instead: { code: 'UPDATE_IN_WINDOW' },
    });
    expect(await codeOf(() => service.download())).toBe('UPDATES_ELSEWHERE');
  });

  it('ends with the core', async () => {
    const { service } = setup();
    await service.check(never);
    service.download();
    await service.stop();
    expect(service.view().progress).toBeNull();
  });
});

describe('an installation', () => {
  it('waits for the program to quit, and is remembered', async () => {
    const { downloaded, installer, service, world } = setup();
    expect(await codeOf(() => service.install({ restart: false, signal: never }))).toBe('UPDATE_NONE');
    await downloaded();
    expect((await service.install({ restart: false, signal: never })).state).toBe('staged');
    expect(installer.current).toMatchObject({
      path: '/downloads/9.0.0',
      version: '9.0.0',
      replaces: '1.0.0',
      keeps: true,
    });
    expect(installer.restarts).toBe(0);
    expect(world.record).toMatchObject({
      unproved: '9.0.0',
      previous: { version: '1.0.0', path: '/kept/1.0.0', state: 20, keptUntil: null },
    });
    // Changed their mind: not now, but at once.
    await service.install({ restart: true, signal: never });
    expect(installer.restarts).toBe(1);
    expect(installer.staged).toHaveLength(1);
  });

  it('can be taken back', async () => {
    const before: UpdateRecord = {
      ...{ place: 0.1, seen: '1.0.0', unproved: null },
      previous: { version: '0.9.0', path: '/kept/0.9.0', state: 20, keptUntil: 1e15 },
    };
    const { downloaded, installer, service, world } = setup({ record: before });
    await downloaded();
    await service.install({ restart: false, signal: never });
    expect((await service.cancel()).state).toBe('ready');
    expect(installer.current).toBeNull();
    expect(world.record).toEqual(before);
  });

  it('is refused when the file was changed since', async () => {
    const { downloaded, installer, service, world } = setup();
    await downloaded();
    world.intact = false;
    expect(await codeOf(() => service.install({ restart: true, signal: never }))).toBe('UPDATE_DAMAGED');
    expect(installer.staged).toEqual([]);
    expect(world.removed).toEqual(['/downloads/9.0.0']);
    expect(service.view()).toMatchObject({ state: 'available', problem: { code: 'UPDATE_DAMAGED' } });
  });

  it('that fails leaves everything as it was', async () => {
    const { downloaded, installer, service, world } = setup();
    await downloaded();
    installer.failure = new PilotlightError('UPDATE_NOT_INSTALLED');
    expect(await codeOf(() => service.install({ restart: true, signal: never }))).toBe(
      'UPDATE_NOT_INSTALLED',
    );
    expect(installer.restarts).toBe(0);
    expect(world.record).toBeNull();
    expect(service.view()).toMatchObject({ state: 'ready', problem: { code: 'UPDATE_NOT_INSTALLED' } });
  });

  it('does not happen when it can’t be remembered', async () => {
    const { downloaded, installer, service, world } = setup();
    await downloaded();
    world.full = true;
    expect(await codeOf(() => service.install({ restart: true, signal: never }))).toBe('DISK_FULL');
    expect(installer.current).toBeNull();
    expect(installer.restarts).toBe(0);
  });
});

describe('the version before', () => {
  const updated: UpdateRecord = {
    ...{ place: 0.1, seen: '1.0.0', unproved: '1.1.0' },
    previous: { version: '1.0.0', path: '/kept/1.0.0', state: 20, keptUntil: null },
  };

  it('is offered until the new one has run for two weeks', async () => {
    const { activity, clock, service, world } = setup({ record: updated, version: '1.1.0' });
    service.start();
    expect(activity.map(({ message }) => message.code)).toEqual(['UPDATED']);
    expect(service.view().previous).toBe('1.0.0');
    expect(world.record?.unproved).toBe('1.1.0');
    await clock.advance(60_000);
    expect(world.record?.unproved).toBeNull();
    await clock.advance(13 * DAY_MS);
    expect(service.view().previous).toBe('1.0.0');
    await clock.advance(2.5 * DAY_MS);
    expect(service.view().previous).toBeNull();
    expect(world.removed).toEqual(['/kept/1.0.0']);
    await service.stop();
  });

  it('comes back by a restart', async () => {
    const { installer, service, world } = setup({ record: updated, version: '1.1.0' });
    service.start();
    await service.goBack(never);
    expect(installer.current).toMatchObject({
      path: '/kept/1.0.0',
      version: '1.0.0',
      replaces: '1.1.0',
      keeps: false,
    });
    expect(installer.restarts).toBe(1);
    expect(world.record).toMatchObject({ unproved: '1.0.0', previous: null });
    const again = setup({ record: world.record, version: '1.0.0' });
    again.service.start();
    expect(again.activity).toEqual([]);
    expect(again.service.view().previous).toBeNull();
  });

  it('is refused where it can’t read the data, or is not kept', async () => {
    const newer = setup({ record: updated, version: '1.1.0', state: 21 });
    expect(await codeOf(() => newer.service.goBack(never))).toBe('UPDATE_NEWER_DATA');
    const none = setup();
    expect(await codeOf(() => none.service.goBack(never))).toBe('UPDATE_NOTHING_KEPT');
    const lost = setup({ record: { ...updated, previous: { ...updated.previous, path: null } as never } });
    expect(await codeOf(() => lost.service.goBack(never))).toBe('UPDATE_NOTHING_KEPT');
    expect([...newer.installer.staged, ...none.installer.staged]).toEqual([]);
  });

  it('still runs where an update did not happen, and that is said', () => {
    const { activity, service } = setup({ record: updated, version: '1.0.0' });
    service.start();
    expect(activity.map(({ message, notify }) => [message.code, notify])).toEqual([
      ['UPDATE_DID_NOT_HAPPEN', true],
    ]);
    expect(service.view().previous).toBeNull();
  });
});

describe('what is new', () => {
  const seen = (version: string): UpdateRecord => ({
    place: 0.1,
    seen: version,
    previous: null,
    unproved: null,
  });

  it('is not shown on a first start', async () => {
    const { clock, service, world } = setup({ version: '1.1.0' });
    service.start();
    await clock.flush();
    expect(service.view().news).toBeNull();
    expect(world.record).toEqual({ place: 0.5, seen: '1.1.0', previous: null, unproved: null });
  });

  it('is shown until it is dismissed, across restarts', async () => {
    const first = setup({ version: '1.1.0', record: seen('1.0.0') });
    first.service.start();
    await first.clock.flush();
    expect(first.service.view().news).toEqual({ version: '1.1.0', notes: '- New.' });
    const second = setup({ version: '1.1.0', record: first.world.record });
    second.service.start();
    await second.clock.flush();
    expect(second.service.dismissNews().news).toBeNull();
    const third = setup({ version: '1.1.0', record: second.world.record });
    third.service.start();
    await third.clock.flush();
    expect(third.service.view().news).toBeNull();
  });

  it('is nothing when an earlier version runs again', async () => {
    const { activity, clock, service, world } = setup({ version: '1.0.0', record: seen('1.1.0') });
    service.start();
    await clock.flush();
    expect(service.view().news).toBeNull();
    expect(activity.map(({ message }) => message.code)).toEqual(['WENT_BACK']);
    expect(world.record?.seen).toBe('1.0.0');
  });

  it('stays when it can’t be remembered that it was seen', async () => {
    const { clock, service, world } = setup({ version: '1.1.0', record: seen('1.0.0') });
    service.start();
    await clock.flush();
    world.full = true;
    expect(await codeOf(() => service.dismissNews())).toBe('DISK_FULL');
    expect(service.view().news).not.toBeNull();
  });

  it('is nothing where the build has no notes', async () => {
    const { clock, service } = setup({ version: '1.1.0', record: seen('1.0.0'), changes: async () => '' });
    service.start();
    await clock.flush();
    expect(service.view().news).toBeNull();
  });
});

it('the place of an installation in staged releases is drawn once', async () => {
  const { service, world } = setup({ record: { place: 0.3, seen: '1.0.0', previous: null, unproved: null } });
  world.release = { manifest: manifestOf({ rollout: 0.4 }), etag: null };
  expect((await service.check(never)).state).toBe('available');
});
