/** Recordings: programs and servers in every condition, and what comes out. */
import { describe, expect, it, vi } from 'vitest';
import { failedAttempt } from '../../../electron/workers/tasks/failures.ts';
import { createAudioHandler } from '../../../electron/workers/tasks/handlers/audio.ts';
import { noMeans } from '../../../electron/workers/tasks/means.ts';
import { isAlive } from '../../fakes/alive.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { makeFfmpeg } from '../../fakes/media-programs.ts';
import { openMediaWorld, toneWav } from '../../fakes/media-world.ts';
import { secondsOfWav } from '../../fakes/speech-server.ts';

describe('a recording', () => {
  it('goes to the server in pieces, and its parts have their times in the whole of it', async () => {
    await using world = await openMediaWorld();
    const { path } = makeFfmpeg(world.folder);
    const handler = createAudioHandler(world.tools({ ffmpeg: path }));
    const output = await handler.handle(world.file('talk.mp3', toneWav(400)), world.context());
    const { received } = world.server;
    const lengths = received.map(({ file }) => Math.round(secondsOfWav(file)));
    expect(lengths[0]).toBeLessThanOrEqual(30);
    expect(lengths[1]).toBeGreaterThan(230);
    expect(lengths.reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(400, -1);
    expect(received[0]).toMatchObject({
      ...{ path: '/v1/audio/transcriptions', authorization: 'Bearer k', fileName: 'speech.wav' },
      fields: { model: 'tiny', language: 'en', response_format: 'verbose_json' },
    });
    expect(output.content).toBe(received.map((_, index) => `Piece number ${index}.`).join(' '));
    expect(output.metadata).toMatchObject({ title: 'talk.mp3', seconds: 400, language: 'en' });
    const places = output.metadata.places as { number: number; start: number }[];
    expect(places[0]).toMatchObject({ kind: 'time', number: 0, start: 0 });
    expect(places[1]?.number).toBeCloseTo(secondsOfWav(received[0]?.file ?? null), 1);
    expect(output.content.slice(places[2]?.start)).toBe('Piece number 2.');
    const shares = world.progress.map(([share]) => share);
    expect(shares).toEqual(shares.toSorted((one, other) => one - other));
    expect(world.progress.at(-1)).toEqual([1, '6:40 of 6:40']);
  });

  it('is cut shorter for a server without times, so that each part has one', async () => {
    await using world = await openMediaWorld({
      answer: (_, index) => ({ body: { text: `Part ${index}.` } }),
    });
    const { path } = makeFfmpeg(world.folder);
    const handler = createAudioHandler(world.tools({ ffmpeg: path }));
    const { metadata } = await handler.handle(world.file('talk.mp3', toneWav(100)), world.context());
    const numbers = (metadata.places as { number: number }[]).map(({ number }) => Math.round(number));
    expect(numbers.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...numbers.map((at, index) => at - (numbers[index - 1] ?? 0)))).toBeLessThanOrEqual(30);
  });

  it('without a word is empty, says so, and is not sent', async () => {
    await using world = await openMediaWorld();
    const { path } = makeFfmpeg(world.folder);
    const handler = createAudioHandler(world.tools({ ffmpeg: path }));
    const silent = await handler.handle(world.file('a.wav', toneWav(40, 0)), world.context());
    expect(silent).toMatchObject({ content: '', metadata: { note: 'There is no speech in it.' } });
    expect(world.server.received).toEqual([]);
  });

  it('with noise but no words is empty, too', async () => {
    await using world = await openMediaWorld({ answer: () => ({ body: { text: '', segments: [] } }) });
    const { path } = makeFfmpeg(world.folder);
    const handler = createAudioHandler(world.tools({ ffmpeg: path }));
    const noise = await handler.handle(world.file('a.wav', toneWav(40)), world.context());
    expect(noise).toMatchObject({ content: '', metadata: { note: 'There is no speech in it.' } });
    expect(noise.metadata).not.toHaveProperty('places');
  });

  it('without sound says so', async () => {
    await using world = await openMediaWorld();
    const { path } = makeFfmpeg(world.folder, { hasSound: false });
    const handler = createAudioHandler(world.tools({ ffmpeg: path }));
    const output = await handler.handle(world.file('a.mp4', toneWav(1)), world.context());
    expect(output).toMatchObject({ content: '', metadata: { note: 'It has no sound.' } });
  });

  it('leaves out what Whisper makes up where nobody speaks', async () => {
    const segment = { start: 0, end: 2, text: ' Thank you.', no_speech_prob: 0.9, avg_logprob: -1.4 };
    await using world = await openMediaWorld({
      answer: () => ({ body: { text: 'Thank you.', segments: [segment] } }),
    });
    const { path } = makeFfmpeg(world.folder);
    const handler = createAudioHandler(world.tools({ ffmpeg: path }));
    expect((await handler.handle(world.file('a.wav', toneWav(3)), world.context())).content).toBe('');
  });

  it('takes the language of its sender before that of the settings', async () => {
    await using world = await openMediaWorld();
    const { path } = makeFfmpeg(world.folder);
    const handler = createAudioHandler(world.tools({ ffmpeg: path }));
    for (const language of ['de', '../x', 7]) {
      await handler.handle(world.file('a.wav', toneWav(2)), world.context({ options: { language } }));
    }
    expect(world.server.received.map(({ fields }) => fields.language)).toEqual(['de', 'en', 'en']);
  });
});

