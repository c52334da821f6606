/** Programs in place of ffmpeg and yt-dlp, which behave as a test says. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What it prints before it does what it does otherwise, or in place of it. */
export type Misbehaviour = 'hang' | 'flood' | 'rubbish' | 'fail';

const prologue = `#!${process.execPath}
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const args = process.argv.slice(2);
appendFileSync(CALLS, JSON.stringify({ pid: process.pid, args, env: Object.keys(process.env) }) + '\\n');
const kind = args.includes('-version') || args.includes('--version') ? 'version' : KIND(args);
const how = MISBEHAVIOUR[kind];
if (how === 'hang') setInterval(() => {}, 1e6);
else if (how === 'flood') { const line = 'x'.repeat(65536) + '\\n'; const more = () => { while (process.stdout.write(line)); process.stdout.once('drain', more); }; more(); }
else if (how === 'rubbish') { process.stderr.write('\\u0000\\u001b[31m??\\n'); process.stdout.write(Buffer.from([0, 255, 1, 254, 10])); }
else if (how === 'fail') { process.stderr.write(SAYS); process.exitCode = 1; }
else ACT[kind](args);
`;

function program(
  folder: string,
  name: string,
  parts: { kind: string; act: string; misbehaviour: Record<string, Misbehaviour>; says: string },
) {
  const path = join(folder, name);
  const calls = join(folder, `${name}.calls`);
  writeFileSync(
    path,
    prologue
      .replace('CALLS', JSON.stringify(calls))
      .replace('MISBEHAVIOUR', JSON.stringify(parts.misbehaviour))
      .replace('SAYS', JSON.stringify(parts.says))
      .replace('KIND', () => `(${parts.kind})`)
      .replace('ACT', () => `(${parts.act})`),
  );
  chmodSync(path, 0o755);
  return {
    path,
    /** How it was called, one after the other. */
    calls: () =>
      existsSync(calls)
        ? readFileSync(calls, 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as { pid: number; args: string[]; env: string[] })
        : [],
  };
}

export type FakeProgram = ReturnType<typeof program>;

/** A JPEG of one pixel. */
const JPEG =
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q==';

/** Its input is a WAV file of 16 kHz, whatever its name says; its video shows something else every 5 s. */
export function makeFfmpeg(
  folder: string,
  {
    misbehaviour = {},
    says = 'Invalid data found when processing input\n',
    hasPicture = true,
    hasSound = true,
  }: {
    misbehaviour?: Partial<Record<'version' | 'describe' | 'sound' | 'frames', Misbehaviour>>;
    says?: string;
    hasPicture?: boolean;
    hasSound?: boolean;
  } = {},
): FakeProgram {
  return program(folder, 'ffmpeg', {
    misbehaviour: misbehaviour as Record<string, Misbehaviour>,
    says,
    kind: `(args) => args.includes('pipe:1') ? 'sound' : args.includes('image2') ? 'frames' : 'describe'`,
    act: `{
      version() { console.log('ffmpeg version 0-test Copyright'); },
      describe(args) {
        const bytes = readFileSync(args.at(-1).slice(5)).length - 44;
        const time = new Date(Math.round(bytes / 32)).toISOString().slice(11, 22);
        console.error("Input #0, matroska,webm, from 'file:x':\\n  Duration: " + time + ', start: 0.0');
        if (${hasPicture}) console.error('  Stream #0:0: Video: h264, yuv420p, 640x360, 25 fps');
        if (${hasSound}) console.error('  Stream #0:1: Audio: aac, 44100 Hz, mono');
        process.exitCode = 1;
      },
      sound(args) { process.stdout.write(readFileSync(args[args.indexOf('-i') + 1].slice(5)).subarray(44)); },
      frames() {
        for (const [index, seconds] of [0, 5.25].entries()) {
          console.log('frame:' + index + '    pts:' + index + '       pts_time:' + seconds + '\\nlavfi.scene_score=0.5');
          writeFileSync('frame-0000' + (index + 1) + '.jpg', Buffer.from('${JPEG}', 'base64'));
        }
      },
    }`,
  });
}

export function makeYtDlp(
  folder: string,
  {
    misbehaviour = {},
    says = 'ERROR: [youtube] dQw4w9WgXcQ: Unable to extract something\n',
    version = '2026.10.26',
    about = {},
    captions = null,
    sound = null,
  }: {
    misbehaviour?: Partial<Record<'version' | 'describe' | 'captions' | 'sound', Misbehaviour>>;
    says?: string;
    version?: string;
    /** Of the video, in place of what it is usually. */
    about?: Record<string, unknown>;
    /** Content of the file of captions; null for none. */
    captions?: string | null;
    /** Path of the sound; null for none. */
    sound?: string | null;
  } = {},
): FakeProgram {
  const description = {
    ...{ id: 'dQw4w9WgXcQ', title: 'How a lamp works', channel: 'Lamps', duration: 65 },
    ...{ upload_date: '20261103', language: 'en', subtitles: {}, automatic_captions: {} },
    ...about,
  };
  return program(folder, 'yt-dlp', {
    misbehaviour: misbehaviour as Record<string, Misbehaviour>,
    says,
    kind: `(args) => args.includes('--dump-single-json') ? 'describe' : args.includes('--skip-download') ? 'captions' : 'sound'`,
    act: `{
      version() { console.log(${JSON.stringify(version)}); },
      describe() { console.log(${JSON.stringify(JSON.stringify(description))}); },
      captions(args) {
        const content = ${JSON.stringify(captions)};
        if (content !== null) writeFileSync('captions.' + args[args.indexOf('--sub-langs') + 1] + '.json3', content);
      },
      sound() {
        const path = ${JSON.stringify(sound)};
        if (path !== null) writeFileSync('sound.m4a', readFileSync(path));
      },
    }`,
  });
}
