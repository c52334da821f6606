/** A recording as text with times: window by window, each of which begins where the last one was understood. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { partsOf } from './parts.ts';
import type { SpeechModel } from './speech-kind.ts';
import type { HeardWindow } from './task.ts';
import type { Sound } from './wav.ts';
import { isSilence } from './window.ts';

export interface TranscribeOptions {
  /** As ISO 639 names it; null if the model finds out. */
  language: string | null;
  /** A text that the recording could follow: names, spelling. */
  prompt: string;
  /** null: the likeliest tokens, and others where those cannot be right. */
  temperature: number | null;
  /** Resolves when others have had their turn: making the samples of a window may take a while. */
  pause(): Promise<void>;
  signal: AbortSignal;
}

export interface Segment {
  /** Seconds. */
  start: number;
  end: number;
  text: string;
  tokens: number[];
  /** Where its window begins, seconds. */
  seek: number;
  window: Omit<HeardWindow, 'tokens' | 'language'>;
}

export interface Transcription {
  segments: Segment[];
  /** null if nothing was heard and none was given. */
  language: string | null;
  /** Of the recording. */
  seconds: number;
}

const TEMPERATURES = [0, 0.2, 0.4, 0.6, 0.8, 1];
/** Shorter ends have no word in them. */
const LEAST_SECONDS = 0.1;
/** No sample is louder: there is nothing to hear, and a model would make something up. */
const SILENT = 33;

/** Rejects with BAD_REQUEST for an unknown language, what hearing throws, or the signal's reason. */
export async function transcribe(
  model: SpeechModel,
  sound: Sound,
  { language: wanted, prompt, temperature, pause, signal }: TranscribeOptions,
): Promise<Transcription> {
  const { tokens, mel } = model.plan;
  const codes = Object.entries(tokens.languages);
  let language = languageToken(wanted, tokens.languages);
  const before = textTokens(model, prompt);
  const temperatures = temperature === null ? TEMPERATURES : [temperature];
  const segments: Segment[] = [];

  async function windowAt(at: number): Promise<Int16Array> {
    const samples = new Int16Array(Math.min(mel.samples, sound.samples - at));
    for (let done = 0; done < samples.length; done += mel.rate) {
      samples.set(sound.part(at + done, Math.min(mel.rate, samples.length - done)), done);
      await pause();
      signal.throwIfAborted();
    }
    return samples;
  }

  for (let at = 0; sound.samples - at >= LEAST_SECONDS * mel.rate; ) {
    const samples = await windowAt(at);
    const seconds = samples.length / mel.rate;
    let next = seconds;
    if (!samples.every((sample) => Math.abs(sample) < SILENT)) {
      const {
        tokens: said,
        language: heard,
        ...window
      } = await model.hear({ samples, language, before, temperatures }, signal);
      if (!isSilence(window)) {
        language ??= heard;
        const found = partsOf(said, seconds, tokens);
        next = found.next;
        const seek = at / mel.rate;
        for (const part of found.parts) {
          const text = model.tokenizer.decode(part.tokens, { skipSpecial: true });
          const [start, end] = [seek + Math.min(part.start, seconds), seek + Math.min(part.end, seconds)];
          if (text.trim() !== '') segments.push({ start, end, text, tokens: part.tokens, seek, window });
        }
      }
    }
    signal.throwIfAborted();
    at += Math.max(1, Math.round(next * mel.rate));
  }
  const found = codes.find(([, token]) => token === language)?.[0];
  return {
    segments,
    language: found ?? (codes.length === 0 ? ONLY_LANGUAGE : null),
    seconds: sound.samples / mel.rate,
  };
}

/** All models of one language that were published are English. */
const ONLY_LANGUAGE = 'en';

/** null if the model finds out, or knows one only. */
function languageToken(wanted: string | null, languages: Readonly<Record<string, number>>): number | null {
  if (wanted === null) return null;
  const known = Object.keys(languages);
  const token = Object.hasOwn(languages, wanted) ? languages[wanted] : undefined;
  if (token !== undefined) return token;
  if (known.length === 0 && wanted === ONLY_LANGUAGE) return null;
  throw new PilotlightError('BAD_REQUEST', {
    message: fact('RUNNER_OTHER_LANGUAGE', {
      language: wanted.slice(0, 20),
      known: known.length === 0 ? [ONLY_LANGUAGE] : known,
    }),
    details: { field: 'language' },
  });
}

/** Without the special ones that a tokenizer puts around a text. */
function textTokens({ tokenizer, plan }: SpeechModel, text: string): number[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const { before, after } = tokenizer.specials;
  const most = Math.floor(plan.mostTokens / 2) - 1 + before.length + after.length;
  const ids = tokenizer.encode(` ${trimmed}`, most, 'end');
  return ids.slice(before.length, ids.length - after.length);
}
