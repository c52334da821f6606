import { describe, expect, it } from 'vitest';
import { partsOf } from '../../../../../electron/workers/runner/speech/parts.ts';
import {
  applyTokenRules,
  chooseToken,
  type SpeechTokens,
  sumOf,
} from '../../../../../electron/workers/runner/speech/tokens.ts';

/** Texts 0–9, the end 10, marks 11–14, times from 15 on. */
const tokens: SpeechTokens = {
  start: 11,
  end: 10,
  transcribe: null,
  previous: 12,
  noSpeech: 13,
  firstTime: 15,
  languages: {},
  suppressed: [3],
  suppressedFirst: [0],
  latestStart: 4,
};
const SIZE = 30;

/** Tokens that may come, where all are as likely unless `likely` says otherwise. */
function allowed(said: readonly number[], likely: Readonly<Record<number, number>> = {}): number[] {
  const logits = Float32Array.from({ length: SIZE }, (_, token) => likely[token] ?? 0);
  applyTokenRules(logits, said, tokens);
  return [...logits.keys()].filter((token) => logits[token] !== Number.NEGATIVE_INFINITY);
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
/** A text is likelier than all times together. */
const text = { 1: 10 };
const texts = [0, 1, 2, ...range(4, 9)];

describe('applyTokenRules', () => {
  it('begins with a time that is not too late', () => {
    expect(allowed([])).toEqual(range(15, 19));
  });

  it('never has marks and suppressed tokens', () => {
    expect(allowed([15, 1], text)).toEqual([...texts, 10, ...range(16, 29)]);
  });

  it('has text after a pair of times, or after the first one', () => {
    expect(allowed([15], text)).toEqual([...texts, 10]);
    expect(allowed([15, 1, 17, 17], text)).toEqual([...texts, 10]);
  });

  it('has the time of the next part, or the end, after a time that ends one', () => {
    expect(allowed([15, 1, 17])).toEqual(range(17, 29));
    expect(allowed([15, 1, 17], { 10: 10 })).toEqual([10, ...range(17, 29)]);
  });

  it('never goes back, and gives no part of no length', () => {
    expect(allowed([15, 1, 17, 17, 2], { 20: 30 })).toEqual(range(18, 29));
  });

  it('takes a time if all of them together are likelier than any text', () => {
    expect(allowed([15, 1], { 1: 1 })).toEqual(range(16, 29));
    expect(allowed([15, 1], { 1: 3 })).toContain(1);
  });
});

describe('chooseToken', () => {
  const logits = Float32Array.of(1, 3, 2, Number.NEGATIVE_INFINITY);

  it('takes the likeliest one, and says how likely it is', () => {
    const { token, logprob } = chooseToken(logits, 0, () => 0);
    expect(token).toBe(1);
    expect(Math.exp(logprob)).toBeCloseTo(Math.exp(3) / (Math.exp(1) + Math.exp(2) + Math.exp(3)), 6);
  });

  it('takes each as often as it is likely, with a temperature', () => {
    const counts = [0, 0, 0, 0];
    for (let draw = 0; draw < 1000; draw += 1) {
      const { token } = chooseToken(logits, 1, () => (draw + 0.5) / 1000);
      counts[token] = (counts[token] ?? 0) + 1;
    }
    expect(counts).toEqual([90, 665, 245, 0]);
    const { token } = chooseToken(logits, 1, () => 1);
    expect(token).toBe(2);
  });

  it('adds up probabilities of very large and of no logits', () => {
    expect(sumOf(Float32Array.of(1000, 1000))).toBeCloseTo(1000 + Math.log(2), 4);
    expect(sumOf(Float32Array.of(Number.NEGATIVE_INFINITY))).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('partsOf', () => {
  const of = (said: number[], seconds = 30) => {
    const { parts, next } = partsOf(said, seconds, tokens);
    return { parts: parts.map(({ start, end, tokens: own }) => [start, end, own]), next };
  };
  const time = (seconds: number) => 15 + Math.round(seconds / 0.02);

  it('ends a part where its time says, and begins the next window there', () => {
    expect(of([time(0), 1, 2, time(2), time(2.4), 4, time(5), time(5)])).toEqual({
      parts: [
        [0, 2, [1, 2]],
        [expect.closeTo(2.4), 5, [4]],
      ],
      next: 5,
    });
  });

  it('leaves what the end of the window cut off to the next one', () => {
    expect(of([time(0), 1, time(28), time(28.5), 2])).toEqual({ parts: [[0, 28, [1]]], next: 28 });
  });

  it('takes all of the window if nothing comes after the last part', () => {
    expect(of([time(0), 1, time(2), time(2), 4, time(9)])).toEqual({
      parts: [
        [0, 2, [1]],
        [2, 9, [4]],
      ],
      next: 30,
    });
    expect(of([time(1), 1, time(4)])).toEqual({ parts: [[1, 4, [1]]], next: 30 });
  });

  it('goes to the end of the window where no time ends the text', () => {
    expect(of([time(1), 1, 2], 12)).toEqual({ parts: [[1, 12, [1, 2]]], next: 12 });
  });

  it('never stands still', () => {
    expect(of([time(0), time(0)])).toEqual({ parts: [], next: 30 });
    expect(of([])).toEqual({ parts: [], next: 30 });
    expect(of([time(0), 1, time(0), time(0), 2])).toEqual({ parts: [[0, 0, [1]]], next: 30 });
  });

  it('goes no further than the recording', () => {
    expect(of([time(0), 1, time(20), time(20), 2], 8).next).toBe(8);
  });
});
