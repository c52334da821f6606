/** The runner as the packaged desktop app has it: utility processes, none of which may start Node. */
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../../fakes/alive.ts';
import { createTestRunner, runnerEntry, type TestRunner } from '../../fakes/open-runner.ts';
import { utilityHost } from '../../fakes/parent-hosts.ts';
import { writeTextModel } from '../../fakes/text-model.ts';

const inference = join(dirname(runnerEntry), 'inference', 'inference-worker.ts');

let runner: TestRunner;
let processes: { pid: number | undefined }[];
beforeEach(() => {
  processes = [];
  runner = createTestRunner({
    createWorkerHost: ({ entry }) => utilityHost(entry, { inference }, (child) => processes.push(child)),
  });
});
afterEach(() => runner.close());

const embed = () => runner.ask('POST', '/v1/embeddings', { input: ['red', 'green blue'], model: 'model' });

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function withModel(): Promise<void> {
  await runner.open();
  expect((await runner.add(writeTextModel(join(runner.dataFolder, 'model')), 'model')).status).toBe(201);
}
/** The first one is the door. */
const inferencePid = () => processes[1]?.pid as number;

describe('the runner in utility processes', () => {
  it('embeds, and has its inference process back after that was killed', async () => {
    await withModel();
    const before = await embed();
    expect(before.status).toBe(200);
    const victim = inferencePid();
    expect(victim).not.toBe(runner.opened().pid);
    process.kill(victim, 'SIGKILL');
    expect((await embed()).body).toEqual(before.body);
    const { body } = await runner.ask('GET', '/runner/status');
    expect(body.restarts).toBe(1);
  });

  it('tries providers in processes of their own', async () => {
    await runner.open({ provider: 'webgpu' });
    const { body } = await runner.ask('GET', '/runner/status?wait=ladder');
    // There may be a GPU or none: tried it was.
    expect(body.ladder[0].provider).toBe('webgpu');
    expect(body.ladder[0].state).not.toBe('untried');
  });

  it('leaves no process behind when its door is killed, and comes back', async () => {
    await withModel();
    const child = inferencePid();
    const ended = new Promise<void>((resolve) => runner.opened().onExit(() => resolve()));
    process.kill(runner.opened().pid, 'SIGKILL');
    await ended;
    await until(() => !isAlive(child));
    await runner.open();
    expect((await embed()).status).toBe(200);
  });
});
