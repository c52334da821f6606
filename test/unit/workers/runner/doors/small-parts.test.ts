import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64 } from '../../../../../electron/workers/runner/doors/base64.ts';
import { cleanText } from '../../../../../electron/workers/runner/doors/clip-textual.ts';
import { preprocessCfgSchema, visualPlan } from '../../../../../electron/workers/runner/doors/clip-visual.ts';
import { folderName } from '../../../../../electron/workers/runner/doors/immich-folder.ts';
import { shortest, vectorNumbers } from '../../../../../electron/workers/runner/doors/numbers.ts';
import { readEntries } from '../../../../../electron/workers/runner/doors/predictor.ts';
import { formatOf } from '../../../../../electron/workers/runner/pictures/format.ts';
import {
  cutMiddle,
  shorterSideTo,
  vectorOf,
} from '../../../../../electron/workers/runner/pictures/vector.ts';
import { createFakeGraph, floatTensor, value } from '../../../../fakes/runner-graphs.ts';

describe('fromBase64', () => {
  it('reads what it was made of, in every alphabet and with anything around it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (array) => {
        const bytes = Buffer.from(array);
        const text = bytes.toString('base64');
        for (const form of [
          text,
          text.replace(/=+$/, ''),
          bytes.toString('base64url'),
          `data:image/jpeg;base64,${text}`,
          `  data:;base64,${text}\n`,
          text.replace(/(.{7})/g, '$1\r\n'),
        ])
          expect(fromBase64(form).equals(bytes)).toBe(true);
      }),
    );
  });

  it.each(['not base64!', 'A', 'AAAAA', 'AA=A', '====', 'AAA*', 'ä', 'data:image/png;base64,%%'])(
    'refuses %s',
    (text) => {
      expect(() => fromBase64(text)).toThrow(expect.objectContaining({ code: 'PICTURE_NOT_BASE64' }));
    },
  );
});

describe('numbers', () => {
  it('stay the same float32, in fewer digits', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (number) => {
        // Zero has two signs in a float, and one in JSON.
        expect(Math.fround(shortest(number)) + 0).toBe(number + 0);
        expect(JSON.stringify(shortest(number)).replace(/[-.]|e.*|^0\.0*/g, '').length).toBeLessThanOrEqual(
          22,
        );
      }),
    );
    expect(JSON.stringify(vectorNumbers(Float32Array.of(0.1, -0.25, 1 / 3)))).toBe('[0.1,-0.25,0.33333334]');
  });
});

describe('entries', () => {
  it.each([
    '{"clip":{"visual":{"modelName":"ViT-B-32__openai"}}}',
    '{"clip":{"textual":{"modelName":"ViT-B-32__openai","options":{"language":"en"}}}}',
    '{"clip":{"textual":{"modelName":"ViT-B-32__openai","options":{}}}}',
    '{"facial-recognition":{"detection":{"modelName":"buffalo_l","options":{"minScore":0.7}},"recognition":{"modelName":"buffalo_l"}}}',
    '{"ocr":{"detection":{"modelName":"a","options":{"minScore":0.5,"maxResolution":736}},"recognition":{"modelName":"a","options":{"minScore":0.8}}}}',
  ])('reads %s', (text) => expect(readEntries(text)).toEqual(JSON.parse(text)));

  it.each([
    undefined,
    '',
    'null',
    '[]',
    '{',
    '{}',
    '{"clip":{}}',
    '{"clip":{"visual":{}}}',
    '{"clip":{"visual":{"modelName":""}}}',
    '{"clip":{"visual":"ViT-B-32__openai"}}',
    '{"clip":{"audio":{"modelName":"a"}}}',
    '{"speech":{"textual":{"modelName":"a"}}}',
    '{"facial-recognition":{"detection":{"modelName":"a"}}}',
    '{"facial-recognition":{"detection":{"modelName":"a","options":{"minScore":"high"}},"recognition":{"modelName":"a"}}}',
  ])('refuses %s', (text) => {
    expect(() => readEntries(text)).toThrow(expect.objectContaining({ code: 'PREDICT_BAD_ENTRIES' }));
  });
});

