/** Videos on YouTube, with a program in place of yt-dlp: nothing here goes to the network. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { failedAttempt } from '../../../electron/workers/tasks/failures.ts';
import { createYoutubeHandler } from '../../../electron/workers/tasks/handlers/youtube.ts';
import { isAlive } from '../../fakes/alive.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { makeFfmpeg, makeYtDlp } from '../../fakes/media-programs.ts';
import { type MediaWorld, openMediaWorld, toneWav } from '../../fakes/media-world.ts';

const input = { kind: 'url' as const, url: 'https://youtu.be/dQw4w9WgXcQ?t=3' };
const CAPTIONS = JSON.stringify({
  events: [
    { tStartMs: 500, dDurationMs: 1500, segs: [{ utf8: 'The pilot light' }] },
    { tStartMs: 61_000, dDurationMs: 2000, segs: [{ utf8: 'lights the furnace.' }] },
  ],
});

const youtube = (world: MediaWorld, options: Parameters<typeof makeYtDlp>[1] = {}) => {
  const program = makeYtDlp(world.folder, options);
  const { path: ffmpeg } = makeFfmpeg(world.folder);
  return { program, handler: createYoutubeHandler(world.tools({ ytDlp: program.path, ffmpeg })) };
};

describe('a video on YouTube', () => {
  it('is read from its captions', async () => {
    await using world = await openMediaWorld();
    const { program, handler } = youtube(world, { captions: CAPTIONS, about: { subtitles: { en: [{}] } } });
    const output = await handler.handle(input, world.context());
    expect(output.content).toBe('The pilot light\n\nlights the furnace.');
    expect(output.metadata).toMatchObject({
      ...{ title: 'How a lamp works', author: 'Lamps', date: '2026-11-03', seconds: 65 },
      ...{ video: 'dQw4w9WgXcQ', from: 'captions', language: 'en' },
      address: 'https://www.youtube.com/watch?v=dQw4w9WgXcQ',
      places: [
        { kind: 'time', number: 0.5, name: null, start: 0 },
        { kind: 'time', number: 61, name: null, start: 17 },
      ],
    });
    expect(world.server.received).toEqual([]);
    expect(program.calls()).toHaveLength(3);
  });

  it('is heard where it has none', async () => {
    await using world = await openMediaWorld();
    const sound = join(world.folder, 'sound.wav');
    writeFileSync(sound, toneWav(20));
    const { handler } = youtube(world, { sound });
    const output = await handler.handle(input, world.context());
    expect(output).toMatchObject({ content: 'Piece number 0.', metadata: { from: 'sound', language: 'en' } });
  });

  it('is heard where the captions cannot be read', async () => {
    await using world = await openMediaWorld();
    const sound = join(world.folder, 'sound.wav');
    writeFileSync(sound, toneWav(20));
    const about = { automatic_captions: { 'en-orig': [{}] } };
    const { handler } = youtube(world, { sound, about, captions: 'rubbish' });
    expect((await handler.handle(input, world.context())).metadata).toMatchObject({ from: 'sound' });
  });

  it('gives yt-dlp the checked address, and nothing else of the network or the user', async () => {
    await using world = await openMediaWorld();
    const { program, handler } = youtube(world, { captions: CAPTIONS, about: { subtitles: { en: [{}] } } });
    await handler.handle(input, world.context());
    for (const { args, env } of program.calls().slice(1)) {
      expect(args.slice(-2)).toEqual(['--', 'https://www.youtube.com/watch?v=dQw4w9WgXcQ']);
      expect(args).toEqual(
        expect.arrayContaining([
          '--ignore-config',
          '--no-plugin-dirs',
          '--no-cookies',
          '--no-remote-components',
        ]),
      );
      expect(args[args.indexOf('--use-extractors') + 1]).toBe('youtube');
      expect(args[args.indexOf('--js-runtimes') + 1]).toBe(`node:${process.execPath}`);
      expect(env.filter((name) => name.startsWith('PILOTLIGHT'))).toEqual([]);
    }
  });

  it.each([
    'https://example.org/watch?v=dQw4w9WgXcQ',
    'https://www.youtube.com/playlist?list=PL1',
    'http://127.0.0.1/',
  ])('is refused at %s before anything runs', async (url) => {
    await using world = await openMediaWorld();
    const { program, handler } = youtube(world);
    await expect(handler.handle({ kind: 'url', url }, world.context())).rejects.toMatchObject({
      code: 'YOUTUBE_ADDRESS_WRONG',
    });
    expect(program.calls()).toEqual([]);
  });

  it('without captions and sound is unavailable', async () => {
    await using world = await openMediaWorld();
    const { handler } = youtube(world);
    await expect(handler.handle(input, world.context())).rejects.toMatchObject({
      code: 'YOUTUBE_UNAVAILABLE',
    });
  });

  it('that is being streamed is unavailable', async () => {
    await using world = await openMediaWorld();
    const { handler } = youtube(world, { about: { live_status: 'is_live' } });
    await expect(handler.handle(input, world.context())).rejects.toMatchObject({
      code: 'YOUTUBE_UNAVAILABLE',
    });
  });
});

describe('a yt-dlp', () => {
  it.each([
    ['missing', null, 'YT_DLP_MISSING', true],
    ['old', { version: '2023.03.04' }, 'YT_DLP_OLD', true],
    ['another program', { version: 'yt-dlp 1.0 or so' }, 'MEDIA_PROGRAM_WRONG', true],
    [
      'that does not know an option',
      { misbehaviour: { describe: 'fail' }, says: 'yt-dlp: error: no such option: --js-runtimes' },
      'YT_DLP_OLD',
      true,
    ],
    [
      'that is refused',
      { misbehaviour: { describe: 'fail' }, says: 'ERROR: [youtube] x: Private video. Sign in\n' },
      'YOUTUBE_UNAVAILABLE',
      false,
    ],
    ['that fails', { misbehaviour: { describe: 'fail' } }, 'YT_DLP_FAILED', true],
    ['that prints rubbish', { misbehaviour: { describe: 'rubbish' } }, 'YT_DLP_FAILED', true],
    ['that prints without end', { misbehaviour: { describe: 'flood' } }, 'PROGRAM_OUTPUT_TOO_LARGE', true],
    [
      'whose download is too large',
      { misbehaviour: { sound: 'fail' }, says: 'ERROR: no space' },
      'YT_DLP_FAILED',
      true,
    ],
  ] as const)('%s', async (_, options, code, retry) => {
    await using world = await openMediaWorld();
    const handler =
      options === null ? createYoutubeHandler(world.tools()) : youtube(world, options as object).handler;
    const error = await handler.handle(input, world.context()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(failedAttempt(error).retry).toBe(retry);
  });

  it.each(['version', 'describe', 'captions', 'sound'] as const)(
    'that hangs at %s is ended',
    async (kind) => {
      await using world = await openMediaWorld();
      const clock = createFakeClock();
      const about = kind === 'captions' ? { subtitles: { en: [{}] } } : {};
      const program = makeYtDlp(world.folder, { misbehaviour: { [kind]: 'hang' }, about });
      const work = createYoutubeHandler(world.tools({ ytDlp: program.path, clock })).handle(
        input,
        world.context(),
      );
      const failure = expect(work).rejects.toMatchObject({ code: 'PROGRAM_STUCK' });
      const wanted = { version: 1, describe: 2, captions: 3, sound: 3 }[kind];
      await vi.waitUntil(() => program.calls().length === wanted, { timeout: 30_000 });
      await clock.advance(121_000);
      await failure;
      const { pid } = program.calls().at(-1) ?? { pid: 0 };
      await vi.waitUntil(() => !isAlive(pid), { timeout: 30_000 });
    },
  );

  it('leaves nothing of what it loaded outside the folder of the task', async () => {
    await using world = await openMediaWorld();
    const { program, handler } = youtube(world, { captions: CAPTIONS, about: { subtitles: { en: [{}] } } });
    await handler.handle(input, world.context());
    expect(() => readFileSync(join(world.folder, 'captions.en.json3'))).toThrow();
    expect(program.calls().flatMap(({ args }) => args.filter((arg) => arg.startsWith('/')))).toEqual([]);
  });
});
