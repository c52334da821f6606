/** What dies, and who comes back: inference process, door, owner, and starts at the same time. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBootId } from '../../../electron/adapters/processes/link/endpoint.ts';
import { openRunner } from '../../../electron/adapters/processes/runner/open-runner.ts';
import { isAlive } from '../../fakes/alive.ts';
import { spawn } from '../../fakes/children.ts';
import { createTestRunner, runnerEntry, type TestRunner } from '../../fakes/open-runner.ts';
import { writeTextModel } from '../../fakes/text-model.ts';

let runner: TestRunner;
beforeEach(async () => {
  runner = createTestRunner();
});
afterEach(() => runner.close());

const endpointFile = () => join(runner.dataFolder, 'runner', 'endpoint.json');
const exitOf = (opened: { onExit(listener: () => void): void }) =>
  new Promise<void>((resolve) => opened.onExit(resolve));

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** The child of the door that runs the graphs. */
function inferencePid(door: number): number {
  const children = readFileSync(`/proc/${door}/task/${door}/children`, 'utf8').trim();
  return Number(children.split(' ')[0]);
}

async function withModel(): Promise<void> {
  await runner.open();
  const { status } = await runner.add(writeTextModel(join(runner.dataFolder, 'model')), 'model');
  expect(status).toBe(201);
}
const embed = (input: unknown = 'red') => runner.ask('POST', '/v1/embeddings', { input, model: 'model' });

describe('the inference process', () => {
  it.skipIf(process.platform !== 'linux')('may be killed under load: no request is lost', async () => {
    await withModel();
    const { pid } = runner.opened();
    let sent = 0;
    let stop = false;
    const statuses: number[] = [];
    const clients = Array.from({ length: 8 }, async () => {
      while (!stop) {
        sent += 1;
        statuses.push((await embed(['red', 'green blue', 'round'])).status);
      }
    });
    for (let kill = 0; kill < 5; kill += 1) {
      const before = statuses.length;
      const victim = inferencePid(pid);
      process.kill(victim, 'SIGKILL');
      await until(() => statuses.length > before + 50);
      expect(isAlive(victim)).toBe(false);
    }
    stop = true;
    await Promise.all(clients);
    expect(statuses).toHaveLength(sent);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const { body } = await runner.ask('GET', '/runner/status');
    expect(body.restarts).toBeGreaterThanOrEqual(5);
  });

  it.skipIf(process.platform !== 'linux')('ends with its door, however that ends', async () => {
    await withModel();
    const { pid } = runner.opened();
    const child = inferencePid(pid);
    const exit = exitOf(runner.opened());
    process.kill(pid, 'SIGKILL');
    await exit;
    await until(() => !isAlive(child));
  });
});

describe('the door', () => {
  it('comes back with its models after it was killed, and takes the stale file over', async () => {
    await withModel();
    const first = runner.opened();
    const exit = exitOf(first);
    process.kill(first.pid, 'SIGKILL');
    await exit;
    expect(JSON.parse(readFileSync(endpointFile(), 'utf8'))).toMatchObject({ pid: first.pid });
    const second = await runner.open();
    expect(second).toMatchObject({ owned: true });
    expect(second.pid).not.toBe(first.pid);
    expect((await embed()).status).toBe(200);
  });

  it('is found by others, who do not end it', async () => {
    const first = await runner.open();
    const second = await runner.open();
    expect(second).toMatchObject({ owned: false, pid: first.pid, url: first.url, token: first.token });
    await second.stop();
    expect((await runner.ask('GET', '/runner/status')).status).toBe(200);
    const exit = exitOf(second);
    await first.stop();
    await exit;
  });

  it('is one, however many start at once', async () => {
    const opened = await Promise.all(Array.from({ length: 4 }, () => runner.open()));
    expect(new Set(opened.map(({ pid }) => pid)).size).toBe(1);
    expect(opened.filter(({ owned }) => owned)).toHaveLength(1);
  });

  it.each([
    ['of a process that has ended', { pid: 2 ** 22 - 1 }],
    ['of another boot', { bootId: 'another' }],
    ['of a process that is no runner', { pid: process.pid }],
  ])('is not taken for one %s', async (_name, changes) => {
    const first = await runner.open();
    const file = endpointFile();
    const endpoint = JSON.parse(readFileSync(file, 'utf8'));
    await first.stop();
    const stale = { ...endpoint, bootId: readBootId(), port: 9, ...changes };
    writeFileSync(file, JSON.stringify(stale), { mode: 0o600 });
    expect(await runner.open()).toMatchObject({ owned: true });
    expect(JSON.parse(readFileSync(file, 'utf8')).token).not.toBe(endpoint.token);
  });

  it('stops in order: it answers what it has, and removes its file', async () => {
    await withModel();
    const answers = Array.from({ length: 20 }, () => embed().catch(() => null));
    await answers[0];
    await runner.opened().stop();
    expect(() => readFileSync(endpointFile())).toThrow();
    expect(isAlive(runner.opened().pid)).toBe(false);
    await Promise.all(answers);
  });

  it('ends when its owner is killed', async () => {
    const owner = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        '--input-type=module',
        '-e',
        `const { openRunner } = await import(${JSON.stringify(new URL('../../../electron/adapters/processes/runner/open-runner.ts', import.meta.url).href)});
         const log = { debug() {}, info() {}, warn() {}, error() {} };
         const opened = await openRunner({ dataFolder: ${JSON.stringify(runner.dataFolder)}, entry: ${JSON.stringify(runnerEntry)}, version: 'test', log, signal: new AbortController().signal });
         process.stdout.write(opened.pid + '\\n');
         setInterval(() => {}, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const pid = await new Promise<number>((resolve) =>
      owner.stdout.on('data', (data: Buffer) => resolve(Number(data))),
    );
    expect(isAlive(pid)).toBe(true);
    owner.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });

  it('says why it cannot start', async () => {
    const signal = new AbortController().signal;
    const silent = () => {};
    const log = { debug: silent, info: silent, warn: silent, error: silent };
    const common = { entry: runnerEntry, version: 'test', log, signal };
    writeFileSync(join(runner.dataFolder, 'runner'), 'a file in its place');
    await expect(openRunner({ ...common, dataFolder: runner.dataFolder })).rejects.toMatchObject({
      code: 'RUNNER_CANNOT_LISTEN',
    });
  });
});
