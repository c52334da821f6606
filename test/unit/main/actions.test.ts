import { expect, it } from 'vitest';
import { createActions } from '../../../electron/main/actions.ts';
import type { DesktopNotice } from '../../../electron/main/notices.ts';
import type { ShellCore } from '../../../electron/main/shell-core.ts';
import type { TrayAction } from '../../../electron/main/tray-model.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';

const now = new Date(2026, 10, 21, 20).getTime();
const hour = 3_600_000;

function start(failure: Error | null = null) {
  const called: unknown[] = [];
  const told: DesktopNotice[] = [];
  const call = (method: string, params: unknown) => {
    called.push([method, params]);
    return failure ? Promise.reject(failure) : Promise.resolve();
  };
  const act = createActions({
    core: Promise.resolve({ call } as unknown as ShellCore),
    notifier: { notify: (notice) => told.push(notice) },
    show: () => called.push('show'),
    copy: (text) => called.push(`copy ${text}`),
    quit: () => called.push('quit'),
    now: () => now,
  });
  return { act, called, told, turn: () => new Promise((done) => setImmediate(done)) };
}

it.each<[TrayAction, unknown]>([
  [{ kind: 'wake', nodeId: 'a' }, ['power.wake', { nodeId: 'a' }]],
  [
    { kind: 'off', nodeId: 'a', action: 'sleep' },
    ['power.off', { nodeId: 'a', action: 'sleep', countdownSeconds: 10 }],
  ],
  [{ kind: 'cancel-off', nodeId: 'a' }, ['power.cancelOff', { nodeId: 'a' }]],
  [{ kind: 'keep', nodeId: 'a', until: 'one-hour' }, ['power.keepAwake', { nodeId: 'a', until: now + hour }]],
  [
    { kind: 'keep', nodeId: 'a', until: 'two-hours' },
    ['power.keepAwake', { nodeId: 'a', until: now + 2 * hour }],
  ],
  [
    { kind: 'keep', nodeId: 'a', until: 'tonight' },
    ['power.keepAwake', { nodeId: 'a', until: now + 4 * hour }],
  ],
  [{ kind: 'keep', nodeId: 'a', until: 'released' }, ['power.keepAwake', { nodeId: 'a', until: null }]],
  [{ kind: 'release', nodeId: 'a', leaseId: 'l' }, ['power.release', { nodeId: 'a', leaseId: 'l' }]],
  [{ kind: 'index' }, ['index.start', {}]],
  [{ kind: 'copy', text: 'http://127.0.0.1:11435' }, 'copy http://127.0.0.1:11435'],
  [{ kind: 'show' }, 'show'],
  [{ kind: 'quit' }, 'quit'],
])('%j', async (action, expected) => {
  const { act, called, turn } = start();
  act(action);
  await turn();
  expect(called).toEqual([expected]);
});

it('reports in a notification why a machine stays on, because no window may be open', async () => {
  const { act, told, turn } = start(
    new PilotlightError('IN_USE', { message: 'The machine is in use. Ann needs it: a game.' }),
  );
  act({ kind: 'off', nodeId: 'a', action: 'sleep' });
  await turn();
  expect(told).toMatchObject([{ title: 'The machine is in use. Ann needs it: a game.', page: 'fleet' }]);
});
