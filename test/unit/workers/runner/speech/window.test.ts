import { describe, expect, it } from 'vitest';
import { toFloats, toHalves } from '../../../../../electron/workers/runner/inference/float16.ts';
import { createDecoder, type Decoder } from '../../../../../electron/workers/runner/speech/decoder.ts';
import type { HeldGraph, HeldTensor } from '../../../../../electron/workers/runner/speech/held.ts';
import { hearWindow, isSilence, isWrong } from '../../../../../electron/workers/runner/speech/window.ts';

/** Texts 0–4, the end 5, marks 6–9, times from 10 on. */
const tokens = {
  start: 6,
  end: 5,
  transcribe: null,
  previous: 7,
  noSpeech: 8,
  firstTime: 10,
  languages: {},
  suppressed: [],
  suppressedFirst: [],
  latestStart: null,
};
const SIZE = 20;
const plan = {
  mel: { bins: 1, transform: 2, hop: 1, rate: 16_000, samples: 1 },
  tokens,
  heads: 1,
  headSize: 1,
  mostTokens: 40,
};

/** Says one token after the other; the last one again and again. */
function scripted(script: readonly number[]) {
  const steps: { tokens: readonly number[]; memory: unknown }[] = [];
  const decoder: Decoder = {
    async step(given, memory) {
      steps.push({ tokens: given, memory });
      const at = memory === null ? 0 : (memory as unknown as { at: number }).at + 1;
      const logits = new Float32Array(SIZE);
      logits[script[Math.min(at, script.length - 1)] ?? 0] = 20;
      return { logits: () => logits.slice(), memory: { at } as never };
    },
  };
  return { decoder, steps };
}
const task = { plan, language: null, before: [], temperatures: [0, 0.4] };
const never = new AbortController().signal;

describe('hearWindow', () => {
  it('gives the decoder the start first, then each token with what it remembers', async () => {
    const { decoder, steps } = scripted([10, 1, 2, 14, 5]);
    let told = 0;
    const heard = await hearWindow(task, { decoder, signal: never, onToken: () => (told += 1) });
    expect(heard.tokens).toEqual([10, 1, 2, 14]);
    expect(heard).toMatchObject({ language: null, temperature: 0 });
    expect(heard.logprob).toBeCloseTo(0, 3);
    expect(steps.map(({ tokens: given }) => given)).toEqual([[6], [10], [1], [2], [14]]);
    expect(steps.map(({ memory }) => memory)).toEqual([null, ...[0, 1, 2, 3].map((at) => ({ at }))]);
    expect(told).toBe(5);
  });

  it('puts what comes earlier before the start, as much as fits', async () => {
    const before = Array.from({ length: 50 }, (_, index) => index % 5);
    const { decoder, steps } = scripted([10, 1, 14, 5]);
    await hearWindow({ ...task, before }, { decoder, signal: never, onToken: () => {} });
    expect(steps[0]?.tokens).toEqual([7, ...before.slice(-19), 6]);
  });

  it('begins again from the same memory where the tokens repeat themselves', async () => {
    const { decoder, steps } = scripted([10, 1]);
    const heard = await hearWindow(task, { decoder, signal: never, onToken: () => {} });
    expect(heard.temperature).toBe(0.4);
    expect(heard.tokens).toHaveLength(20);
    // Its prompt was read once.
    expect(steps.filter(({ memory }) => memory === null)).toHaveLength(1);
    expect(steps.filter(({ memory }) => (memory as { at: number } | null)?.at === 0)).toHaveLength(2);
  });

  it('stops between two tokens, with the reason', async () => {
    const gone = new AbortController();
    const { decoder, steps } = scripted([10, 1, 2, 3, 4]);
    const heard = hearWindow(task, {
      decoder,
      signal: gone.signal,
      onToken() {
        if (steps.length === 3) gone.abort(new Error('gone'));
      },
    });
    await expect(heard).rejects.toThrow('gone');
    expect(steps).toHaveLength(3);
  });

  it('says that the numbers of the model are none', async () => {
    const decoder: Decoder = {
      step: async () => ({ logits: () => new Float32Array(SIZE).fill(Number.NaN), memory: {} }),
    };
    await expect(hearWindow(task, { decoder, signal: never, onToken: () => {} })).rejects.toMatchObject({
      code: 'RUNNER_NAN',
    });
  });
});