describe('folderName', () => {
  it.each([
    ['ViT-B-32__openai', 'ViT-B-32__openai'],
    ['immich-app/ViT-B-32__openai', 'ViT-B-32__openai'],
    ['a:b\\c', 'a_b_c'],
    ['v1.5', 'v15'],
  ])('%s', (model, name) => expect(folderName(model)).toBe(name));

  it('never leads out of the folder', () => {
    fc.assert(
      fc.property(fc.string(), (rest) => {
        for (const model of [rest, `../${rest}`, `..\\..\\${rest}`, `/etc/${rest}`]) {
          try {
            expect(folderName(model)).toMatch(/^[^./\\\0]+$/);
          } catch (error) {
            expect(error).toMatchObject({ code: 'PREDICT_MODEL_MISSING' });
          }
        }
      }),
    );
  });
});

describe('CLIP', () => {
  it('sees the middle of a picture, its shorter side fitted', () => {
    expect(shorterSideTo({ width: 400, height: 300 }, 224)).toEqual({ width: 298, height: 224 });
    expect(shorterSideTo({ width: 300, height: 400 }, 224)).toEqual({ width: 224, height: 298 });
    expect(shorterSideTo({ width: 5, height: 5 }, 224)).toEqual({ width: 224, height: 224 });
    const rgb = Uint8Array.from({ length: 5 * 2 * 3 }, (_, at) => at);
    expect([...cutMiddle({ width: 5, height: 2, rgb }, 2).rgb]).toEqual([
      3, 4, 5, 6, 7, 8, 18, 19, 20, 21, 22, 23,
    ]);
    expect([...cutMiddle({ width: 1, height: 3, rgb: rgb.subarray(0, 9) }, 1).rgb]).toEqual([3, 4, 5]);
  });

  it('normalises as preprocess_cfg.json says, and gives the vector as it is', async () => {
    const graph = createFakeGraph({
      inputs: [value('image', ['n', 3, 2, 2])],
      answer: (feed) => ({
        embedding: floatTensor(
          [1, 3],
          [0, 4, 8].map((at) => Number(feed.data[at])),
        ),
      }),
    });
    const cfg = preprocessCfgSchema.parse({ size: 2, mean: [0.5, 0.5, 0.5], std: [0.5, 0.25, 1] });
    const picture = { width: 2, height: 2, rgb: new Uint8Array(12).fill(255) };
    const made = await vectorOf(new Uint8Array(), {
      pictures: { decode: async () => picture, resize: async (one) => one },
      graph,
      plan: visualPlan(graph, cfg),
      signal: new AbortController().signal,
    });
    expect({ ...made, vector: [...made.vector] }).toEqual({ vector: [1, 2, 0.5], width: 2, height: 2 });
    expect(graph.runs).toEqual([[1, 3, 2, 2]]);
  });

  it('cleans texts as the model was trained', () => {
    expect(cleanText('  A  photo\tof a\n dog ', false)).toBe('A photo of a dog');
    expect(cleanText("It's A Dog, (really)! ~", true)).toBe('its a dog really ');
    expect(cleanText('Ärger – “Öl”', true)).toBe('ärger – “öl”');
  });
});

describe('formatOf', () => {
  it('never throws, whatever the bytes are', () => {
    const head = fc.constantFrom('', '\0\0\0\x18ftyp', '\0\0\0\0ftyp', 'RIFF', '<', '\xff\xd8', 'II*');
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 40 }), (before, rest) => {
        formatOf(Buffer.concat([Buffer.from(before, 'latin1'), rest]));
      }),
    );
  });

  it.each([
    ['avif', '\0\0\0\x1cftypavif\0\0\0\0avifmif1', { read: 'avif' }],
    ['a family with an avif member', '\0\0\0\x1cftypmif1\0\0\0\0mif1avif', { read: 'avif' }],
    ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', { foreign: 'HEIC' }],
    ['a film', '\0\0\0\x18ftypisom\0\0\0\0isomavc1', null],
    ['HTML with a drawing', '<!doctype html><body><svg></svg>', { foreign: 'SVG' }],
    ['HTML', '<!doctype html><body>', null],
    ['text about drawings', 'An <svg> is a drawing', null],
  ])('%s', (_, bytes, format) => expect(formatOf(Buffer.from(bytes, 'latin1'))).toEqual(format));
});
