import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../../electron/cli/command.ts';
import { keys, sessions } from '../../../electron/cli/commands/access.ts';
import { createTerminal } from '../../../electron/cli/terminal.ts';
import { accessMethods } from '../../../electron/core/access/methods.ts';
import { closedPanelNetwork } from '../../../electron/core/ports/panel-network.ts';
import { createDispatcher } from '../../../electron/transport/dispatcher.ts';
import { everyRight } from '../../../shared/rights.ts';
import { createMemoryAccess } from '../../fakes/access.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { someHandlers } from '../../fakes/transport.ts';

function open() {
  const clock = createFakeClock();
  const { access } = createMemoryAccess({ clock });
  const dispatcher = createDispatcher({
    handlers: someHandlers(accessMethods({ access, network: closedPanelNetwork })),
  });
  const { signal } = new AbortController();
  const output = { out: '', err: '' };
  const link = {
    call: (method: string, params: unknown) =>
      dispatcher.call({ method, params, scopes: everyRight, signal }),
  };
  let connected = 0;
  const run = (command: typeof keys, positionals: string[], values: CommandContext['values'] = {}) => {
    const context = {
      terminal: createTerminal({
        out: { write: (text) => (output.out += text) },
        err: { write: (text) => (output.err += text) },
        env: {},
      }),
      json: false,
      positionals,
      values,
      now: clock.now,
      connect: async () => {
        connected += 1;
        return link;
      },
    } as unknown as CommandContext;
    return Promise.resolve().then(() => command.run(context));
  };
  const codeOf = (command: typeof keys, positionals: string[], values?: CommandContext['values']) =>
    run(command, positionals, values).then(
      () => 'done',
      (error: { code: string; details?: { usage?: boolean } }) =>
        error.details?.usage ? 'usage' : error.code,
    );
  return { access, output, run, codeOf, connected: () => connected };
}

describe('keys', () => {
  it('are refused before anything is asked of the core', async () => {
    const { codeOf, connected } = open();
    for (const [positionals, values] of [
      [['add']],
      [['add', 'a', 'b']],
      [['add', 'a'], { rights: 'view,everything' }],
      [['add', 'a'], { rights: '' }],
      [['add', 'a'], { kind: 'robot' }],
      [['add', 'a'], { expires: 'soon' }],
      [['mint', 'a']],
      [['toString']],
      [['list', 'a']],
      [['rotate']],
      [['revoke', 'a', 'b']],
    ] as [string[], CommandContext['values']?][]) {
      expect([positionals, await codeOf(keys, positionals, values)]).toEqual([positionals, 'usage']);
    }
    expect(connected()).toBe(0);
  });

  it('are found by name in any case, or by id where a name is there twice', async () => {
    const { access, codeOf, run } = open();
    access.addKey({ name: 'Backup', kind: 'script', expiresInDays: null });
    const program = access.addKey({ name: 'backup', kind: 'program', expiresInDays: null });
    expect(await codeOf(keys, ['revoke', 'nope'])).toBe('NOT_FOUND');
    expect(await codeOf(keys, ['revoke', 'BACKUP'])).toBe('NOT_FOUND');
    await run(keys, ['revoke', program.credential.id]);
    await run(keys, ['revoke', 'BACKUP']);
    expect(access.keys()).toEqual([]);
  });

  it('print the secret alone, and rights in any order', async () => {
    const { access, output, run } = open();
    await run(keys, ['add', 'a'], { rights: 'Tasks, view', expires: '30 days' });
    expect(output.out).toMatch(/^pilotlight_key_\w{43}\n$/);
    expect(output.err).not.toContain(output.out.trim());
    expect(access.keys()).toMatchObject([{ rights: ['view', 'tasks'], expiresAt: expect.any(Number) }]);
    expect(access.check(output.out.trim(), null).outcome).toBe('accepted');
  });
});

describe('sessions', () => {
  it('are revoked by id, or all of them, and never by mistake', async () => {
    const { access, codeOf, run } = open();
    const sign = () =>
      access.openSession({ origin: 'http://127.0.0.1:1', userAgent: undefined }).credential.id;
    const id = sign();
    sign();
    expect(await codeOf(sessions, ['revoke'])).toBe('usage');
    expect(await codeOf(sessions, ['revoke', id], { all: true })).toBe('usage');
    expect(await codeOf(sessions, ['revoke', 'nope'])).toBe('NOT_FOUND');
    expect(access.sessions()).toHaveLength(2);
    await run(sessions, ['revoke', id]);
    expect(access.sessions()).toHaveLength(1);
    expect(await run(sessions, ['revoke'], { all: true })).toEqual({ revoked: 1 });
  });
});
