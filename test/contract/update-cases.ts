/** What the methods of updates are tried with: a release on loopback, and an installer that only remembers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createUpdateRecords } from '../../electron/adapters/updates/update-records.ts';
import type { UpdateHost } from '../../electron/host/updates.ts';
import type { MethodName } from '../../shared/contract/methods.ts';
import type { UpdateView } from '../../shared/models/updates.ts';
import { type ReleaseServer, releaseHere, startReleaseServer } from '../fakes/updates/release-server.ts';
import { createStandInInstaller } from '../fakes/updates/stand-in-installer.ts';
import type { CaseContext, MethodCase } from './method-cases.ts';
import { untilEntry } from './until-entry.ts';

type Method = Extract<MethodName, `updates.${string}`>;

/** @param dataFolder gets a record that says that 0.0.9 is kept there */
export async function prepareUpdates(
  dataFolder: string,
): Promise<{ host: UpdateHost; server: ReleaseServer }> {
  const server = await startReleaseServer();
  const { manifest, files } = releaseHere(Buffer.alloc(300_000, 'new'));
  server.publish(manifest, files);
  const path = join(dataFolder, 'kept');
  writeFileSync(path, 'old');
  createUpdateRecords(dataFolder).write({
    ...{ place: 0.5, seen: '0.0.9', unproved: null },
    previous: { version: '0.0.9', path, state: 10_000, keptUntil: Number.MAX_SAFE_INTEGER },
  });
  return {
    server,
    host: {
      ...{ form: 'appimage', address: server.address, keys: [server.key.publicKey] },
      installer: createStandInInstaller(),
    },
  };
}

const reset = async ({ call }: CaseContext) => {
  await call('settings.update', { updates: { address: null } });
  await call('updates.cancel', {});
};
const until = ({ core }: CaseContext, fits: (view: UpdateView) => boolean) =>
  untilEntry(core.streams.updates, fits);

async function downloaded(context: CaseContext): Promise<void> {
  await reset(context);
  const { state } = await context.call('updates.check', {});
  if (state === 'available') await context.call('updates.download', {});
  await until(context, (view) => view.state === 'ready');
}

export const updateCases: Record<Method, MethodCase> = {
  'updates.get': { right: () => ({}), wrong: [{ extra: 1 }, null], errors: [] },
  'updates.check': {
    right: async (context) => {
      await reset(context);
      return {};
    },
    wrong: [{ extra: 1 }, null],
    errors: [
      [
        'UPDATE_UNREACHABLE',
        async ({ call }) => {
          await call('settings.update', { updates: { address: 'http://127.0.0.1:1' } });
          return {};
        },
      ],
    ],
  },
  'updates.download': {
    right: async (context) => {
      await reset(context);
      await context.call('updates.check', {});
      return {};
    },
    wrong: [{ extra: 1 }, null],
    errors: [
      [
        'UPDATE_BUSY',
        async (context) => {
          await downloaded(context);
          return {};
        },
      ],
    ],
  },
  'updates.cancel': { right: () => ({}), wrong: [{ extra: 1 }, null], errors: [] },
  'updates.install': {
    right: async (context) => {
      await downloaded(context);
      return {};
    },
    wrong: [{ restart: 1 }, 'restart'],
    errors: [['UPDATE_NONE', () => ({})]],
  },
  'updates.goBack': {
    right: async (context) => {
      await reset(context);
      return {};
    },
    wrong: [{ extra: 1 }, null],
    errors: [['UPDATE_BUSY', () => ({})]],
  },
  'updates.dismissNews': {
    right: () => ({}),
    wrong: [{ extra: 1 }, null],
    errors: [],
    errorsElsewhere: true,
  },
};
