/** A worker has children in plain Node and in Electron alike. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createWorkerClient, type MethodPolicy } from '../../../electron/adapters/processes/worker-client.ts';
import { wasKilled } from '../../../electron/adapters/processes/worker-host.ts';
import { isAlive } from '../../fakes/alive.ts';
import { fork } from '../../fakes/children.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { parentHosts } from '../../fakes/parent-hosts.ts';
import type { ParentContract } from '../../fakes/parent-worker.ts';

const program = (name: string) => fileURLToPath(new URL(`../../fakes/${name}.ts`, import.meta.url));
const single: MethodPolicy = { deadlineMs: null, lateCode: null, isRepeatable: false };
type Kind = keyof typeof parentHosts;
type Event = ParentContract['event'];

function open(kind: Kind, name = 'small-worker') {
  const heard: Event[] = [];
  const changes = new EventTarget();
  const client = createWorkerClient<ParentContract>({
    name: 'parent',
    host: parentHosts[kind](program('parent-worker')),
    clock: createFakeClock(),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    config: { name },
    methods: { start: single, send: single, kill: single, pid: single },
    onEvent(event) {
      heard.push(event);
      changes.dispatchEvent(new CustomEvent('event'));
    },
  });
  async function hear(isMeant: (event: Event) => boolean): Promise<Event> {
    for (;;) {
      const found = heard.findIndex(isMeant);
      if (found >= 0) return heard.splice(found, 1)[0] as Event;
      await once(changes, 'event');
    }
  }
  const answerOf = async (child: number) =>
    (await hear((event) => event.child === child && event.message !== undefined)).message;
  const exitOf = async (child: number) =>
    (await hear((event) => event.child === child && event.exit !== undefined)).exit as Parameters<
      typeof wasKilled
    >[0];
  /** Resolves with the process id of the child. */
  async function start(child: number, env: Record<string, string> = {}): Promise<number> {
    await client.call('start', env);
    await client.call('send', { child, message: { kind: 'configure', config: { greeting: 'Hello' } } });
    return ((await answerOf(child)) as { event: number }).event;
  }
  return { client, start, answerOf, exitOf, [Symbol.asyncDispose]: client.stop };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe.each(Object.keys(parentHosts) as Kind[])('the children of a %s', (kind) => {
  test('answer, each over its own channel', async () => {
    await using parent = open(kind);
    const { client, start, answerOf } = parent;
    const pids = [await start(0), await start(1, { SMALL_SUFFIX: '!' })];
    expect(new Set([...pids, client.pid()]).size).toBe(3);
    expect(await client.call('pid', 1)).toBe(pids[1]);
    const greet = (id: number, params: unknown) => ({ kind: 'call', id, method: 'greet', params });
    await client.call('send', { child: 0, message: greet(1, 'one') });
    await client.call('send', { child: 1, message: greet(1, 'two') });
    expect(await answerOf(1)).toMatchObject({ kind: 'result', value: 'Hello, two!' });
    expect(await answerOf(0)).toMatchObject({ kind: 'result', value: 'Hello, one' });
  });

  test('report how they ended: killed from outside, crashed, or killed by the worker', async () => {
    await using parent = open(kind);
    const { client, start, exitOf } = parent;
    process.kill(await start(0), 'SIGKILL');
    expect(wasKilled(await exitOf(0))).toBe(true);
    await start(1);
    await client.call('send', { child: 1, message: { kind: 'call', id: 1, method: 'crash', params: null } });
    expect(wasKilled(await exitOf(1))).toBe(false);
    const pid = await start(2);
    await client.call('kill', 2);
    await exitOf(2);
    expect(isAlive(pid)).toBe(false);
    // Nothing of it is left that could be in the way of the next one.
    await start(3);
  });

  test('end with the worker, however that ends', async () => {
    await using parent = open(kind);
    const { client, start } = parent;
    const pid = await start(0);
    process.kill(client.pid() as number, 'SIGKILL');
    await until(() => !isAlive(pid));
  });

  test('that cannot be started are reported as ended', async () => {
    await using parent = open(kind, 'no-such-worker');
    await parent.client.call('start', {});
    expect(wasKilled(await parent.exitOf(0))).toBe(false);
  });

  test('end with the core, and the worker too', async () => {
    const core = fork(program('parent-core'), [kind], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    const [pids] = (await once(core, 'message')) as [{ worker: number; child: number }];
    expect(isAlive(pids.worker) && isAlive(pids.child)).toBe(true);
    core.kill('SIGKILL');
    await until(() => !isAlive(pids.worker) && !isAlive(pids.child));
  });
});
