/** The programs and servers that media need, and how `worker check` tries them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPilotlightError } from '../../../../shared/contract/errors.ts';
import { ffmpegVariable, ffmpegVersion, openSamples } from '../../media/ffmpeg.ts';
import { SAMPLE_RATE, wavOf } from '../../media/pieces.ts';
import { ytDlpVariable, ytDlpVersion } from '../../media/yt-dlp.ts';
import type { MeansGap } from '../means.ts';
import { describePictures } from './descriptions.ts';
import type { HandlerComponent } from './handler.ts';
import { ffmpegIn, gapError, type MediaTools, speechIn } from './media.ts';

/** A tenth of a second of a tone: what has no sound at all is not decoded, and what is silent is not sent. */
function tone(seconds: number): Buffer {
  const samples = Buffer.alloc(Math.round(SAMPLE_RATE * seconds) * 2);
  for (let at = 0; at * 2 < samples.length; at += 1) {
    samples.writeInt16LE(Math.round(8000 * Math.sin((at / SAMPLE_RATE) * 2 * Math.PI * 440)), at * 2);
  }
  return samples;
}

const PIXELS =
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q==';

async function inFolder<Result>(act: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-check-'));
  try {
    return await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const isGone = (error: unknown) =>
  isPilotlightError(error) && (error.code === 'FFMPEG_MISSING' || error.code === 'YT_DLP_MISSING');

/** A worker without the program works on everything else. */
async function ifThere(test: () => Promise<string>): Promise<{ seen: string } | { unused: string }> {
  try {
    return { seen: await test() };
  } catch (error) {
    if (isPilotlightError(error) && isGone(error)) return { unused: error.message };
    throw error;
  }
}

function unusedFor(gap: MeansGap): { unused: string } {
  if (gap === 'not-set') return { unused: 'None is chosen in the settings.' };
  throw gapError(gap);
}

export const mediaComponents = (tools: MediaTools): readonly HandlerComponent[] => [
  {
    name: 'sound and pictures of recordings and videos (ffmpeg)',
    test: (signal) =>
      ifThere(() =>
        inFolder(async (folder) => {
          const options = ffmpegIn({ folder, signal }, tools);
          const version = await ffmpegVersion(options);
          const path = join(folder, 'tone.wav');
          await writeFile(path, Buffer.concat(wavOf(tone(0.1))));
          let bytes = 0;
          for await (const chunk of openSamples(path, options, SAMPLE_RATE)) bytes += chunk.length;
          if (bytes !== SAMPLE_RATE * 0.2) throw new Error(`A tone of 0.1 s came out with ${bytes} bytes.`);
          return `version ${version}`;
        }),
      ),
    fix: `Install ffmpeg on this machine, or name its path in ${ffmpegVariable}.`,
  },
  {
    name: 'speech',
    async test(signal, { speech }) {
      if ('gap' in speech) return unusedFor(speech.gap);
      const recording = { name: 'speech.wav', type: 'audio/wav', content: wavOf(tone(1)), seconds: 1 };
      const { hasTimes } = await speechIn(speech, {}, tools).hear(recording, signal);
      return { seen: `${speech.server.model}, ${hasTimes ? 'with times' : 'without times'}` };
    },
    fix: 'Check the speech server, its model and its key in Settings → Tasks, and that this machine reaches it.',
  },
  {
    name: 'pictures with a model that describes them',
    async test(signal, { vision }) {
      if ('gap' in vision) return unusedFor(vision.gap);
      const lines: string[] = [];
      const [text] =
        (await describePictures([Buffer.from(PIXELS, 'base64')], {
          ...{ means: vision, tools, signal, progress: () => {} },
          log: (line) => void lines.push(line),
        })) ?? [];
      if (typeof text !== 'string') throw new Error(lines.join(' '));
      return { seen: vision.server.model };
    },
    fix: 'Choose a model that can see in Settings → Tasks, and check that this machine reaches the gateway.',
  },
];

export const ytDlpComponent = (tools: MediaTools): HandlerComponent => ({
  name: 'videos on YouTube (yt-dlp)',
  test: (signal) =>
    ifThere(() =>
      inFolder(async (folder) => {
        const { clock, ytDlp } = tools;
        const program = ytDlp === undefined ? {} : { program: ytDlp };
        return `version ${await ytDlpVersion({ clock, folder, signal, ...program })}`;
      }),
    ),
  fix: `Install yt-dlp on this machine, update it, or name its path in ${ytDlpVariable}.`,
});
