import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createUtilityWorkerHost } from '../../../electron/main/utility-worker-host.ts';

function create(onKill: (pid: number) => void = () => {}) {
  const child = Object.assign(new EventEmitter(), {
    pid: undefined as number | undefined,
    stderr: new EventEmitter(),
    sent: [] as unknown[],
    kills: 0,
    postMessage: (message: unknown) => child.sent.push(message),
    kill: () => {
      child.kills += 1;
      return true;
    },
  });
  const forks: unknown[][] = [];
  const killed: number[] = [];
  const host = createUtilityWorkerHost({
    utilityProcess: {
      fork: (...args: unknown[]) => {
        forks.push(args);
        return child as never;
      },
    },
    entry: '/dist/workers/index-worker.mjs',
    serviceName: 'Pilotlight index',
    killProcess: (pid) => {
      killed.push(pid);
      onKill(pid);
    },
  });
  return { child, forks, killed, worker: host.start() };
}

describe('createUtilityWorkerHost', () => {
  it('starts the entry as a utility process and passes messages', () => {
    const { child, forks, worker } = create();
    expect(forks).toEqual([
      [
        '/dist/workers/index-worker.mjs',
        [`--core-pid=${process.pid}`],
        { serviceName: 'Pilotlight index', stdio: ['ignore', 'ignore', 'pipe'] },
      ],
    ]);
    const heard: unknown[] = [];
    worker.onMessage((message) => heard.push(message));
    worker.send({ kind: 'open' });
    child.emit('message', { kind: 'opened' });
    expect(child.sent).toEqual([{ kind: 'open' }]);
    expect(heard).toEqual([{ kind: 'opened' }]);
  });

  it('reports its exit once, to early and late listeners, with its last output', () => {
    const { child, worker } = create();
    const exits: unknown[] = [];
    worker.onExit((exit) => exits.push(exit));
    child.stderr.emit('data', Buffer.from('x'.repeat(5000)));
    child.stderr.emit('data', Buffer.from('out of memory'));
    child.emit('error', 'FatalError', 'v8::Heap', '{}');
    child.emit('exit', 134);
    worker.onExit((exit) => exits.push(exit));
    expect(exits).toHaveLength(2);
    expect(exits[0]).toMatchObject({ code: 134, signal: null });
    const { stderrTail } = exits[1] as { stderrTail: string };
    expect(stderrTail).toHaveLength(4096);
    expect(stderrTail.endsWith('out of memoryFatalError at v8::Heap')).toBe(true);
    worker.send({ kind: 'late' });
    expect(child.sent).toEqual([]);
  });

  it('ends it at once, also before it has a process, and not after its end', () => {
    const { child, killed, worker } = create();
    worker.kill();
    expect([child.kills, killed]).toEqual([1, []]);
    child.pid = 4711;
    expect(worker.pid).toBe(4711);
    worker.kill();
    expect(killed).toEqual([4711]);
    child.emit('exit', null);
    worker.kill();
    expect(killed).toEqual([4711]);
  });

  it('takes a process that has ended, of which Electron has not told yet, for ended', () => {
    const failing = (code: string) => () => {
      throw Object.assign(new Error(code), { code });
    };
    const gone = create(failing('ESRCH'));
    gone.child.pid = 4711;
    expect(() => gone.worker.kill()).not.toThrow();
    expect(gone.killed).toEqual([4711]);
    const refused = create(failing('EPERM'));
    refused.child.pid = 4711;
    expect(() => refused.worker.kill()).toThrow('EPERM');
  });
});