describe('without ffmpeg', () => {
  it('a short recording goes as it is', async () => {
    await using world = await openMediaWorld();
    const file = world.file('talk.MP3', 'not looked into');
    const output = await createAudioHandler(world.tools()).handle(file, world.context());
    expect(output.content).toBe('Piece number 0.');
    expect(world.server.received[0]).toMatchObject({
      fileName: 'speech.mp3',
      file: Buffer.from('not looked into'),
    });
    expect(world.lines.join()).toContain('ffmpeg is missing');
  });

  it.each([
    ['a long one', 'talk.wav', Buffer.alloc(25_000_001), '25 MB'],
    ['another format', 'talk.wma', Buffer.alloc(10), 'talk.wma'],
  ])('%s says what is missing', async (_, name, content, said) => {
    await using world = await openMediaWorld();
    const work = createAudioHandler(world.tools()).handle(world.file(name, content), world.context());
    await expect(work).rejects.toMatchObject({
      code: 'FFMPEG_MISSING',
      message: expect.stringContaining(said),
    });
    expect(world.server.received).toEqual([]);
  });
});

describe('an ffmpeg that is broken', () => {
  it.each([
    ['describe', 'rubbish', 'MEDIA_BROKEN'],
    ['describe', 'fail', 'MEDIA_BROKEN'],
    ['sound', 'fail', 'MEDIA_BROKEN'],
    ['describe', 'flood', 'PROGRAM_OUTPUT_TOO_LARGE'],
  ] as const)('at %s: %s', async (kind, how, code) => {
    await using world = await openMediaWorld();
    const { path } = makeFfmpeg(world.folder, { misbehaviour: { [kind]: how } });
    const work = createAudioHandler(world.tools({ ffmpeg: path })).handle(
      world.file('a.wav', toneWav(3)),
      world.context(),
    );
    await expect(work).rejects.toMatchObject({ code });
  });

  it.each(['describe', 'sound'] as const)('hangs at %s', async (kind) => {
    await using world = await openMediaWorld();
    const clock = createFakeClock();
    const program = makeFfmpeg(world.folder, { misbehaviour: { [kind]: 'hang' } });
    const work = createAudioHandler(world.tools({ ffmpeg: program.path, clock })).handle(
      world.file('a.wav', toneWav(3)),
      world.context(),
    );
    const result = expect(work).rejects.toMatchObject({ code: 'PROGRAM_STUCK' });
    const wanted = kind === 'describe' ? 1 : 2;
    await vi.waitUntil(() => program.calls().length === wanted, { timeout: 30_000 });
    await clock.advance(61_000);
    await result;
  });
});

