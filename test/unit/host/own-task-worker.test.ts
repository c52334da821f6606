import { describe, expect, test } from 'vitest';
import type { TaskWorkerContract } from '../../../electron/adapters/tasks/worker-protocol.ts';
import { createOwnTaskWorker } from '../../../electron/host/own-task-worker.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import { defaultSettings, type Settings } from '../../../shared/models/settings.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createRememberingLog } from '../../fakes/transport.ts';
import { createFakeWorkers } from '../../fakes/workers.ts';

function open(tasks: Partial<Settings['tasks']> = {}) {
  const clock = createFakeClock();
  const log = createRememberingLog();
  const fake = createFakeWorkers<TaskWorkerContract>();
  const changed = createEmitter<[Settings, Settings]>({ name: 'settings', log });
  let settings: Settings = { ...defaultSettings, tasks: { ...defaultSettings.tasks, ...tasks } };
  const worker = createOwnTaskWorker({
    url: () => 'http://127.0.0.1:4711/',
    token: 'secret',
    name: 'desk',
    settings: { current: () => settings, onChange: changed.on },
    createWorkerHost: () => fake.host,
    clock,
    log,
  });
  return {
    clock,
    log,
    fake,
    worker,
    set(next: Partial<Settings['tasks']>) {
      const previous = settings;
      settings = { ...settings, tasks: { ...settings.tasks, ...next } };
      changed.emit(settings, previous);
    },
    /** The worker answers that it has drained, and ends when it is told to. */
    async drained(at: number) {
      const one = fake.workers[at];
      one?.send({ kind: 'result', id: 1, value: null });
      await clock.flush();
      if (one?.received.at(-1)?.kind === 'stop') one.end({ code: 0, signal: null });
      await clock.flush();
    },
  };
}

describe('the worker of this computer', () => {
  test('takes tasks of the CPU queue with the key that exists only in memory', () => {
    const { fake, worker } = open({ embeddedSlots: 3 });
    worker.start();
    expect(fake.workers[0]?.received).toMatchObject([
      {
        kind: 'configure',
        config: {
          server: 'http://127.0.0.1:4711',
          token: 'secret',
          id: 'this-computer',
          name: 'desk',
          type: 'cpu',
          queues: ['celery'],
          slots: 3,
        },
      },
    ]);
  });

  test('is not started if the settings say so, and starts when they change', async () => {
    const { clock, fake, worker, set } = open({ embeddedWorker: false });
    worker.start();
    expect(fake.workers).toHaveLength(0);
    set({ embeddedWorker: true });
    await clock.flush();
    expect(fake.workers).toHaveLength(1);
  });

  test('is started again when it has died, later each time', async () => {
    const { clock, fake, worker, log } = open();
    worker.start();
    fake.workers[0]?.end();
    expect(log.lines).toMatchObject([{ level: 'warn' }]);
    await clock.advance(249);
    expect(fake.workers).toHaveLength(1);
    await clock.advance(1);
    expect(fake.workers).toHaveLength(2);
    fake.workers[1]?.end();
    await clock.advance(499);
    expect(fake.workers).toHaveLength(2);
    await clock.advance(1);
    expect(fake.workers).toHaveLength(3);
  });

  test('that cannot be started is tried again', async () => {
    const { clock, fake, worker } = open();
    fake.failWith(new Error('no memory'));
    worker.start();
    fake.failWith(null);
    await clock.advance(250);
    expect(fake.workers).toHaveLength(1);
  });

  test('finishes its tasks before one with other slots takes over', async () => {
    const { clock, fake, worker, set, drained } = open();
    worker.start();
    set({ embeddedSlots: 5 });
    await clock.flush();
    expect(fake.workers).toHaveLength(1);
    expect(fake.workers[0]?.received.at(-1)).toMatchObject({ method: 'drain', params: { withinMs: 30_000 } });
    await drained(0);
    expect(fake.workers).toHaveLength(2);
    expect(fake.workers[1]?.received[0]).toMatchObject({ config: { slots: 5 } });
  });

  test('ends with the core, and gives its tasks back at once', async () => {
    const { clock, fake, worker, drained } = open();
    worker.start();
    const stopped = worker.stop();
    expect(fake.workers[0]?.received.at(-1)).toMatchObject({ method: 'drain', params: { withinMs: 0 } });
    await drained(0);
    await stopped;
    await clock.advance(120_000);
    expect(fake.workers).toHaveLength(1);
  });

  test('that does not end is killed', async () => {
    const { clock, fake, worker } = open();
    worker.start();
    const stopped = worker.stop();
    await clock.advance(3000);
    await stopped;
    expect(fake.workers[0]?.killed).toBe(true);
  });
});
