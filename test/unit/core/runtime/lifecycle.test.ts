import { describe, expect, test } from 'vitest';
import { createLifecycle, type Service } from '../../../../electron/core/runtime/lifecycle.ts';
import { silentLog } from '../../../fakes/indexing.ts';

function recorder() {
  const steps: string[] = [];
  const service = (name: string, overrides: Service = {}): Service => ({
    start: () => void steps.push(`start ${name}`),
    pause: () => void steps.push(`pause ${name}`),
    resume: () => void steps.push(`resume ${name}`),
    stop: () => void steps.push(`stop ${name}`),
    ...overrides,
  });
  return { steps, service };
}

describe('the life of the services', () => {
  test('starts and resumes from the first, pauses and stops from the last', async () => {
    const { steps, service } = recorder();
    const life = createLifecycle({ a: service('a'), b: service('b') }, silentLog);
    await life.start();
    await life.pause();
    life.resume();
    await Promise.resolve();
    await life.stop();
    expect(steps).toEqual([
      'start a',
      'start b',
      'pause b',
      'pause a',
      'resume a',
      'resume b',
      'stop b',
      'stop a',
    ]);
  });

  test('waits for each start before the next, and starts none after one that failed', async () => {
    const { steps, service } = recorder();
    const ready = Promise.withResolvers<void>();
    const life = createLifecycle(
      {
        a: service('a', { start: () => ready.promise }),
        b: service('b', { start: () => Promise.reject(new Error('no')) }),
        c: service('c'),
      },
      silentLog,
    );
    const started = life.start();
    expect(steps).toEqual([]);
    ready.resolve();
    await expect(started).rejects.toThrow('no');
    expect(steps).toEqual([]);
  });

  test('pauses all at once: a slow one holds up no other', async () => {
    const { steps, service } = recorder();
    const slow = Promise.withResolvers<void>();
    const life = createLifecycle(
      { a: service('a'), b: service('b', { pause: () => slow.promise }) },
      silentLog,
    );
    const paused = life.pause();
    expect(steps).toEqual(['pause a']);
    slow.resolve();
    await paused;
  });

  test('resumes only once the pause is complete, and not when it was paused again', async () => {
    const { steps, service } = recorder();
    const slow = Promise.withResolvers<void>();
    const life = createLifecycle({ a: service('a', { pause: () => slow.promise }) }, silentLog);
    void life.pause();
    life.resume();
    expect(steps).toEqual([]);
    const again = life.pause();
    slow.resolve();
    await again;
    expect(steps).toEqual([]);
    life.resume();
    await again;
    await Promise.resolve();
    expect(steps).toEqual(['resume a']);
  });

  test('takes every step, although one fails', async () => {
    const { steps, service } = recorder();
    const fail = () => {
      throw new Error('no');
    };
    const life = createLifecycle(
      { a: service('a'), b: service('b', { pause: fail, resume: fail, stop: fail }), c: service('c') },
      silentLog,
    );
    await life.pause();
    life.resume();
    await Promise.resolve();
    await life.stop();
    expect(steps).toEqual(['pause c', 'pause a', 'resume a', 'resume c', 'stop c', 'stop a']);
  });

  test('calls the steps as methods of their service', async () => {
    const service = {
      steps: [] as string[],
      start() {
        this.steps.push('start');
      },
      stop() {
        this.steps.push('stop');
      },
    };
    const life = createLifecycle({ service }, silentLog);
    await life.start();
    await life.stop();
    expect(service.steps).toEqual(['start', 'stop']);
  });

  test('stops once, and neither pauses nor resumes afterwards', async () => {
    const { steps, service } = recorder();
    const life = createLifecycle({ a: service('a') }, silentLog);
    await Promise.all([life.stop(), life.stop()]);
    await life.pause();
    life.resume();
    await Promise.resolve();
    expect(steps).toEqual(['stop a']);
  });
});
