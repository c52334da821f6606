/** The role `runner` with the runner's own processes: they embed, come back after a crash, and end with the agent. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../../fakes/alive.ts';
import { writeTextModel } from '../../fakes/text-model.ts';
import { createPlace, startAgent } from './process.ts';

let place: ReturnType<typeof createPlace>;
let agent: Awaited<ReturnType<typeof startAgent>>;

beforeEach(async () => {
  place = createPlace({ role: ['runner'] });
  agent = await startAgent(place.folder, []);
  await agent.said(/runner: listens on/);
});
afterEach(async () => {
  await agent[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

const embed = (bearer?: string | null) =>
  agent.call('POST', '/v1/embeddings', { model: 'words', input: ['red', 'green blue'] }, bearer);

async function addModel(): Promise<void> {
  const path = writeTextModel(join(place.folder, 'words'));
  expect(await agent.call('POST', '/runner/models', { path, name: 'words' })).toMatchObject({ status: 201 });
}

/** The process that listens for the agent. */
function doorPid(): number {
  const endpoint: unknown = JSON.parse(readFileSync(join(place.folder, 'runner', 'endpoint.json'), 'utf8'));
  return (endpoint as { pid: number }).pid;
}

const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('an agent with the runner’s own process', () => {
  it('embeds on its port, with its token only', async () => {
    await addModel();
    expect([(await embed(null)).status, (await embed('wrong')).status]).toEqual([401, 401]);
    const { status, body } = await embed();
    expect(status).toBe(200);
    const vectors = (body as { data: { embedding: number[] }[] }).data.map(({ embedding }) => embedding);
    expect(vectors.map((vector) => vector.length)).toEqual([4, 4]);
    expect(vectors[0]).not.toEqual(vectors[1]);
    expect((await agent.call('GET', '/health')).body).toMatchObject({
      runner: 'running',
      model_loaded: true,
    });
  });

  it.skipIf(process.platform !== 'linux')(
    'has it back soon after it was killed, with its models',
    async () => {
      await addModel();
      const before = await embed();
      const killed = doorPid();
      const children = childrenOf(killed);
      expect(children).not.toEqual([]);
      process.kill(killed, 'SIGKILL');
      await until(async () => !isAlive(killed) && (await embed()).status === 200);
      // One crash costs the shortest pause.
      expect(agent.log().match(/starts again in \S+ s/g)).toEqual(['starts again in 0.25 s']);
      expect((await embed()).body.data).toEqual(before.body.data);
      expect(doorPid()).not.toBe(killed);
      await until(() => !children.some(isAlive));
    },
  );

  it.skipIf(process.platform !== 'linux')('leaves no process behind when it is stopped', async () => {
    await addModel();
    await embed();
    const door = doorPid();
    const all = [door, ...childrenOf(door)];
    expect(all.length).toBeGreaterThan(1);
    expect(all.every(isAlive)).toBe(true);
    expect(await agent.stop()).toBe(0);
    await until(() => !all.some(isAlive));
  });
});
