/** A real Whisper in the runner: tiny.en as ONNX graphs, beside faster-whisper with the same weights. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawn } from '../fakes/children.ts';
import { createTestRunner, type TestRunner } from '../fakes/open-runner.ts';
import { type RealSpeech, SPEECH_MODEL, startRealSpeech, wavFile } from '../fakes/real-speech.ts';
import { PAUSE_SECONDS, sentences, wordErrors, wordsOf } from '../fakes/spoken-sentences.ts';

const { PILOTLIGHT_SPEECH_PYTHON: python } = process.env;
const script = fileURLToPath(new URL('whisper_to_onnx.py', import.meta.url));

interface Heard {
  text: string;
  segments: { start: number; end: number; text: string }[];
}

describe.skipIf(python === undefined || python === '')(
  'Whisper in the runner (npm test -- real-parts)',
  () => {
    let folder: string;
    let speech: RealSpeech;
    let runner: TestRunner;
    /** All sentences one after the other, and when each begins. */
    let talk: Buffer;
    const starts: number[] = [];
    const single: Buffer[] = [];

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'pilotlight-whisper-'));
      // As greedy as the runner is.
      speech = await startRealSpeech(python ?? '', 1);
      runner = createTestRunner();
      await runner.open();
      const parts: Buffer[] = [];
      let [bytes, rate] = [0, 0];
      for (const sentence of sentences) {
        const said = await speech.say(sentence);
        rate = said.rate;
        starts.push(bytes / 2 / rate);
        single.push(wavFile(said.pcm, rate));
        const pause = Buffer.alloc(Math.round(rate * PAUSE_SECONDS) * 2);
        parts.push(said.pcm, pause);
        bytes += said.pcm.length + pause.length;
      }
      talk = wavFile(Buffer.concat(parts), rate);
    }, 300_000);
    afterAll(async () => {
      await runner?.close();
      await speech?.[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    });

    async function hear(url: string, model: string, file: Buffer): Promise<Heard> {
      const form = new FormData();
      form.append('model', model);
      form.append('response_format', 'verbose_json');
      form.append('file', new Blob([new Uint8Array(file)], { type: 'audio/wav' }), 'speech.wav');
      const answer = await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form });
      const text = await answer.text();
      expect(answer.status, text).toBe(200);
      return JSON.parse(text) as Heard;
    }

    async function addModel(layout: 'merged' | 'split', precision: 'float32' | 'int8') {
      const target = join(folder, `${layout}-${precision}`);
      const args = [script, target, layout, precision];
      const child = spawn(python ?? '', args, { stdio: ['ignore', 'ignore', 'inherit'] });
      expect((await once(child, 'exit'))[0]).toBe(0);
      return runner.add(target, `${layout}-${precision}`);
    }

    const wanted = sentences.flatMap(wordsOf);
    const errorRate = (heard: string) => wordErrors(wanted, wordsOf(heard)) / wanted.length;

    it.each([
      ['merged', 'float32'],
      ['split', 'float32'],
      ['merged', 'int8'],
    ] as const)(
      'hears twenty sentences with a decoder that is %s, in %s',
      async (layout, precision) => {
        const name = `${layout}-${precision}`;
        expect(await addModel(layout, precision)).toMatchObject({
          status: 201,
          body: { kind: 'speech', precision },
        });
        const ours = await hear(runner.opened().url, name, talk);
        const theirs = await hear(speech.url, SPEECH_MODEL, talk);
        console.log(
          `${name}: ${errorRate(ours.text)} of the words wrong; faster-whisper: ${errorRate(theirs.text)}`,
        );
        expect(errorRate(ours.text), ours.text).toBeLessThanOrEqual(0.15);
        const apart = wordErrors(wordsOf(theirs.text), wordsOf(ours.text)) / wordsOf(theirs.text).length;
        expect(apart, `${ours.text}\n${theirs.text}`).toBeLessThanOrEqual(0.1);
        // A sentence that was understood begins at its own second.
        let found = 0;
        for (const [index, sentence] of sentences.entries()) {
          const segment = ours.segments.find(({ text }) => text.includes(sentence.slice(0, -1)));
          if (segment === undefined) continue;
          found += 1;
          expect(Math.abs(segment.start - (starts[index] ?? 0)), sentence).toBeLessThan(2);
        }
        expect(found).toBeGreaterThanOrEqual(12);
      },
      600_000,
    );

    it('hears single sentences as faster-whisper does', async () => {
      const rates = [0, 0];
      let apart = 0;
      for (const file of single) {
        const ours = wordsOf((await hear(runner.opened().url, 'merged-float32', file)).text);
        const theirs = wordsOf((await hear(speech.url, SPEECH_MODEL, file)).text);
        const sentence = wordsOf(sentences[single.indexOf(file)] ?? '');
        rates[0] = (rates[0] ?? 0) + wordErrors(sentence, ours);
        rates[1] = (rates[1] ?? 0) + wordErrors(sentence, theirs);
        apart += wordErrors(theirs, ours);
      }
      console.log(`single sentences: ${rates.join(' and ')} of ${wanted.length} words wrong, ${apart} apart`);
      // Short ones are hard for both.
      expect(rates[0]).toBeLessThanOrEqual((rates[1] ?? 0) + 5);
      expect(apart / wanted.length).toBeLessThanOrEqual(0.15);
    }, 600_000);
  },
);
