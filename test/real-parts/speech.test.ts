/** Speech by a real Whisper, sound and pictures by a real ffmpeg. build/run-tests.mjs installs both. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../electron/adapters/clock.ts';
import { createAudioHandler } from '../../electron/workers/tasks/handlers/audio.ts';
import type { HandlerContext } from '../../electron/workers/tasks/handlers/handler.ts';
import { createVideoHandler } from '../../electron/workers/tasks/handlers/video.ts';
import { noMeans } from '../../electron/workers/tasks/means.ts';
import { type RealSpeech, SPEECH_MODEL, startRealSpeech, wavFile } from '../fakes/real-speech.ts';
import { PAUSE_SECONDS, sentences, wordErrors, wordsOf } from '../fakes/spoken-sentences.ts';

const { PILOTLIGHT_SPEECH_PYTHON: python } = process.env;

describe.skipIf(python === undefined || python === '')('speech (npm test -- real-parts)', () => {
  let speech: RealSpeech;
  let folder: string;
  /** All sentences one after the other, and when each begins. */
  let recording: { path: string; starts: number[]; seconds: number };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pilotlight-speech-'));
    speech = await startRealSpeech(python ?? '');
    const parts: Buffer[] = [];
    const starts: number[] = [];
    let [bytes, rate] = [0, 0];
    for (const sentence of sentences) {
      const said = await speech.say(sentence);
      rate = said.rate;
      starts.push(bytes / 2 / rate);
      const pause = Buffer.alloc(Math.round(rate * PAUSE_SECONDS) * 2);
      parts.push(said.pcm, pause);
      bytes += said.pcm.length + pause.length;
    }
    const path = join(folder, 'talk.wav');
    writeFileSync(path, wavFile(Buffer.concat(parts), rate));
    recording = { path, starts, seconds: bytes / 2 / rate };
  }, 300_000);

  afterAll(async () => {
    await speech?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const tools = () => ({ clock: createSystemClock(), ffmpeg: speech.ffmpeg });
  const context = (contentType: 'audio' | 'video'): HandlerContext => ({
    ...{ contentType, options: {}, allowedHosts: [], folder: mkdtempSync(join(folder, 'task-')) },
    means: {
      speech: { server: { url: speech.url, key: null, model: SPEECH_MODEL, language: 'en' } },
      vision: noMeans.vision,
      faces: noMeans.faces,
    },
    ...{ signal: new AbortController().signal, progress: () => {}, log: () => {} },
  });

  function ffmpeg(...args: string[]): void {
    const { status, stderr } = spawnSync(speech.ffmpeg, ['-y', '-loglevel', 'error', ...args], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
  }

  function checkTranscript(content: string, places: { number: number; start: number }[]): void {
    const wanted = sentences.flatMap(wordsOf);
    const errors = wordErrors(wanted, wordsOf(content));
    expect(errors / wanted.length, content).toBeLessThanOrEqual(0.15);
    // A sentence that was understood opens at its own second.
    let found = 0;
    for (const [index, sentence] of sentences.entries()) {
      const at = content.indexOf(sentence.slice(0, -1));
      if (at < 0) continue;
      found += 1;
      const place = places.findLast(({ start }) => start <= at);
      expect(Math.abs((place?.number ?? -99) - (recording.starts[index] ?? 0)), sentence).toBeLessThan(4);
    }
    expect(found).toBeGreaterThanOrEqual(8);
  }

  it('turns twenty sentences in an MP3 into text with times', async () => {
    const path = join(folder, 'talk.mp3');
    ffmpeg('-i', recording.path, '-c:a', 'libmp3lame', path);
    const handler = createAudioHandler(tools());
    const { content, metadata } = await handler.handle(
      { kind: 'file', path, name: 'talk.mp3' },
      context('audio'),
    );
    checkTranscript(content, metadata.places as { number: number; start: number }[]);
    expect(metadata.seconds).toBeCloseTo(recording.seconds, 0);
  }, 300_000);

  it('takes a video apart: its sound, and a picture for each scene', async () => {
    const path = join(folder, 'talk.mp4');
    const half = recording.seconds / 2;
    const scenes = ['red', 'blue'].flatMap((colour) => [
      '-f',
      'lavfi',
      '-i',
      `color=${colour}:s=320x240:r=5:d=${half}`,
    ]);
    ffmpeg(
      ...[
        ...scenes,
        '-i',
        recording.path,
        '-filter_complex',
        '[0][1]concat=n=2[v]',
        '-map',
        '[v]',
        '-map',
        '2:a',
      ],
      ...['-c:v', 'mpeg4', '-g', '5', '-c:a', 'aac', path],
    );
    const handler = createVideoHandler(tools());
    const output = await handler.handle({ kind: 'file', path, name: 'talk.mp4' }, context('video'));
    checkTranscript(output.content, output.metadata.places as { number: number; start: number }[]);
    expect(output.metadata).toMatchObject({ width: 320, height: 240, missing: ['descriptions'] });
    const frames = output.metadata.frames as number[];
    expect(frames).toHaveLength(2);
    expect(frames[0]).toBe(0);
    expect(Math.abs((frames[1] ?? 0) - half)).toBeLessThan(6);
    expect(output.thumbnails).toHaveLength(2);
  }, 300_000);

  it.each([
    [
      'a playlist of another file',
      (path: string) => `#EXTM3U\n#EXTINF:10,\nfile://${path}\n#EXT-X-ENDLIST\n`,
    ],
    ['a list of other files', (path: string) => `ffconcat version 1.0\nfile '${path}'\n`],
    ['a playlist of an address', () => '#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n'],
    [
      'a description of a stream',
      () => 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n',
    ],
    [
      'noise',
      () => Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256)).toString('latin1'),
    ],
  ])('refuses %s', async (_, content) => {
    const path = join(folder, 'hostile.mp4');
    writeFileSync(path, content(recording.path), 'latin1');
    const work = createVideoHandler(tools()).handle({ kind: 'file', path, name: 'a.mp4' }, context('video'));
    await expect(work).rejects.toMatchObject({ code: 'MEDIA_BROKEN' });
  });

  it('finds every part that it needs', async () => {
    const { means } = context('audio');
    const [programs, server] = createAudioHandler(tools()).components;
    const { signal } = new AbortController();
    expect(await programs?.test(signal, means)).toEqual({ seen: expect.stringMatching(/^version \S+$/) });
    expect(await server?.test(signal, means)).toEqual({ seen: 'tiny.en, with times' });
  }, 60_000);
});
