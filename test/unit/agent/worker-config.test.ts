import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../electron/agent/config.ts';

const right = { server: 'http://192.168.1.5:8780/', token: 'pilotlight_key_1' };

function read(worker: unknown, { role = ['worker'], privately = true } = {}) {
  const file = { path: 'agent.json', content: { role, worker }, privately };
  return readConfig({ flags: {}, environment: {}, file });
}

describe('the option worker', () => {
  it('has the address without its slash, and defaults for the rest', () => {
    expect(read(right).worker).toMatchObject({
      server: 'http://192.168.1.5:8780',
      token: 'pilotlight_key_1',
      type: null,
      queues: null,
      concurrency: 1,
      sharedFolder: null,
      memoryMb: 2048,
      program: null,
    });
  });

  it('takes everything that is named', () => {
    const all = {
      ...right,
      name: 'tower',
      type: 'gpu',
      queues: ['gpu-tasks', 'celery'],
      concurrency: 2,
      sharedFolder: '/srv/shared',
      memoryMb: 4096,
      program: '/opt/task-worker.mjs',
    };
    expect(read(all).worker).toEqual({ ...all, server: 'http://192.168.1.5:8780' });
  });

  it.each([
    [{ server: right.server }],
    [{ token: right.token }],
    [{ ...right, server: '127.1' }],
    [{ ...right, server: 'ftp://nas' }],
    [{ ...right, token: 'with space' }],
    [{ ...right, type: 'tpu' }],
    [{ ...right, queues: [] }],
    [{ ...right, queues: ['fast'] }],
    [{ ...right, concurrency: 0 }],
    [{ ...right, sharedFolder: 'relative' }],
    [{ ...right, memoryMb: 1 }],
    [{ ...right, conurrency: 2 }],
    [[right]],
    ['http://nas'],
  ])('refuses %j, without showing the key', (worker) => {
    expect(() => read(worker)).toThrow(/worker: expected an object with "server".* not this value/);
  });

  it('requires the role, and the role requires it', () => {
    expect(() => read(right, { role: ['power'] })).toThrow(/require each other/);
    expect(() => read(undefined)).toThrow(/require each other/);
  });

  it('is refused in a file that others can read', () => {
    expect(() => read(right, { privately: false })).toThrow(/contains a secret/);
  });
});
