/** The door for Immich on a real socket, in front of runners that answer, sleep, fail and die. */
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import {
  aPlace,
  type FakeUpstream,
  PICTURE,
  startTestDoor,
  startUpstream,
  TEXT,
  type TestDoor,
} from '../../fakes/immich.ts';
import { recording } from '../../fakes/replay.ts';

const image = Buffer.alloc(100_000, 7);
let upstream: FakeUpstream;
let world: TestDoor;

beforeEach(async () => {
  upstream = await startUpstream();
  world = await startTestDoor();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await upstream.close();
});

const sleeping = () => {
  world.backend.asleep = [{ id: 'gpu', name: 'tower' }];
};
const wakesUp = () => {
  world.backend.awake = [aPlace('gpu', upstream.url)];
  world.backend.asleep = [];
  world.backend.wakes[0]?.finish();
  world.backend.changed();
};

/** Sends bytes as they are; resolves with the status of the answer. */
const sendRaw = (bytes: Uint8Array) =>
  new Promise<number>((resolve, reject) => {
    const socket = connect(world.door.port, '127.0.0.1', () => socket.write(bytes));
    socket.once('data', (data) => {
      resolve(Number(data.toString('latin1').split(' ')[1]));
      socket.destroy();
    });
    socket.on('error', reject);
  });

