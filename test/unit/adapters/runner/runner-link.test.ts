import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeHttp, type NodeHttp } from '../../../../electron/adapters/network/http.ts';
import { createRunnerLink } from '../../../../electron/adapters/runner/runner-link.ts';
import {
  aRunnerModel,
  type FakeRunner,
  fakeVector,
  refuse,
  runnerHash,
  send,
  sendVectors,
  startFakeRunner,
} from '../../../fakes/runner.ts';

const signal = () => new AbortController().signal;
const request = { model: 'minilm', hash: runnerHash, texts: ['a', 'b'], as: 'passage' } as const;

let runner: FakeRunner;
let http: NodeHttp;
beforeEach(async () => {
  runner = await startFakeRunner();
  http = createNodeHttp();
});
afterEach(async () => {
  http.close();
  await runner.close();
});
const link = (token: string | null = runner.token) =>
  createRunnerLink({ http, url: `${runner.url}/`, token });

describe('a runner', () => {
  it('reports its status', async () => {
    await expect(link().status(signal())).resolves.toEqual(runner.status);
  });

  it('embeds, and is told what the texts are', async () => {
    const { vectors, hash } = await link().embed({ ...request, as: 'query' }, signal());
    expect(vectors).toEqual([fakeVector('a'), fakeVector('b')]);
    expect(hash).toBe(runnerHash);
    expect(runner.embedded).toEqual([{ texts: ['a', 'b'], as: 'query' }]);
  });

  it('may answer with plain numbers, in any order, and without a hash', async () => {
    runner.onEmbed = (_, response) => {
      const data = [
        { index: 1, embedding: [0, 1] },
        { index: 0, embedding: [1, 0] },
      ];
      send(response, 200, { object: 'list', model: 'minilm', data });
      return true;
    };
    const { vectors, hash } = await link().embed(request, signal());
    expect(vectors.map((vector) => [...vector])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(hash).toBeNull();
  });

  it('finds faces, and refuses what is no picture', async () => {
    const { faces } = await link().faces(Buffer.from('a picture').toString('base64'), signal());
    expect(faces).toEqual([{ box: [1, 2, 30, 40], landmarks: [[5, 6]], score: 0.9, embedding: [0.6, 0.8] }]);
    const other = Buffer.from('not a picture').toString('base64');
    await expect(link().faces(other, signal())).rejects.toMatchObject({ code: 'PICTURE_UNREADABLE' });
  });

  it('downloads a model, and reports how far it is', async () => {
    const progress: number[] = [];
    await link().pull('e5-small', ({ doneBytes }) => progress.push(doneBytes), signal());
    expect(progress).toEqual([1000, 120_000_000]);
    await expect(link().pull('nope', () => {}, signal())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('whose download breaks off has not downloaded it', async () => {
    runner.onPull = async () => void runner.close();
    const pulling = link().pull('e5-small', () => {}, signal());
    await expect(pulling).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });
});

describe('an embed request', () => {
  const answers: [string, (to: Parameters<NonNullable<FakeRunner['onEmbed']>>[1]) => void, object][] = [
    [
      'answered with HTML',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>Hello'),
      { code: 'NOT_A_RUNNER' },
    ],
    [
      'answered with half of the JSON',
      (response) => response.end('{"data":[{"ind'),
      { code: 'NOT_A_RUNNER' },
    ],
    [
      'answered with NaN',
      (response) => sendVectors(response, aRunnerModel(), [fakeVector('a'), new Float32Array([Number.NaN])]),
      { code: 'SERVER_ERROR' },
    ],
    [
      'answered with fewer vectors',
      (response) => sendVectors(response, aRunnerModel(), [fakeVector('a')]),
      { code: 'SERVER_ERROR' },
    ],
    [
      'answered with vectors of two lengths',
      (response) => sendVectors(response, aRunnerModel(), [fakeVector('a'), fakeVector('b', 4)]),
      { code: 'SERVER_ERROR' },
    ],
    [
      'answered with empty vectors',
      (response) => sendVectors(response, aRunnerModel(), [new Float32Array(), new Float32Array()]),
      { code: 'SERVER_ERROR' },
    ],
    [
      'answered by another model of that name',
      (response) =>
        sendVectors(response, aRunnerModel({ hash: 'b'.repeat(64) }), [fakeVector('a'), fakeVector('b')]),
      { code: 'RUNNER_MODEL_CHANGED' },
    ],
    [
      'refused for a while',
      (response) => response.writeHead(503, { 'retry-after': '7' }).end('{}'),
      { code: 'SERVER_BUSY', details: { retryAfterMs: 7000 } },
    ],
    [
      'refused for good with 503',
      (response) => refuse(response, 503, 'RUNNER_OUT_OF_MEMORY'),
      { code: 'OUT_OF_MEMORY' },
    ],
    [
      'refused in OpenAI’s words',
      (response) => refuse(response, 404, 'model_not_found'),
      { code: 'MODEL_NOT_FOUND' },
    ],
    [
      'refused in the runner’s own words',
      (response) =>
        send(response, 404, { code: 'RUNNER_NO_MODEL', message: 'No such model.', next: 'Add it.' }),
      { code: 'MODEL_NOT_FOUND', message: 'No such model.', next: 'Add it.' },
    ],
    [
      'that failed',
      (response) => refuse(response, 500, 'RUNNER_NAN'),
      { code: 'RUNNER_ERROR', details: { status: 500, code: 'RUNNER_NAN', server: 'It says RUNNER_NAN.' } },
    ],
    ['cut off', (response) => response.destroy(), { code: 'HOST_UNREACHABLE' }],
  ];

  it.each(answers)('%s fails with its code', async (_, answer, wanted) => {
    runner.onEmbed = (_body, response) => {
      answer(response);
      return true;
    };
    await expect(link().embed(request, signal())).rejects.toMatchObject(wanted);
  });

  it('with a wrong token, or none, is refused as such', async () => {
    for (const token of ['wrong', null]) {
      await expect(link(token).embed(request, signal())).rejects.toMatchObject({ code: 'RUNNER_REFUSED' });
    }
  });

  it('that is given up closes its connection', async () => {
    const closed = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    runner.onEmbed = (_, response) => {
      response.once('close', closed.resolve);
      arrived.resolve();
      return true;
    };
    const controller = new AbortController();
    const asked = link().embed(request, controller.signal);
    await arrived.promise;
    controller.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    await closed.promise;
  });

  it('of a port where nothing listens says so', async () => {
    await runner.close();
    await expect(link().embed(request, signal())).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });
});
