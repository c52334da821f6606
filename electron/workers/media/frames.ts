/** Pictures of a video: one now and then, where something else is to be seen than before. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FfmpegOptions, ffmpegMissing, ffmpegRun, inputArgs, quiet } from './ffmpeg.ts';
import { runProgram } from './program.ts';

export interface Frame {
  seconds: number;
  jpeg: Buffer;
}

export const MOST_FRAMES = 24;
/** Between two of them at least, seconds. */
const LEAST_BETWEEN = 5;
/** Of the longer side, pixels: enough for a model that reads what is on a slide. */
const LONGEST_SIDE = 1024;
/** The share of a picture that has to be different. */
const CHANGE = 0.04;
const MOST_FRAME_BYTES = 8_000_000;

export function secondsBetween(seconds: number | null, most = MOST_FRAMES): number {
  return Math.max(LEAST_BETWEEN, (seconds ?? 0) / most);
}

/**
 * At most `MOST_FRAMES`, in order. Only the pictures that stand for themselves are decoded, which is fast in a long
 * video too. Rejects with FFMPEG_MISSING, PROGRAM_STUCK, or the signal's reason; without any picture it resolves empty.
 */
export async function readFrames(
  path: string,
  seconds: number | null,
  { folder, ...given }: FfmpegOptions,
): Promise<Frame[]> {
  const between = secondsBetween(seconds).toFixed(2);
  const filter = [
    `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${between})'`,
    `select='eq(n,0)+gt(scene,${CHANGE})'`,
    `scale='min(${LONGEST_SIDE},iw)':'min(${LONGEST_SIDE},ih)':force_original_aspect_ratio=decrease`,
    // What is on standard output says when each of them is.
    'metadata=print:file=-',
    // One frame after the other, so that none is doubled to fill the time between them.
    'setpts=N/(25*TB)',
  ].join(',');
  const args = [
    ...['-skip_frame', 'nokey', ...inputArgs(path), '-map', '0:v:0', '-an', '-sn', '-dn', '-vf', filter],
    ...[
      '-r',
      '25',
      '-frames:v',
      String(MOST_FRAMES),
      '-q:v',
      '4',
      '-threads',
      '2',
      '-f',
      'image2',
      'frame-%05d.jpg',
    ],
  ];
  const { text } = await runProgram({
    ...ffmpegRun({ ...given, folder }),
    args: quiet(args),
    mostBytes: 10_000_000,
  }).catch(ffmpegMissing);
  const times = [...text.matchAll(/^frame:\d+ .*\bpts_time:(-?\d+(?:\.\d+)?)/gm)].map((match) =>
    Number(match[1]),
  );
  const names = (await readdir(folder)).filter((name) => /^frame-\d{5}\.jpg$/.test(name)).sort();
  const frames: Frame[] = [];
  for (const [index, name] of names.entries()) {
    const jpeg = await readFile(join(folder, name));
    const at = times[index];
    if (at !== undefined && jpeg.length <= MOST_FRAME_BYTES) frames.push({ seconds: Math.max(0, at), jpeg });
  }
  return frames;
}
