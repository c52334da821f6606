/** `pilotlight worker` as a program of its own: its options, its signals, and what it leaves behind. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SHARED_PROOF_FILE } from '../../../shared/contract/task-worker.ts';
import { isAlive } from '../../fakes/alive.ts';
import { type ChildProcess, spawn } from '../../fakes/children.ts';
import { type FakeTaskServer, startTaskServer } from '../../fakes/task-server.ts';

const entry = fileURLToPath(new URL('../../../electron/workers/tasks/task-worker.ts', import.meta.url));

let server: FakeTaskServer;
let folder: string;
let children: ChildProcess[];

beforeEach(async () => {
  server = await startTaskServer();
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-worker-test-'));
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Whatever the tester has installed. */
const withoutPrograms = { PILOTLIGHT_FFMPEG: '/nowhere/ffmpeg', PILOTLIGHT_YT_DLP: '/nowhere/yt-dlp' };

function start(args: string[], environment: Record<string, string> = { PILOTLIGHT_TOKEN: server.key }) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, ...args], {
    env: { PATH: process.env.PATH, TMPDIR: folder, ...withoutPrograms, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, ended, output: text(child.stdout), errors: text(child.stderr) };
}

describe('the program', () => {
  test('takes tasks with a key from the environment, and ends on SIGTERM', async () => {
    const worker = start(['--server', server.url, '--name', 'shelf', '--type', 'cpu', '--concurrency', '2']);
    const task = server.add();
    await server.when(() => task.state === 'completed');
    expect(server.calls[0]?.request).toMatchObject({
      name: 'shelf',
      type: 'cpu',
      queues: ['celery'],
      slots: 2,
      contentTypes: ['document', 'mixed', 'web', 'image', 'audio', 'video', 'youtube'],
    });
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
    // A beat that was on its way may arrive after it.
    expect(server.calls.findLast(({ call }) => call !== 'beat')).toMatchObject({ call: 'bye' });
    expect(await worker.output).toContain('Worker shelf (cpu) takes tasks of celery');
  });

  test('takes the key from standard input', async () => {
    const worker = start(['--server', server.url, '--token', '-', '--type', 'gpu'], {});
    worker.child.stdin?.end(`${server.key}\n`);
    const task = server.add();
    await server.when(() => task.state === 'completed');
    expect(server.calls[0]?.request).toMatchObject({ type: 'gpu', queues: ['gpu-tasks'] });
  });

  test('warns of a key in its arguments, and never passes it on to its handlers', async () => {
    const worker = start(['--server', server.url, '--token', server.key, '--type', 'cpu'], {
      PILOTLIGHT_TOKEN: 'of-the-environment',
    });
    const task = server.add();
    await server.when(() => task.state === 'completed');
    if (process.platform === 'linux') {
      for (const pid of childrenOf(worker.child.pid as number)) {
        expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('of-the-environment');
      }
    }
    worker.child.kill('SIGTERM');
    await worker.ended;
    const errors = await worker.errors;
    expect(errors).toContain('can read --token in the list of processes');
    expect(errors).not.toContain(server.key);
  });

  test.each([
    [[], 'The address of Pilotlight is missing'],
    [['--server', '127.1'], '"127.1" is not an address'],
    [['--server', 'nas:8780', '--queues', 'fast'], 'there is no queue "fast"'],
    [['--server', 'nas:8780', '--concurrency', '0'], '--concurrency: expected'],
    [['--server', 'nas:8780', '--typ', 'gpu'], "Unknown option '--typ'"],
    [['dance'], 'There is no command "worker dance"'],
  ])('explains wrong options: %j', async (args, message) => {
    const worker = start(args);
    expect(await worker.ended).toBe(2);
    expect(await worker.errors).toContain(message);
  });

  test('keeps its id over a restart', async () => {
    const ids: unknown[] = [];
    for (let round = 0; round < 2; round += 1) {
      const hellos = server.count('hello');
      const worker = start(['--server', server.url, '--type', 'cpu']);
      await server.when(() => server.count('hello') > hellos);
      ids.push(server.calls.findLast(({ call }) => call === 'hello')?.request);
      worker.child.kill('SIGKILL');
      await worker.ended;
    }
    const [first, second] = ids as { id: string }[];
    expect(second?.id).toBe(first?.id);
  });

  test('killed in the middle takes its handlers with it', async () => {
    const worker = start(['--server', server.url, '--type', 'cpu']);
    const path = join(folder, 'large.txt');
    writeFileSync(path, 'word '.repeat(1000));
    const task = server.add({ local: path });
    await server.when(() => task.state === 'completed');
    const pids = childrenOf(worker.child.pid as number);
    expect(pids.length).toBeGreaterThan(0);
    worker.child.kill('SIGKILL');
    await worker.ended;
    // Their watchdog ends them; a wait without an end would fail the test by its limit.
    while (pids.some(isAlive)) await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('check', () => {
  test('passes step by step, with a task that it does itself although another worker waits', async () => {
    const worker = start(['--server', server.url, '--type', 'cpu']);
    await server.when(() => server.count('claim') > 0);
    server.state.sharedFolder = true;
    writeFileSync(join(folder, SHARED_PROOF_FILE), 'proof\n');
    const check = start([
      'check',
      '--json',
      '--server',
      server.url,
      '--type',
      'cpu',
      '--shared-folder',
      folder,
    ]);
    expect(await check.ended).toBe(0);
    const { steps } = JSON.parse(await check.output) as { steps: { name: string; state: string }[] };
    expect(steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'server pass',
      'version pass',
      'clock pass',
      'shared-folder pass',
      'handlers pass',
      'component pass',
      'component pass',
      'component pass',
      'component pass',
      // Sound and pictures, speech, descriptions, YouTube: nothing of that is set up.
      ...Array(5).fill('component not-applicable'),
      'task pass',
    ]);
    const hello = server.calls.find(
      ({ request }) => (request as { sharedFolderProof?: unknown }).sharedFolderProof,
    );
    expect(hello?.request).toMatchObject({ sharedFolderProof: 'proof', checkOnly: true });
    const [task] = server.tasks.values();
    expect(task?.workerId).toMatch(/-check$/);
    expect(task?.workerId).toBe(task?.spec.onlyWorker);
    worker.child.kill('SIGTERM');
    await worker.ended;
  });

  test('names a key that is wrong', async () => {
    const check = start(['check', '--server', server.url, '--type', 'cpu'], { PILOTLIGHT_TOKEN: 'other' });
    expect(await check.ended).toBe(1);
    expect(await check.output).toMatch(/✗ .*UNAUTHORIZED.*\n {2}Fix: Use another\./);
  });

  test('names a clock that is wrong', async () => {
    server.state.refused = { code: 'CLOCK_WRONG', error: 'Off.', next: 'Set it.' };
    const check = start(['check', '--json', '--server', server.url, '--type', 'cpu']);
    expect(await check.ended).toBe(1);
    const { steps } = JSON.parse(await check.output) as { steps: { name: string; state: string }[] };
    expect(steps.find(({ name }) => name === 'clock')?.state).toBe('fail');
    expect(steps.find(({ name }) => name === 'task')?.state).toBe('not-applicable');
  });

  test('names an address where nothing answers', async () => {
    await server.down();
    const check = start(['check', '--json', '--server', server.url, '--type', 'cpu']);
    expect(await check.ended).toBe(1);
    const { steps } = JSON.parse(await check.output) as { steps: { name: string; state: string }[] };
    expect(steps.map(({ state }) => state)).toEqual([
      'fail',
      'pass',
      'pass',
      'pass',
      'pass',
      'pass',
      ...Array(6).fill('not-applicable'),
    ]);
    await server.up();
  });
});

/** Processes that this one started. */
function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid && child !== undefined ? child : []));
}
