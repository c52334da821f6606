/** The whole runner with small speech models: both processes, HTTP, real graphs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestRunner, type TestRunner } from '../../fakes/open-runner.ts';
import {
  likely,
  mark,
  type Row,
  recording,
  type SpeechModelSpec,
  time,
  word,
  writeSpeechModel,
} from '../../fakes/speech-model.ts';
import { writeTextModel } from '../../fakes/text-model.ts';

let models: string;
let runner: TestRunner;
beforeAll(async () => {
  models = mkdtempSync(join(tmpdir(), 'pilotlight-speech-models-'));
  runner = createTestRunner();
  await runner.open();
});
afterAll(async () => {
  await runner.close();
  rmSync(models, { recursive: true, force: true });
});

let folders = 0;
function folder(spec?: SpeechModelSpec): string {
  folders += 1;
  return writeSpeechModel(join(models, `model-${folders}`), spec);
}
const end = likely(mark('endoftext'));
const said = (...tokens: number[]): Row[] => [...tokens.map((token) => likely(token)), end];

async function transcribe(
  file: Buffer | null,
  fields: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (file !== null)
    form.append('file', new Blob([new Uint8Array(file)], { type: 'audio/wav' }), 'speech.wav');
  const response = await fetch(`${runner.opened().url}/v1/audio/transcriptions`, {
    method: 'POST',
    body: form,
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
const verbose = (file: Buffer, model: string, fields: Readonly<Record<string, string>> = {}) =>
  transcribe(file, { model, response_format: 'verbose_json', ...fields });

describe('without a speech model', () => {
  it('says so', async () => {
    const { status, body } = await transcribe(recording(1));
    expect(status).toBe(404);
    expect(body.error).toMatchObject({ code: 'model_not_found', type: 'invalid_request_error' });
  });
});

describe.each(['split', 'merged'] as const)('a speech model whose decoder is %s', (layout) => {
  const name = `speech-${layout}`;
  beforeAll(async () => {
    expect(await runner.add(folder({ layout }), name)).toMatchObject({
      status: 201,
      body: { name, kind: 'speech', precision: 'float32', state: 'ready', dimensions: null, provider: 'cpu' },
    });
  });

  it('turns a recording into text with times, window by window', async () => {
    // The second window begins where the first one was understood.
    const { status, body } = await verbose(recording(1, 1, 0.3), name);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      task: 'transcribe',
      language: 'english',
      duration: 3,
      text: 'red green red green',
      model: name,
      provider: 'cpu',
    });
    expect(body.segments).toEqual(
      [0, 1].map((at) => ({
        id: at,
        seek: at * 100,
        start: at,
        end: at + 0.6,
        text: ' red green',
        tokens: [word('red'), word('green')],
        temperature: 0,
        avg_logprob: expect.closeTo(0, 3),
        compression_ratio: expect.any(Number),
        no_speech_prob: expect.closeTo(0, 3),
      })),
    );
  });

  it('answers in every format of OpenAI', async () => {
    const file = recording(1, 1);
    expect((await transcribe(file, { model: name })).body).toEqual({ text: 'red green red green' });
    const text = await transcribe(file, { model: name, response_format: 'text' });
    expect(text.body).toBe('red green red green\n');
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const srt = await transcribe(file, { model: name, response_format: 'srt' });
    expect(srt.body).toBe(
      '1\n00:00:00,000 --> 00:00:00,600\nred green\n\n2\n00:00:01,000 --> 00:00:01,600\nred green\n\n',
    );
    const vtt = await transcribe(file, { model: name, response_format: 'vtt' });
    expect(vtt.body).toBe(
      'WEBVTT\n\n00:00:00.000 --> 00:00:00.600\nred green\n\n00:00:01.000 --> 00:00:01.600\nred green\n\n',
    );
    expect(vtt.headers.get('content-type')).toBe('text/vtt; charset=utf-8');
  });

  it('takes the model that was used last for a request without one, and for "whisper-1"', async () => {
    expect((await transcribe(recording(1))).body).toEqual({ text: 'red green' });
    expect((await transcribe(recording(1), { model: 'whisper-1' })).body).toEqual({ text: 'red green' });
  });
});

describe('what is heard', () => {
  it('begins again where a part was cut off by the end of a window', async () => {
    const full = said(time(0), word('red'), time(0.5), time(0.5), word('blue'));
    await runner.add(folder({ full }), 'cut');
    // One that ends 0.5 s after its beginning, again and again, until less than a word is left.
    const { body } = await verbose(recording(1, 1), 'cut');
    const starts = body.segments.map(({ start }: { start: number }) => start);
    expect(starts).toEqual([0, 0.5, 1]);
    expect(body.text).toBe('red red red');
  });

  it('makes nothing of silence, and of what the model takes for it', async () => {
    const rows: Row[] = [{ ...likely(mark('nospeech'), 30) }, ...said(time(0), word('red'))];
    const unsure = [{ ...rows[0] }, ...Array.from({ length: 9 }, () => ({}))];
    await runner.add(folder({ full: unsure }), 'silence');
    const { body } = await verbose(recording(1), 'silence');
    expect(body).toMatchObject({ text: '', segments: [], duration: 1 });
    const quiet = await verbose(recording(0, 0), 'silence');
    expect(quiet.body).toMatchObject({ text: '', segments: [], duration: 2 });
    expect((await verbose(recording(), 'silence')).body).toMatchObject({ text: '', duration: 0 });
  });

  it('tries other tokens where the likeliest ones repeat themselves', async () => {
    // "red red red …": at a higher temperature the others have their turn.
    const rows = [
      likely(time(0)),
      ...Array.from({ length: 18 }, () => ({ [word('red')]: 6, [word('blue')]: 5.5, [word('one')]: 5 })),
      likely(time(0.8)),
      end,
    ];
    await runner.add(folder({ full: rows }), 'loop');
    const [segment] = (await verbose(recording(1), 'loop')).body.segments;
    expect(segment.temperature).toBeGreaterThan(0);
    expect(segment.text).toContain('blue');
    const again = await verbose(recording(1), 'loop');
    expect(again.body.segments[0]).toEqual(segment);
    const wanted = await verbose(recording(1), 'loop', { temperature: '1' });
    expect(wanted.body.segments[0].temperature).toBe(1);
  });

  it('ends a transcript that never ends', async () => {
    const rows = [likely(time(0)), { [word('red')]: 9, [word('blue')]: 8.9 }];
    await runner.add(folder({ full: rows }), 'endless');
    const { body } = await verbose(recording(1), 'endless');
    expect(body.segments).toHaveLength(1);
    // Half of the 40 tokens of the decoder, without the time.
    expect(body.segments[0].tokens).toHaveLength(19);
  });

  it('finds out the language, or takes the one that is named', async () => {
    const rows: Row[] = [
      { [mark('de')]: 9, [mark('en')]: 8, [word('red')]: 20 },
      {},
      ...said(time(0), word('two'), time(0.5)),
    ];
    await runner.add(folder({ full: rows, multilingual: true }), 'languages');
    expect((await verbose(recording(1), 'languages')).body).toMatchObject({
      language: 'german',
      text: 'two',
    });
    const english = await verbose(recording(1), 'languages', { language: 'EN' });
    expect(english.body).toMatchObject({ language: 'english', text: 'two' });
    const unknown = await verbose(recording(1), 'languages', { language: 'xx' });
    expect(unknown).toMatchObject({ status: 400, body: { error: { code: 'BAD_REQUEST' } } });
    expect((await verbose(recording(1), 'speech-split', { language: 'de' })).status).toBe(400);
    expect((await verbose(recording(1), 'speech-split', { language: 'en' })).status).toBe(200);
  });

  it('puts a prompt before the transcript', async () => {
    // The mark for it, its two words, and the start of the transcript come first.
    const rows = [{}, {}, {}, ...said(time(0), word('round'), time(0.4))];
    await runner.add(folder({ full: rows }), 'prompted');
    const { body } = await verbose(recording(1), 'prompted', { prompt: 'red green' });
    expect(body.text).toBe('round');
  });

  it('reports what it has heard, and not how long recordings take', async () => {
    const { totals, latencyMs } = (await runner.ask('GET', '/runner/status')).body;
    expect(totals.speechSeconds).toBeGreaterThan(10);
    expect(latencyMs).toBeNull();
  });
});

describe('beside other work', () => {
  it('answers a query between the tokens of a long recording', async () => {
    await runner.add(writeTextModel(join(models, 'text')), 'words');
    const order: string[] = [];
    const long = verbose(recording(...Array.from({ length: 120 }, () => 1)), 'endless').then((answer) => {
      order.push('recording');
      return answer;
    });
    for (let query = 0; query < 3; query += 1) {
      const { status } = await runner.ask('POST', '/v1/embeddings', { model: 'words', input: 'red' });
      expect(status).toBe(200);
      order.push('query');
    }
    expect((await long).status).toBe(200);
    expect(order).toEqual(['query', 'query', 'query', 'recording']);
  });

  it('stops when nobody waits for the text any more, and goes on with the next recording', async () => {
    const gone = new AbortController();
    const long = transcribe(
      recording(...Array.from({ length: 600 }, () => 1)),
      { model: 'endless' },
      gone.signal,
    );
    const next = verbose(recording(1), 'speech-split');
    gone.abort();
    await expect(long).rejects.toThrow();
    expect((await next).body.text).toBe('red green');
    // One recording at a time: it has ended, and was not heard to its end.
    const { totals } = (await runner.ask('GET', '/runner/status')).body;
    expect(totals.speechSeconds).toBeLessThan(600);
  });
});

describe('what cannot be used', () => {
  it.each([
    ['no file', null, {}, 400, 'BAD_REQUEST'],
    ['something else than a WAV', Buffer.from('ID3 a song'), {}, 422, 'RECORDING_UNREADABLE'],
    ['times of words', recording(1), { 'timestamp_granularities[]': 'word' }, 400, 'BAD_REQUEST'],
    ['an unknown format', recording(1), { response_format: 'xml' }, 400, 'BAD_REQUEST'],
    ['a temperature of its own', recording(1), { temperature: '7' }, 400, 'BAD_REQUEST'],
    ['a model that is not there', recording(1), { model: 'none' }, 404, 'model_not_found'],
  ])('refuses %s', async (_, file, fields, status, code) => {
    const answer = await transcribe(file, fields);
    expect(answer).toMatchObject({ status, body: { error: { code } } });
  });

  it('refuses what is no form, and two files', async () => {
    const plain = await runner.ask('POST', '/v1/audio/transcriptions', { file: 'x' });
    expect(plain).toMatchObject({ status: 400, body: { error: { code: 'PREDICT_BAD_FORM' } } });
    const form = new FormData();
    for (const name of ['a', 'b']) form.append('file', new Blob(['x']), name);
    const response = await fetch(`${runner.opened().url}/v1/audio/transcriptions`, {
      method: 'POST',
      body: form,
    });
    expect(response.status).toBe(400);
  });

  it('does not add half a model', async () => {
    const half = folder({ files: { 'onnx/decoder_with_past_model.onnx': null } });
    expect(await runner.add(half, 'half')).toMatchObject({ status: 422, body: { code: 'RUNNER_BAD_MODEL' } });
  });

  it('takes integers where the CPU is the best there is, and floats if they are asked for', async () => {
    const both = folder({ ending: '_quantized' });
    writeSpeechModel(both);
    expect((await runner.add(both, 'int8')).body.precision).toBe('int8');
    const { body } = await runner.ask('POST', '/runner/models', {
      path: both,
      name: 'float',
      precision: 'float32',
    });
    expect(body.precision).toBe('float32');
    expect((await verbose(recording(1), 'int8')).body.text).toBe('red green');
  });
});
