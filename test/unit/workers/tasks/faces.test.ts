import { describe, expect, it } from 'vitest';
import type { SendModelCall } from '../../../../electron/workers/media/model-call.ts';
import { facesComponent, findFaces } from '../../../../electron/workers/tasks/handlers/faces.ts';
import { noMeans } from '../../../../electron/workers/tasks/means.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const { signal } = new AbortController();
const door = { url: 'http://nas:8780/api/v1/worker/faces?task=t' };
const picture = { bytes: Uint8Array.of(1), size: { width: 100, height: 100 } };

function open(answers: ({ status: number; body: unknown; retryAfter?: number } | Error)[]) {
  const clock = createFakeClock();
  const lines: string[] = [];
  let asked = 0;
  const send: SendModelCall = async () => {
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked += 1;
    if (answer === undefined || answer instanceof Error) throw answer;
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    return { status: answer.status, headers: {}, text, retryAfter: answer.retryAfter ?? null };
  };
  const tools = { clock, send };
  return {
    lines,
    asked: () => asked,
    tools,
    async find(given: Parameters<typeof findFaces>[0] = picture) {
      const found = findFaces(given, { door, tools, signal, log: (line) => void lines.push(line) });
      await clock.advance(120_000);
      return found;
    },
  };
}

const one = { status: 200, body: { faces: [{ box: [10, 20, 60, 70], score: 0.75 }] } };
const refused = (status: number, code: string) => ({
  status,
  body: { error: 'Why.', code, next: 'What to do.' },
});

describe('the faces of a picture', () => {
  it('are counted, and placed if the size is known', async () => {
    expect(await open([one]).find()).toEqual({
      count: 1,
      boxes: [{ left: 0.1, top: 0.2, width: 0.5, height: 0.5, score: 0.75 }],
    });
    expect(await open([one]).find({ ...picture, size: null })).toEqual({ count: 1, boxes: null });
    expect(await open([{ status: 200, body: { faces: [] } }]).find()).toEqual({ count: 0, boxes: [] });
  });

  it.each([
    ['NO_RUNNER', refused(409, 'NO_RUNNER')],
    ['WAKE_TIMEOUT', refused(504, 'WAKE_TIMEOUT')],
    ['NOT_A_TASK_SERVER', { status: 200, body: 'rubbish' }],
    ['NOT_A_TASK_SERVER', { status: 200, body: { faces: [{ box: [1], score: 1 }] } }],
    ['NOT_A_TASK_SERVER', { status: 502, body: '<html>' }],
    ['HOST_TIMEOUT', new PilotlightError('HOST_TIMEOUT')],
  ])('are not known with %s, which the log says once', async (code, answer) => {
    const world = open([answer]);
    expect(await world.find()).toBeNull();
    expect(world.lines).toEqual([expect.stringContaining(`(${code})`)]);
    expect(world.asked()).toBe(1);
  });

  it('are asked for again while Pilotlight is busy, unreachable, or has just been started', async () => {
    const busy = { ...refused(503, 'SERVER_BUSY'), retryAfter: 2 };
    const world = open([busy, new PilotlightError('HOST_UNREACHABLE'), refused(401, 'UNAUTHORIZED'), one]);
    expect(await world.find()).toMatchObject({ count: 1 });
    expect(world.asked()).toBe(4);
  });

  it('are not asked for in a picture that is too large', async () => {
    const world = open([one]);
    expect(await world.find({ bytes: new Uint8Array(10 * 1024 * 1024 + 1), size: null })).toBeNull();
    expect(world.asked()).toBe(0);
  });
});

describe('the check', () => {
  const means = { ...noMeans, faces: { server: door } };

  it('says whether a runner answers', async () => {
    expect(await facesComponent(open([one]).tools).test(signal, means)).toMatchObject({
      seen: expect.any(String),
    });
    const without = facesComponent(open([refused(409, 'NO_RUNNER')]).tools);
    expect(await without.test(signal, means)).toEqual({ unused: 'Why. What to do.' });
    expect(await without.test(signal, noMeans)).toMatchObject({
      unused: expect.stringContaining('Settings'),
    });
    const broken = facesComponent(open([refused(502, 'RUNNER_ERROR')]).tools);
    await expect(broken.test(signal, means)).rejects.toMatchObject({ code: 'RUNNER_ERROR' });
  });
});
