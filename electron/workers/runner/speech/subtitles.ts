/** Transcripts as subtitles. Pure. */
import type { Segment } from './transcriber.ts';

type Cue = Pick<Segment, 'start' | 'end' | 'text'>;

function time(seconds: number, point: string): string {
  const ms = Math.round(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60].map((part) => two(Math.floor(part)));
  return `${clock.join(':')}${point}${String(ms % 1000).padStart(3, '0')}`;
}

/** An arrow would begin another cue. */
const cueText = (text: string) => text.trim().replaceAll('-->', '->');

export const srtOf = (cues: readonly Cue[]): string =>
  cues
    .map(
      ({ start, end, text }, index) =>
        `${index + 1}\n${time(start, ',')} --> ${time(end, ',')}\n${cueText(text)}\n\n`,
    )
    .join('');

export const vttOf = (cues: readonly Cue[]): string =>
  `WEBVTT\n\n${cues
    .map(({ start, end, text }) => `${time(start, '.')} --> ${time(end, '.')}\n${cueText(text)}\n\n`)
    .join('')}`;