describe('what is right', () => {
  const good = { tokens: [10, 1, 2, 3, 14], logprob: -0.3, noSpeech: 0 };
  it.each([
    [good, false, false],
    [{ ...good, logprob: -1.2 }, true, false],
    [{ ...good, logprob: -1.2, noSpeech: 0.9 }, false, true],
    [{ ...good, noSpeech: 0.9 }, false, false],
    [{ ...good, tokens: Array.from({ length: 40 }, () => 3) }, true, false],
    [{ ...good, tokens: [] }, false, false],
  ])('%o: wrong %s, silence %s', (attempt, wrong, silence) => {
    expect(isWrong(attempt)).toBe(wrong);
    expect(isSilence(attempt)).toBe(silence);
  });
});

describe('createDecoder', () => {
  const held = (type: string, dims: number[], data: unknown): HeldTensor => ({ type, dims, data });
  const value = (name: string, type = 'float32') => ({ name, type, dims: [] });
  const past = ['decoder.key', 'encoder.key'].map((name) => value(`past_key_values.0.${name}`, 'float16'));

  it('feeds what its graphs want, and keeps what it remembers of the sound', async () => {
    const fed: { inputs: Record<string, HeldTensor>; outputs: readonly string[] }[] = [];
    const graph: HeldGraph = {
      inputs: [
        ...['input_ids', 'encoder_hidden_states', 'use_cache_branch', 'cache_position'].map((name) =>
          value(name),
        ),
        ...past,
      ],
      outputs: [],
      async run(inputs, outputs) {
        fed.push({ inputs, outputs });
        const length = inputs.input_ids?.dims[1] ?? 0;
        const logits = Float32Array.from({ length: length * 3 }, (_, index) => index / 2);
        return Object.fromEntries(
          outputs.map((name) => [
            name,
            name === 'logits'
              ? held('float16', [1, length, 3], toHalves(logits))
              : held('float16', [1, 1, fed.length * 2, 1], `${name} ${fed.length}`),
          ]),
        );
      },
    };
    const encoded = held('float32', [1], 'sound');
    const make = (type: string, data: unknown, dims: readonly number[]) => ({ type, data, dims });
    const decoder = createDecoder({ first: graph, next: graph, encoded, make, heads: 1, headSize: 1 });
    const first = await decoder.step([4, 5], null);
    expect([...first.logits(1)]).toEqual([1.5, 2, 2.5]);
    const second = await decoder.step([6], first.memory);
    expect(fed.map(({ outputs }) => outputs)).toEqual([
      ['logits', 'present.0.decoder.key', 'present.0.encoder.key'],
      ['logits', 'present.0.decoder.key'],
    ]);
    expect(fed.map(({ inputs }) => [inputs.use_cache_branch?.data, inputs.cache_position?.data])).toEqual([
      [Uint8Array.of(0), BigInt64Array.of(0n, 1n)],
      [Uint8Array.of(1), BigInt64Array.of(2n)],
    ]);
    expect(fed[0]?.inputs['past_key_values.0.decoder.key']).toEqual({
      type: 'float16',
      dims: [1, 1, 0, 1],
      data: new Uint16Array(0),
    });
    expect(fed[1]?.inputs['past_key_values.0.decoder.key']?.data).toBe('present.0.decoder.key 1');
    expect(second.memory['past_key_values.0.encoder.key']?.data).toBe('present.0.encoder.key 1');
    expect(second.memory['past_key_values.0.decoder.key']?.data).toBe('present.0.decoder.key 2');
    expect(fed[1]?.inputs.encoder_hidden_states).toBe(encoded);
  });

  it('says that a graph does not give what it should', async () => {
    const graph: HeldGraph = { inputs: past, outputs: [], run: async () => ({}) };
    const encoded = held('float32', [1], 'sound');
    const make = (type: string, data: unknown, dims: readonly number[]) => ({ type, data, dims });
    const decoder = createDecoder({ first: graph, next: graph, encoded, make, heads: 1, headSize: 1 });
    await expect(decoder.step([1], null)).rejects.toMatchObject({ code: 'RUNNER_BAD_GRAPH' });
  });
});

describe('toHalves', () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65_504, 0x7bff],
    [65_519, 0x7bff],
    [65_520, 0x7c00],
    [Number.NEGATIVE_INFINITY, 0xfc00],
    [Number.NaN, 0x7e00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2047.9, 0x6800],
  ])('writes %d', (number, bits) => {
    expect(toHalves(Float32Array.of(number))[0]).toBe(bits);
  });

  it('comes back as it was, for every half', () => {
    const all = Uint16Array.from({ length: 0x7c00 }, (_, index) => index);
    expect(toHalves(toFloats({ type: 'float16', data: all }))).toEqual(all);
  });
});
