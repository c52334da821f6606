/** Transcripts as OpenAI's clients expect them. Pure. */
import { deflateSync } from 'node:zlib';
import type { RunnerAnswer } from '../http/route.ts';
import { srtOf, vttOf } from './subtitles.ts';
import type { Segment, Transcription } from './transcriber.ts';

export const speechFormats = ['json', 'text', 'verbose_json', 'srt', 'vtt'] as const;
type SpeechFormat = (typeof speechFormats)[number];

export type Heard = Transcription & { model: string; provider: string };

export function shaped(found: Heard, format: SpeechFormat): RunnerAnswer {
  const { segments, seconds, language, model, provider } = found;
  const text = segments
    .map((one) => one.text)
    .join('')
    .trim();
  if (format === 'json') return { status: 200, body: { text } };
  if (format === 'verbose_json')
    return {
      status: 200,
      body: {
        task: 'transcribe',
        language: language === null ? '' : nameOf(language),
        duration: rounded(seconds),
        text,
        segments: segments.map(shapedSegment),
        model,
        provider,
      },
    };
  const type = format === 'srt' ? 'application/x-subrip' : format === 'vtt' ? 'text/vtt' : 'text/plain';
  const body = format === 'srt' ? srtOf(segments) : format === 'vtt' ? vttOf(segments) : `${text}\n`;
  return { status: 200, headers: { 'content-type': `${type}; charset=utf-8` }, body };
}

const rounded = (value: number) => Math.round(value * 1000) / 1000;

function shapedSegment({ start, end, text, tokens, seek, window }: Segment, id: number) {
  const bytes = Buffer.from(text);
  return {
    id,
    // In steps of 10 ms, as OpenAI counts.
    seek: Math.round(seek * 100),
    start: rounded(start),
    end: rounded(end),
    text,
    tokens,
    temperature: window.temperature,
    avg_logprob: window.logprob,
    compression_ratio: bytes.length / deflateSync(bytes).length,
    no_speech_prob: window.noSpeech,
  };
}

/** In English, as OpenAI names it: `english`. */
function nameOf(code: string): string {
  const name = new Intl.DisplayNames(['en'], { type: 'language' }).of(code) ?? code;
  return name.toLowerCase();
}
