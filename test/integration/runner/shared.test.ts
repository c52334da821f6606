/** One runner for each user of a machine, whichever data folders their programs have. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestRunner, type TestRunner } from '../../fakes/open-runner.ts';
import { writeTextModel } from '../../fakes/text-model.ts';
import { createPlace, startAgent } from '../agent/process.ts';

let base: string;
let first: TestRunner;
let second: TestRunner;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pilotlight-shared-'));
  first = createTestRunner();
  second = createTestRunner();
});
afterEach(async () => {
  await Promise.all([first.close(), second.close()]);
  rmSync(base, { recursive: true, force: true });
});

/** Where both find a runner. */
const shared = () => join(base, 'run');
const open = (runner: TestRunner) => runner.open({ sharedFolder: shared() });
const embedOn = (runner: TestRunner, model: string) =>
  runner.ask('POST', '/v1/embeddings', { input: ['red'], model });
const namesOn = async (runner: TestRunner) =>
  ((await runner.ask('GET', '/runner/status')).body.models as { name: string }[]).map(({ name }) => name);

describe('programs with data folders of their own', () => {
  it('use the runner that runs, and say whose it is', async () => {
    const owner = await open(first);
    expect(owner).toMatchObject({ owned: true, sharedFrom: null });
    const guest = await open(second);
    expect(guest).toMatchObject({
      owned: false,
      pid: owner.pid,
      url: owner.url,
      sharedFrom: first.dataFolder,
    });
    // Its own folder names none, because it has none.
    expect(existsSync(join(second.dataFolder, 'runner', 'endpoint.json'))).toBe(false);
    await guest.stop();
    expect((await first.ask('GET', '/runner/status')).status).toBe(200);
  });

  it('start one, however many start at once', async () => {
    const opened = await Promise.all([first, second, first, second].map(open));
    expect(new Set(opened.map(({ pid }) => pid)).size).toBe(1);
    expect(opened.filter(({ owned }) => owned)).toHaveLength(1);
  });

  it('lend it their models, so that nothing is missing', async () => {
    await second.open({ sharedFolder: null });
    const folder = writeTextModel(join(second.dataFolder, 'model'));
    expect((await second.add(folder, 'theirs')).status).toBe(201);
    await second.opened().stop();
    await open(first);
    expect(await namesOn(first)).toEqual([]);
    await open(second);
    expect(await namesOn(first)).toEqual(['theirs']);
    expect((await embedOn(second, 'theirs')).status).toBe(200);
    // A second time there is nothing to lend.
    await open(second);
    expect(await namesOn(first)).toEqual(['theirs']);
  });

  it('have their own runner once the other one has ended', async () => {
    const owner = await open(first);
    const guest = await open(second);
    const ended = new Promise<void>((resolve) => guest.onExit(() => resolve()));
    process.kill(owner.pid, 'SIGKILL');
    await ended;
    expect(await open(second)).toMatchObject({ owned: true });
    expect(await open(first)).toMatchObject({ owned: false, sharedFrom: second.dataFolder });
  });

  it('are not in the way of each other if nothing is shared', async () => {
    const one = await first.open({ sharedFolder: null });
    const other = await second.open({ sharedFolder: null });
    expect(one).toMatchObject({ owned: true });
    expect(other).toMatchObject({ owned: true });
    expect(other.pid).not.toBe(one.pid);
  });

  it.skipIf(process.platform === 'win32')('do not trust a file that others could have read', async () => {
    await open(first);
    const file = join(shared(), 'runner.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ dataFolder: first.dataFolder });
    chmodSync(file, 0o644);
    expect(await open(second)).toMatchObject({ owned: true });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ dataFolder: second.dataFolder });
  });
});

describe('an agent of the same user', () => {
  it('serves with the runner of the panel, and with its own once that has ended', async () => {
    const panel = await open(first);
    using place = createPlace({ role: ['runner'] });
    await using agent = await startAgent(place.folder, [], [], shared());
    await agent.said(/runner: listens on .*, that of /);
    const path = writeTextModel(join(place.folder, 'words'));
    expect(await agent.call('POST', '/runner/models', { path, name: 'words' })).toMatchObject({
      status: 201,
    });
    expect(await namesOn(first)).toEqual(['words']);
    await panel.stop();
    await agent.said(/runner: listens on 127\.0\.0\.1, port \d+\n/);
    expect((await agent.call('GET', '/health')).body).toMatchObject({ runner: 'running' });
  });
});