describe('while the machine sleeps', () => {
  it('answers pong at once', async () => {
    sleeping();
    expect(await (await fetch(`${world.url}/ping`)).text()).toBe('pong');
    expect(await (await fetch(`${world.url}/`)).json()).toEqual({ message: 'Immich ML' });
    expect(world.backend.wakes).toHaveLength(0);
  });

  it('holds 50 pictures over one wake, and loses none', async () => {
    sleeping();
    const answers = Array.from({ length: 50 }, () => world.predict(PICTURE, { image }));
    await world.until(({ held }) => held === 50);
    expect(world.backend.wakes).toHaveLength(1);
    expect(world.backend.leases).toBe(1);
    expect(world.door.state().bytes).toBeGreaterThan(50 * image.length);
    wakesUp();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(upstream.bodies).toHaveLength(50);
    expect(upstream.bodies.every((body) => body.includes(image))).toBe(true);
    expect(world.backend.leases).toBe(0);
    expect(world.door.state()).toMatchObject({ held: 0, working: 0, bytes: 0 });
    expect(world.wakes.map(({ outcome }) => outcome)).toEqual(['running', 'awake']);
  });

  it('passes the recorded request of Immich on byte by byte', async () => {
    const bytes = recording('immich/clip-visual');
    sleeping();
    const status = sendRaw(bytes);
    await world.until(({ held }) => held === 1);
    wakesUp();
    expect(await status).toBe(200);
    const sent = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
    expect(upstream.bodies[0]?.equals(sent)).toBe(true);
  });

  it('answers texts here at once, with the model on this machine', async () => {
    sleeping();
    world.backend.awake = [aPlace('here', upstream.url, { here: true, fallback: true })];
    expect(await world.predict(TEXT, { text: 'Hund' })).toMatchObject({ status: 200 });
    expect(world.backend.wakes).toHaveLength(0);
  });

  it('does pictures on the CPU meanwhile if that is wanted, over one wake', async () => {
    sleeping();
    world.rules.cpuMeanwhile = true;
    world.backend.awake = [aPlace('here', upstream.url, { here: true, fallback: true })];
    const answers = await Promise.all([1, 2, 3].map(() => world.predict(PICTURE, { image })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(world.backend.wakes).toHaveLength(1);
    world.backend.wakes[0]?.finish();
    await world.clock.flush();
    expect(world.backend.leases).toBe(0);
  });

  it('forgets a client that left, and gives up the wake that nobody needs any more', async () => {
    sleeping();
    const leaving = new AbortController();
    const left = world.predict(PICTURE, { image }, leaving.signal).catch(() => 'left');
    const staying = world.predict(PICTURE, { image });
    await world.until(({ held }) => held === 2);
    leaving.abort();
    expect(await left).toBe('left');
    await world.until(({ held }) => held === 1);
    expect(world.backend.wakes[0]?.signal.aborted).toBe(false);
    wakesUp();
    expect(await staying).toMatchObject({ status: 200 });
    expect(upstream.bodies).toHaveLength(1);
  });

  it('gives up the wake when the last client has left', async () => {
    sleeping();
    const leaving = new AbortController();
    const left = world.predict(PICTURE, { image }, leaving.signal).catch(() => 'left');
    await world.until(({ held }) => held === 1);
    leaving.abort();
    await left;
    await world.until(({ held, lastWake }) => held === 0 && lastWake?.outcome === 'abandoned');
    expect(world.backend.leases).toBe(0);
    expect(world.door.state().bytes).toBe(0);
  });

  it('goes on holding when a wake fails, rests, and wakes it again for all of them', async () => {
    sleeping();
    const first = world.predict(PICTURE, { image });
    await world.until(({ held }) => held === 1);
    world.backend.wakes[0]?.fail(new Error('No packet arrived.'));
    await world.until(({ lastWake }) => lastWake?.outcome === 'failed');
    const second = world.predict(PICTURE, { image });
    await world.until(({ held }) => held === 2);
    await world.clock.advance(29_999);
    expect([world.backend.wakes.length, world.backend.leases]).toEqual([1, 0]);
    await world.clock.advance(1);
    expect([world.backend.wakes.length, world.backend.leases]).toEqual([2, 1]);
    world.backend.awake = [aPlace('gpu', upstream.url)];
    world.backend.asleep = [];
    world.backend.wakes[1]?.finish();
    expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('answers 503 with the reason of the last wake that failed, after 240 s', async () => {
    sleeping();
    const answer = world.predict(PICTURE, { image });
    await world.until(({ held }) => held === 1);
    await world.clock.advance(220_000);
    world.backend.wakes[0]?.fail(new Error('No packet arrived.'));
    await world.until(({ lastWake }) => lastWake?.outcome === 'failed');
    await world.clock.advance(19_000);
    expect(world.door.state().held).toBe(1);
    await world.clock.advance(1000);
    const refused = await answer;
    expect(refused).toMatchObject({ status: 503, body: { code: 'IMMICH_WAKE_FAILED' } });
    expect(refused.body.detail).toContain('No packet arrived.');
    // Immich’s log shows only this.
    expect(refused.statusText).toMatch(/^[ -~]+ No packet arrived\.$/);
    expect(refused.retryAfter).not.toBeNull();
  });

  it.each(['WAKE_NOT_ALLOWED', 'CANNOT_WAKE'] as const)(
    'answers 503 at once when no try would help: %s',
    async (code) => {
      sleeping();
      const answer = world.predict(PICTURE, { image });
      await world.until(({ held }) => held === 1);
      world.backend.wakes[0]?.fail(new PilotlightError(code));
      expect(await answer).toMatchObject({ status: 503, body: { code: 'IMMICH_WAKE_FAILED' } });
      expect(await world.predict(PICTURE, { image })).toMatchObject({ status: 503 });
      expect(world.backend.wakes).toHaveLength(1);
    },
  );

  it('answers 503 after 240 s', async () => {
    sleeping();
    const answer = world.predict(PICTURE, { image });
    await world.until(({ held }) => held === 1);
    await world.clock.advance(239_000);
    expect(world.door.state().held).toBe(1);
    await world.clock.advance(1000);
    expect(await answer).toMatchObject({ status: 503, body: { code: 'IMMICH_HELD_TOO_LONG' } });
    expect(world.backend.leases).toBe(0);
  });

  it('tries the next machine if the first one woke without the model', async () => {
    world.backend.asleep = [
      { id: 'gpu', name: 'tower' },
      { id: 'other', name: 'other' },
    ];
    const answer = world.predict(PICTURE, { image });
    await world.until(({ held }) => held === 1);
    world.backend.wakes[0]?.finish();
    await world.until(({ lastWake }) => lastWake?.nodeId === 'other');
    world.backend.awake = [aPlace('other', upstream.url)];
    world.backend.wakes[1]?.finish();
    expect(await answer).toMatchObject({ status: 200 });
  });
});

describe('memory', () => {
  it('receives a picture only when there is room, and refuses the one that comes too late', async () => {
    sleeping();
    world.rules.budgetBytes = 250_000;
    const answers = [1, 2, 3].map(() => world.predict(PICTURE, { image }));
    await world.until(({ held }) => held === 2);
    await world.clock.flush(30);
    expect(world.door.state().held).toBe(2);
    expect(world.door.state().bytes).toBeLessThan(250_000);
    wakesUp();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('answers 503 to one that found no room within 240 s', async () => {
    sleeping();
    world.rules.budgetBytes = 150_000;
    const first = world.predict(PICTURE, { image });
    await world.until(({ held }) => held === 1);
    const second = world.predict(PICTURE, { image });
    await world.clock.flush(20);
    await world.clock.advance(240_000);
    expect((await first).body.code).toBe('IMMICH_HELD_TOO_LONG');
    expect(await second).toMatchObject({ status: 503, body: { code: 'IMMICH_HELD_TOO_LONG' } });
  });

  it('lets a text pass although pictures fill it', async () => {
    sleeping();
    world.rules.budgetBytes = 150_000;
    world.backend.awake = [aPlace('here', upstream.url, { here: true, fallback: true })];
    const held = world.predict(PICTURE, { image });
    await world.until((state) => state.held === 1);
    expect(await world.predict(TEXT, { text: 'Hund' })).toMatchObject({ status: 200 });
    wakesUp();
    expect(await held).toMatchObject({ status: 200 });
  });
});

describe('text in pictures', () => {
  const OCR = { ocr: { detection: { modelName: 'a' }, recognition: { modelName: 'a' } } };

  it('goes to the other machine learning as it came, wakes nothing, and needs no runner', async () => {
    sleeping();
    world.rules.ocrUrl = upstream.url;
    upstream.answer = (_, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{"ocr":{"text":["a"]}}');
    const bytes = recording('immich/ocr');
    expect(await sendRaw(bytes)).toBe(200);
    expect(upstream.bodies[0]?.equals(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4))).toBe(true);
    expect(world.backend.wakes).toHaveLength(0);
    expect(world.door.state()).toMatchObject({ held: 0, working: 0, bytes: 0 });
  });

  it('is answered with 503 while that does not answer', async () => {
    world.rules.ocrUrl = upstream.url;
    upstream.answer = (request) => void request.socket.destroy();
    expect(await world.predict(OCR, { image })).toMatchObject({
      status: 503,
      body: { code: 'IMMICH_OCR_FAILED' },
    });
  });

  it('never goes in a circle', async () => {
    world.rules.ocrUrl = world.url;
    expect(await world.predict(OCR, { image })).toMatchObject({
      status: 501,
      body: { code: 'PREDICT_NO_OCR' },
    });
  });
});

describe('a runner that fails', () => {
  it.each([
    [
      'answers 500',
      (u: FakeUpstream) => {
        u.answer = (_, response) => void response.writeHead(500).end('{}');
      },
    ],
    [
      'is unauthorised',
      (u: FakeUpstream) => {
        u.answer = (_, response) => void response.writeHead(401).end('{}');
      },
    ],
    [
      'cuts the connection',
      (u: FakeUpstream) => {
        u.answer = (request) => void request.socket.destroy();
      },
    ],
    [
      'ends in the middle of its answer',
      (u: FakeUpstream) => {
        u.answer = (_, response) => {
          response.writeHead(200, { 'content-length': '100' }).write('{"clip"');
          setImmediate(() => response.destroy());
        };
      },
    ],
  ] as const)('that %s is replaced by another one', async (_, breakIt) => {
    const bad = await startUpstream();
    breakIt(bad);
    const ended: string[] = [];
    world.backend.awake = [
      aPlace('bad', bad.url, { ended: (ok) => void ended.push(`bad ${ok}`) }),
      aPlace('good', upstream.url, { ended: (ok) => void ended.push(`good ${ok}`) }),
    ];
    expect(await world.predict(PICTURE, { image })).toMatchObject({ status: 200, body: { clip: '[1]' } });
    expect(ended).toEqual(['bad false', 'good true']);
    await bad.close();
  });

  it('is answered with 503 if there is no other', async () => {
    upstream.answer = (_, response) => void response.writeHead(500).end('{}');
    world.backend.awake = [aPlace('gpu', upstream.url)];
    expect(await world.predict(PICTURE, { image })).toMatchObject({
      status: 503,
      body: { code: 'IMMICH_RUNNER_FAILED' },
    });
  });

  it('passes on what the request itself is to blame for', async () => {
    upstream.answer = (_, response) => void response.writeHead(422).end('{"detail":"not a picture"}');
    world.backend.awake = [aPlace('gpu', upstream.url)];
    expect(await world.predict(PICTURE, { image })).toMatchObject({ status: 422 });
    expect(upstream.bodies).toHaveLength(1);
  });

  it('names a missing model once, and answers 503', async () => {
    world.backend.absent = ['clip/ViT-B-32__openai/visual'];
    for (const _ of [1, 2]) {
      expect(await world.predict(PICTURE, { image })).toMatchObject({
        status: 503,
        body: { code: 'IMMICH_MODEL_NOWHERE' },
      });
    }
    expect(world.missing).toEqual(['clip/ViT-B-32__openai/visual']);
  });
});

describe('bad input', () => {
  it.each([
    ['no JSON', '{', { image }, 422, 'PREDICT_BAD_ENTRIES'],
    ['an unknown task', { nsfw: {} }, { image }, 422, 'PREDICT_BAD_ENTRIES'],
    ['nothing to do', {}, { image }, 422, 'PREDICT_BAD_ENTRIES'],
    ['neither picture nor text', PICTURE, {}, 400, 'PREDICT_NOTHING_GIVEN'],
    ['an empty text', TEXT, { text: '' }, 400, 'PREDICT_NOTHING_GIVEN'],
    ['texts in pictures', { ocr: { detection: { modelName: 'a' } } }, { image }, 501, 'PREDICT_NO_OCR'],
  ])('%s wakes nothing', async (_, entries, fields, status, code) => {
    sleeping();
    expect(await world.predict(entries, fields)).toMatchObject({ status, body: { code } });
    expect(world.backend.wakes).toHaveLength(0);
  });

  it.each([
    [
      'a body that is too large',
      'content-type: multipart/form-data; boundary=x\r\ncontent-length: 99000000',
      413,
    ],
    ['no form', 'content-type: application/json\r\ncontent-length: 2', 400],
    ['a form without an end', 'content-type: multipart/form-data; boundary=x\r\ncontent-length: 2', 400],
  ])('%s', async (_, headers, status) => {
    const head = `POST /predict HTTP/1.1\r\nhost: immich\r\n${headers}\r\n\r\n{}`;
    expect(await sendRaw(Buffer.from(head))).toBe(status);
  });

  it('ends an upload that takes longer than a minute', async () => {
    const head =
      'POST /predict HTTP/1.1\r\nhost: immich\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 100000\r\n\r\n--x';
    const status = sendRaw(Buffer.from(head));
    while (world.door.state().bytes === 0) await world.clock.flush();
    await world.clock.flush();
    await world.clock.advance(60_000);
    expect(await status).toBe(408);
    expect(world.door.state().bytes).toBe(0);
  });

  it('refuses pages of a browser', async () => {
    const response = await fetch(`${world.url}/ping`, { headers: { origin: 'http://evil.example' } });
    expect(response.status).toBe(403);
  });
});