describe('the speech server', () => {
  const segment = { start: 0, end: 1, text: 'Yes.' };
  const good = { body: { text: 'Yes.', segments: [segment] } };

  it.each([
    ['nothing chosen', noMeans.speech, 'SPEECH_NOT_SET', false],
    ['the gateway off', { gap: 'gateway-off' as const }, 'MODELS_OUT_OF_REACH', true],
    ['the gateway for its own computer', { gap: 'gateway-local' as const }, 'MODELS_OUT_OF_REACH', true],
  ])('is not there: %s', async (_, speech, code, retry) => {
    await using world = await openMediaWorld();
    const { path } = makeFfmpeg(world.folder);
    const work = createAudioHandler(world.tools({ ffmpeg: path })).handle(
      world.file('a.wav', toneWav(1)),
      world.context({ means: { ...world.means, speech } }),
    );
    const error = await work.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(failedAttempt(error).retry).toBe(retry);
  });

  it.each([
    [400, { error: { message: 'this is no audio' } }, 'this is no audio'],
    [401, { error: 'wrong key' }, 'wrong key'],
    [404, { detail: 'model "tiny" not found' }, 'not found'],
    [413, '', 'status 413'],
  ])('refuses with %i, which no other attempt changes', async (status, body, said) => {
    await using world = await openMediaWorld({ answer: () => ({ status, body }) });
    const clock = createFakeClock();
    const work = createAudioHandler(world.tools({ clock })).handle(
      world.file('a.wav', toneWav(1)),
      world.context(),
    );
    const failure = work.catch((thrown: unknown) => thrown);
    let isOver = false;
    void failure.then(() => {
      isOver = true;
    });
    // A key may be unknown for a moment, while Pilotlight starts again.
    await vi.waitUntil(async () => {
      await clock.advance(60_000);
      return isOver;
    });
    expect(await failure).toMatchObject({ code: 'SPEECH_REFUSED', message: expect.stringContaining(said) });
    expect(failedAttempt(await failure).retry).toBe(false);
    expect(world.server.received).toHaveLength(status === 401 ? 6 : 1);
  });

  it('is asked again while it is busy, as long as it wants', async () => {
    const busy = { status: 503, headers: { 'retry-after': '30' }, body: { error: 'waking' } };
    await using world = await openMediaWorld({ answer: (_, index) => (index < 2 ? busy : good) });
    const clock = createFakeClock();
    const work = createAudioHandler(world.tools({ clock })).handle(
      world.file('a.wav', toneWav(1)),
      world.context(),
    );
    await vi.waitUntil(() => clock.pending() > 0 && world.server.received.length === 1);
    await vi.waitUntil(async () => {
      await clock.flush();
      return world.server.open() === 0;
    });
    await clock.advance(29_000);
    expect(world.server.received).toHaveLength(1);
    await vi.waitUntil(async () => {
      await clock.advance(30_000);
      return world.server.received.length === 3;
    });
    expect((await work).content).toBe('Yes.');
  });

  it('that stays broken fails the attempt, which is repeated', async () => {
    await using world = await openMediaWorld({ answer: () => ({ status: 500, body: 'out of memory' }) });
    const clock = createFakeClock();
    const failure = createAudioHandler(world.tools({ clock }))
      .handle(world.file('a.wav', toneWav(1)), world.context())
      .catch((thrown: unknown) => thrown);
    await vi.waitUntil(async () => {
      await clock.advance(60_000);
      return world.server.received.length === 6;
    });
    expect(await failure).toMatchObject({
      code: 'SPEECH_FAILED',
      message: expect.stringContaining('out of memory'),
    });
    expect(failedAttempt(await failure).retry).toBe(true);
  });

  it.each(['<html>', '{}', '[]', '{"text":7}', ''])('that answers %j is no speech server', async (body) => {
    await using world = await openMediaWorld({ answer: () => ({ body }) });
    const work = createAudioHandler(world.tools()).handle(world.file('a.wav', toneWav(1)), world.context());
    await expect(work).rejects.toMatchObject({ code: 'SPEECH_FAILED' });
  });

  it('that knows only the short form is asked for that from then on', async () => {
    await using world = await openMediaWorld({
      answer: ({ fields }, index) =>
        fields.response_format === 'json'
          ? { body: { text: `Part ${index}.` } }
          : { status: 400, body: { error: { message: "response_format 'verbose_json' is not compatible" } } },
    });
    const { path } = makeFfmpeg(world.folder);
    const handler = createAudioHandler(world.tools({ ffmpeg: path }));
    const { content } = await handler.handle(world.file('a.wav', toneWav(50)), world.context());
    expect(content).toBe('Part 1. Part 2.');
    expect(world.server.received.map(({ fields }) => fields.response_format)).toEqual([
      ...['verbose_json', 'json', 'json'],
    ]);
  });

  it('that names times beyond what it heard is held to it', async () => {
    await using world = await openMediaWorld({
      answer: (_, index) => ({
        body: {
          text: 'x',
          segments: [
            { start: 0, end: 9999, text: `P${index}.` },
            { start: 5000, text: 'late' },
          ],
        },
      }),
    });
    const { path } = makeFfmpeg(world.folder);
    const handler = createAudioHandler(world.tools({ ffmpeg: path }));
    const { metadata } = await handler.handle(world.file('a.wav', toneWav(40)), world.context());
    for (const { number } of metadata.places as { number: number }[]) expect(number).toBeLessThanOrEqual(40);
  });

  it('is let go when the task is cancelled, and ffmpeg is ended', async () => {
    await using world = await openMediaWorld({ answer: () => new Promise(() => {}) });
    const program = makeFfmpeg(world.folder);
    const work = createAudioHandler(world.tools({ ffmpeg: program.path })).handle(
      world.file('a.wav', toneWav(400)),
      world.context(),
    );
    const failure = expect(work).rejects.toThrow('cancelled');
    await vi.waitUntil(() => world.server.received.length === 1, { timeout: 30_000 });
    world.stopping.abort(new Error('cancelled'));
    await failure;
    await vi.waitUntil(() => world.server.cutOff() === 1, { timeout: 30_000 });
    const { pid } = program.calls().at(-1) ?? { pid: 0 };
    await vi.waitUntil(() => !isAlive(pid), { timeout: 30_000 });
  });
});
