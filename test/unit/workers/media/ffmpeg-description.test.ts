import { expect, it } from 'vitest';
import { readDescription } from '../../../../electron/workers/media/ffmpeg.ts';
import { secondsBetween } from '../../../../electron/workers/media/frames.ts';

const video = `Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:/t/input':
  Metadata:
    major_brand     : isom
    title           : a title
                    :   Stream #0:7: Audio: made up
  Duration: 01:02:20.05, start: 0.000000, bitrate: 173 kb/s
  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709), 1920x1080 [SAR 1:1 DAR 16:9], 25 fps (default)
  Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 69 kb/s (default)
At least one output file must be specified`;

it('reads what ffmpeg says of a video', () => {
  expect(readDescription(video)).toEqual({
    ...{ seconds: 3740.05, hasSound: true, hasPicture: true, width: 1920, height: 1080 },
    format: 'mov,mp4,m4a,3gp,3g2,mj2',
  });
  expect(readDescription(video.replaceAll('\n', '\r\n'))).toMatchObject({ seconds: 3740.05, hasSound: true });
});

it('does not take a title for a stream', () => {
  const silent = video
    .split('\n')
    .filter((line) => !line.includes('#0:1'))
    .join('\n');
  expect(readDescription(silent)).toMatchObject({ hasSound: false, hasPicture: true });
});

it('reads a recording with a cover and without a length', () => {
  const recording = `Input #0, mp3, from 'file:/t/input':
  Duration: N/A, start: 0.025057, bitrate: 128 kb/s
  Stream #0:0: Audio: mp3 (mp3float), 44100 Hz, stereo, fltp, 128 kb/s
  Stream #0:1: Video: mjpeg (Baseline), yuvj420p(pc), 500x500, 90k tbr, 90k tbn (attached pic)`;
  expect(readDescription(recording)).toEqual({
    ...{ seconds: null, hasSound: true, hasPicture: false, width: null, height: null, format: 'mp3' },
  });
});

it.each(['', 'rubbish', 'Duration: 99:99:99', '\u0000\u0001\n  Duration: x\n'])(
  'finds nothing in %j',
  (said) => {
    expect(readDescription(said)).toEqual({
      ...{ seconds: null, hasSound: false, hasPicture: false, width: null, height: null, format: null },
    });
  },
);

it('takes pictures further apart in a long video', () => {
  expect([null, 10, 120, 14_400].map((seconds) => secondsBetween(seconds))).toEqual([5, 5, 5, 600]);
});
