/** Faces in pictures of tasks: a real core, its own worker, and this computer's runner with a model. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalRunner } from '../../../electron/host/runner.ts';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { WORKER_PROTOCOL, type WorkerAnswer, workerFacesPath } from '../../../shared/contract/task-worker.ts';
import type { TaskDetails } from '../../../shared/models/tasks.ts';
import { everyRight } from '../../../shared/rights.ts';
import { embedderGraph, scrfdGraph, writeFiles } from '../../fakes/face-graphs.ts';
import { sharedFolder } from '../../fakes/shared-folder.ts';
import { createRememberingLog } from '../../fakes/transport.ts';

const models = sharedFolder('models/faces');
let root: string;
let host: Host;
/** Sharp edges, 1280 pixels each side: the graph finds a face in anything that is not blurred. */
let picture: Buffer;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-faces-tasks-'));
  host = await startHost({
    ...{ dataFolder: join(root, 'data'), environment: { OLLAMA_HOST: '127.0.0.1:9' }, panelRoot: null },
    ...{ worksOnTasks: true, localRunner: createLocalRunner, log: createRememberingLog() },
  });
  const side = 1280;
  const edges = Buffer.from(
    Array.from({ length: side * side }, (_, at) => (((at >> 4) ^ (at / side / 16)) & 1) * 255),
  );
  picture = await sharp(edges, { raw: { width: side, height: side, channels: 1 } })
    .jpeg()
    .toBuffer();
});
afterAll(async () => {
  await host.stop();
  rmSync(root, { recursive: true, force: true });
});

const call = (method: Parameters<Host['dispatcher']['call']>[0]['method'], params: object) =>
  host.dispatcher.call({
    ...{ method, params: params as never, scopes: everyRight, signal: AbortSignal.timeout(120_000) },
  });

async function worked(content: Buffer, name = 'picture.jpg'): Promise<TaskDetails> {
  const { tasks } = host.core.services;
  const signal = AbortSignal.timeout(120_000);
  const file = await tasks.upload(
    {
      name,
      content: (async function* () {
        yield content;
      })(),
    },
    signal,
  );
  const [task] = await tasks.add(
    [
      {
        ...{
          input: { kind: 'upload', fileId: file.id },
          gpu: false,
          store: false,
          options: {},
          metadata: {},
        },
        ...{ webhookUrl: null, priority: 0, delaySeconds: 0 },
      },
    ],
    null,
  );
  return tasks.waitForEnd(task?.id ?? '', signal);
}

const addModel = (folder: string, name: string) => call('runner.models.add', { path: folder, name });

async function hello(id: string): Promise<WorkerAnswer<'hello'>> {
  const { workers } = host.core.services.tasks;
  return workers.hello(
    {
      ...{ id, name: id, type: 'cpu', queues: ['celery'], slots: 1, version: '1', protocol: WORKER_PROTOCOL },
      ...{
        contentTypes: ['image'],
        agentId: null,
        now: Date.now(),
        sharedFolderProof: null,
        checkOnly: true,
      },
      tasks: [],
    },
    { credentialId: 'key_1', local: false },
  );
}
const post = (address: string, body: Uint8Array, headers = {}) =>
  fetch(new URL(address, host.url), { method: 'POST', body: body as BodyInit, headers });

it('is done without them where no runner has a model, and says what to do', async () => {
  const { task, result, log } = await worked(picture);
  expect(task.state).toBe('completed');
  expect(result?.metadata).toMatchObject({ missing: ['description', 'faces'] });
  expect(result?.metadata).not.toHaveProperty('faces');
  expect(log).toContain('(NO_RUNNER)');
  // Nothing was started for it.
  expect(await call('runner.list', {})).toMatchObject([{ state: 'off' }]);
});

describe('with a model for faces', () => {
  beforeAll(async () => {
    writeFiles({
      [join(root, 'faces/a.onnx')]: scrfdGraph([{ column: 10, row: 8, score: 0.9 }]),
      [join(root, 'faces/b.onnx')]: embedderGraph(),
    });
    await addModel(join(root, 'faces'), 'faces');
  });

  it('counts them, says where they are, and finds the picture by their number', async () => {
    const { result, task } = await worked(picture);
    expect([task.failure, result?.metadata]).toMatchObject([
      null,
      {
        faces: 1,
        faceBoxes: [{ left: 0.4, top: 0.3, width: 0.2, height: 0.2, score: expect.closeTo(0.965, 2) }],
        missing: ['description'],
      },
    ]);
    expect(result?.content).toBe('Picture: picture.jpg\n1 face');
    expect(JSON.stringify(result)).not.toContain('embedding');
  });

  it('does not look for them where a person does not want that', async () => {
    const { settings } = host.core.services;
    settings.update({ tasks: { findFaces: false } });
    const { result } = await worked(picture);
    expect(result?.metadata).toMatchObject({ missing: ['description'] });
    expect(result?.content).toBe('Picture: picture.jpg');
    settings.update({ tasks: { findFaces: true } });
  });

  it('answers at the signed address, without a key, and nowhere else', async () => {
    const address = (await hello('w1')).means?.faces ?? '';
    const reply = await post(address, picture);
    expect([reply.status, await reply.json()]).toMatchObject([
      200,
      { faces: [{ box: [512, 384, 768, 640], score: expect.closeTo(0.965, 2) }] },
    ]);
    const codeOf = async (to: string, body: Uint8Array) => {
      const answer = await post(to, body);
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    expect(await codeOf(workerFacesPath, picture)).toEqual([403, 'FORBIDDEN']);
    expect(await codeOf(address.replace('worker=w1', 'worker=w2'), picture)).toEqual([403, 'FORBIDDEN']);
    expect(await codeOf(address, Buffer.alloc(0))).toEqual([422, 'PICTURE_EMPTY']);
    expect(await codeOf(address, Buffer.from('no picture'))).toEqual([422, 'PICTURE_UNREADABLE']);
    expect(await codeOf(address, Buffer.alloc(11 * 1024 * 1024))).toEqual([413, 'BAD_REQUEST']);
    const { workers } = host.core.services.tasks;
    await workers.bye({ workerId: 'w1' }, { credentialId: 'key_1', local: false });
    expect(await codeOf(address, picture)).toEqual([401, 'UNAUTHORIZED']);
  });
});

describe.skipIf(models === null)('with the shared model (../shared/models)', () => {
  beforeAll(async () => {
    await call('runner.models.remove', { name: 'faces' });
    await addModel(models as string, 'shared');
  });

  it.each([
    ['astronaut.jpg', 1],
    ['astronaut-twice.jpg', 2],
    ['astronaut-exif-6.jpg', 1],
    ['brick.png', 0],
  ])('finds those in %s', async (name, count) => {
    const { pictures } = JSON.parse(readFileSync(join(models as string, 'reference.json'), 'utf8')) as {
      pictures: Record<
        string,
        { width: number; height: number; faces: { box: { x: number; width: number } }[] }
      >;
    };
    const { result } = await worked(readFileSync(join(models as string, 'pictures', name)), name);
    const { faces, faceBoxes } = Object(result?.metadata) as {
      faces: number;
      faceBoxes: { left: number; width: number }[];
    };
    const expected = pictures[name];
    expect(faces).toBe(count);
    expect(faceBoxes).toHaveLength(count);
    const lefts = faceBoxes.map(({ left }) => left).sort((one, other) => one - other);
    for (const [index, left] of lefts.entries()) {
      const { x = 0, width = 1 } = expected?.faces[index]?.box ?? {};
      expect(Math.abs(left * (expected?.width ?? 0) - x)).toBeLessThan(width / 10);
    }
  });
});
