/**
 * Ten minutes of speech: how long the handler of recordings takes, over how long the speech server says that it worked.
 * The server is a real Whisper (tiny.en), which is set up first.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUpPaths } from '../../build/lib/paths.mjs';
import { preparePython } from '../../build/lib/python.mjs';
import { createSystemClock } from '../../electron/adapters/clock.ts';
import { sendModelCall } from '../../electron/workers/media/model-call.ts';
import { createAudioHandler } from '../../electron/workers/tasks/handlers/audio.ts';
import { noMeans } from '../../electron/workers/tasks/means.ts';
import { SPEECH_MODEL, startRealSpeech, wavFile } from '../fakes/real-speech.ts';
import { atMost, type Benchmark, reported } from './benchmark.ts';
import { rounded } from './gateway/rounds.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const SECONDS = 600;
const PAUSE_SECONDS = 0.6;
const SUBJECTS = [
  'The pilot light',
  'My neighbour',
  'The train',
  'A small machine',
  'The old garden',
  'Our teacher',
];
const VERBS = ['waits for', 'looks at', 'passes', 'remembers', 'talks about', 'stands beside'];
const OBJECTS = [
  'the kitchen window',
  'a letter',
  'the bridge',
  'seven lamps',
  'the morning report',
  'a quiet river',
];

const sentence = (seed: number) =>
  `${SUBJECTS[seed % 6]} ${VERBS[Math.floor(seed / 6) % 6]} ${OBJECTS[Math.floor(seed / 36) % 6]}.`;

export const benchmark: Benchmark = {
  name: 'tasks-media',
  async run({ note }) {
    const python = await preparePython({
      cache: setUpPaths(root).cache,
      requirements: fileURLToPath(new URL('../real-parts/speech-requirements.txt', import.meta.url)),
      name: 'speech',
      what: 'a speech server with Whisper, a voice and ffmpeg',
      megabytes: 740,
      say: note,
    });
    if ('fix' in python) throw new Error(python.fix);
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-bench-media-'));
    // The narrow search is as fast as the server gets, and so the hardest to keep up with.
    const speech = await startRealSpeech(python.path, 1);
    try {
      const parts: Buffer[] = [];
      let [seconds, rate] = [0, 0];
      for (let seed = 0; seconds < SECONDS; seed += 1) {
        const said = await speech.say(sentence(seed));
        rate = said.rate;
        const pause = Buffer.alloc(Math.round(rate * PAUSE_SECONDS) * 2);
        parts.push(said.pcm, pause);
        seconds += (said.pcm.length + pause.length) / 2 / rate;
      }
      const path = join(folder, 'talk.wav');
      writeFileSync(path, wavFile(Buffer.concat(parts), rate));
      const work: number[] = [];
      const handler = createAudioHandler({
        clock: createSystemClock(),
        ffmpeg: speech.ffmpeg,
        async send(call) {
          const reply = await sendModelCall(call);
          work.push(Number(reply.headers['x-processing-ms']));
          return reply;
        },
      });
      const startedAt = performance.now();
      const { content } = await handler.handle(
        { kind: 'file', path, name: 'talk.wav' },
        {
          ...{ contentType: 'audio', options: {}, allowedHosts: [], folder },
          means: {
            speech: { server: { url: speech.url, key: null, model: SPEECH_MODEL, language: 'en' } },
            vision: noMeans.vision,
            faces: noMeans.faces,
          },
          signal: new AbortController().signal,
          progress: (share) => note(`${Math.round(share * 100)} %`),
          log: note,
        },
      );
      const ours = performance.now() - startedAt;
      const theirs = work.reduce((sum, ms) => sum + ms, 0);
      if (content.length < SECONDS * 5) throw new Error('Hardly anything was heard.');
      return [
        atMost('tasks-media, our time over the server’s own', rounded(ours / theirs, 3), '×', 1.05),
        reported('tasks-media, ten minutes of speech', rounded(ours / 1000, 1), 's'),
        reported('tasks-media, the server of that', rounded(theirs / 1000, 1), 's'),
      ];
    } finally {
      await speech[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
