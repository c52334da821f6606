import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  createWorkerClient,
  type MethodPolicy,
  type WorkerEnd,
} from '../../../electron/adapters/processes/worker-client.ts';
import { createForkWorkerHost } from '../../../electron/adapters/processes/worker-host.ts';
import { createUtilityWorkerHost } from '../../../electron/main/utility-worker-host.ts';
import { isAlive } from '../../fakes/alive.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import type { SmallContract } from '../../fakes/small-contract.ts';
import { utilityProcess } from '../../standin/utility-process.ts';

const entry = fileURLToPath(new URL('../../fakes/small-worker.ts', import.meta.url));

const hosts = {
  'child process': () => createForkWorkerHost({ entry }),
  'utility process': () =>
    createUtilityWorkerHost({
      utilityProcess: utilityProcess as never,
      entry,
      serviceName: 'Pilotlight test',
      killProcess: (pid) => process.kill(pid, 'SIGKILL'),
    }),
};

const single: MethodPolicy = { deadlineMs: null, lateCode: null, isRepeatable: false };
const repeatable: MethodPolicy = { ...single, isRepeatable: true };

function open(kind: keyof typeof hosts, keepRunning = false) {
  const events = new EventTarget();
  const ends: WorkerEnd[] = [];
  const clock = createFakeClock();
  const client = createWorkerClient<SmallContract>({
    name: 'small',
    host: hosts[kind](),
    clock,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    config: { greeting: 'Hello' },
    methods: { greet: repeatable, forever: single, crash: single, kill: single },
    keepRunning,
    onEvent: (detail) => events.dispatchEvent(new CustomEvent('event', { detail })),
    async onLost(_lost, end) {
      ends.push(end);
      return new Map();
    },
  });
  return {
    client,
    clock,
    ends,
    event: async () => ((await once(events, 'event')) as [CustomEvent])[0].detail as number | string,
    [Symbol.asyncDispose]: client.stop,
  };
}

describe.each(Object.keys(hosts) as (keyof typeof hosts)[])('a worker in a %s', (kind) => {
  test('answers, reports progress and is cancelled', async () => {
    await using worker = open(kind);
    const { client, event } = worker;
    const started = event();
    expect(await client.call('greet', 'you')).toBe('Hello, you');
    expect(await started).toBe(client.pid());
    const controller = new AbortController();
    const begun = Promise.withResolvers<string>();
    const call = client.call('forever', null, { signal: controller.signal, onProgress: begun.resolve });
    expect(await begun.promise).toBe('begun');
    const cancelled = event();
    controller.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    expect(await cancelled).toBe('aborted');
    expect(await client.call('greet', 'again')).toBe('Hello, again');
  });

  test('that crashes or is killed reports that to every caller, and the next one answers', async () => {
    await using worker = open(kind);
    const { client, ends } = worker;
    const calls = [client.call('forever', null), client.call('crash', null)];
    const results = await Promise.allSettled(calls);
    expect(results).toMatchObject(calls.map(() => ({ reason: { code: 'WORKER_LOST' } })));
    expect(await client.call('greet', 'you')).toBe('Hello, you');
    const killed = client.call('kill', null);
    const repeated = client.call('greet', 'both');
    await expect(killed).rejects.toMatchObject({ code: 'WORKER_LOST' });
    expect(await repeated).toBe('Hello, both');
    expect(ends).toHaveLength(2);
    expect(ends[0]?.run).not.toBe(ends[1]?.run);
  });

  test('that has to keep running is started again without a call', async () => {
    await using worker = open(kind, true);
    const { client, clock, event } = worker;
    const first = event();
    client.start();
    const pid = await first;
    await expect(client.call('kill', null)).rejects.toMatchObject({ code: 'WORKER_LOST' });
    const second = event();
    await clock.advance(250);
    expect(await second).not.toBe(pid);
    expect(await client.call('greet', 'you')).toBe('Hello, you');
  });

  test('ends when it is asked to, and its calls with it', async () => {
    const { client, event } = open(kind);
    const call = client.call('forever', null).catch((error: unknown) => error);
    const pid = await event();
    await client.stop();
    expect(isAlive(Number(pid))).toBe(false);
    expect(['STOPPING', 'CANCELLED']).toContain(((await call) as { code: string }).code);
  });
});
