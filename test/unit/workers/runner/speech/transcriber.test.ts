import { describe, expect, it } from 'vitest';
import type { SpeechModel } from '../../../../../electron/workers/runner/speech/speech-kind.ts';
import { transcribe } from '../../../../../electron/workers/runner/speech/transcriber.ts';

const RATE = 16_000;
/** Of one window of 30 s, which says nothing. */
const heard: unknown[] = [];
const model = {
  plan: {
    tokens: { languages: { en: 5 }, firstTime: 100, end: 50 },
    mel: { rate: RATE, samples: 30 * RATE },
    mostTokens: 448,
  },
  tokenizer: { decode: () => '', encode: () => [], specials: { before: [], after: [] } },
  async hear(task: unknown) {
    heard.push(task);
    return { tokens: [], language: 5, noSpeech: 0, logprob: 0, temperature: 0 };
  },
} as unknown as SpeechModel;

function loud(seconds: number) {
  const asked: number[] = [];
  return {
    asked,
    samples: seconds * RATE,
    part(from: number, most: number) {
      asked.push(most);
      return new Int16Array(Math.max(0, Math.min(most, seconds * RATE - from))).fill(1000);
    },
  };
}
const usual = { language: null, prompt: '', temperature: null, pause: async () => {} };
const never = new AbortController().signal;

describe('transcribe', () => {
  it('makes a second at a time, and lets others have their turn in between', async () => {
    const sound = loud(45.5);
    let pauses = 0;
    heard.length = 0;
    await transcribe(model, sound, {
      ...usual,
      signal: never,
      async pause() {
        pauses += 1;
      },
    });
    expect(Math.max(...sound.asked)).toBe(RATE);
    expect([sound.asked.length, pauses]).toEqual([46, 46]);
    expect(heard.map((task) => (task as { samples: Int16Array }).samples.length)).toEqual([
      30 * RATE,
      15.5 * RATE,
    ]);
    for (const task of heard)
      expect((task as { samples: Int16Array }).samples.every((sample) => sample === 1000)).toBe(true);
  });

  it('ends in the middle of a window when it is cancelled', async () => {
    const sound = loud(30);
    const abort = new AbortController();
    const pause = async () => {
      if (sound.asked.length === 3) abort.abort(new Error('gone'));
    };
    await expect(transcribe(model, sound, { ...usual, pause, signal: abort.signal })).rejects.toThrow('gone');
    expect(sound.asked.length).toBe(3);
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'xx', ' en', ''])(
    'refuses %j as a language',
    async (language) => {
      heard.length = 0;
      const asked = transcribe(model, loud(1), { ...usual, language, signal: never });
      await expect(asked).rejects.toMatchObject({ code: 'BAD_REQUEST', details: { field: 'language' } });
      expect(heard).toEqual([]);
    },
  );
});
