import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, it } from 'vitest';
import { jsonOf, runCli } from '../../fakes/cli.ts';
import { EMBEDDING, embedderGraph, scrfdGraph, writeFiles } from '../../fakes/face-graphs.ts';

const root = mkdtempSync(join(tmpdir(), 'pilotlight-faces-cli-'));
afterAll(() => rmSync(root, { recursive: true }));
const data = ['--data', join(root, 'data')];

// Each command starts a runner of its own.
it('runner faces prints the faces of a picture, and says why there are none', async () => {
  const picture = join(root, 'picture.png');
  const background = { r: 90, g: 30, b: 60 };
  await sharp({ create: { width: 640, height: 640, channels: 3, background } })
    .png()
    .toFile(picture);
  writeFileSync(join(root, 'notes.txt'), 'no picture');

  const early = await runCli('cli', ['runner', 'faces', picture, ...data]);
  expect([early.code, early.err]).toEqual([1, expect.stringContaining('FACES_NO_MODEL')]);

  writeFiles({
    [join(root, 'faces/a.onnx')]: scrfdGraph([{ column: 10, row: 8, score: 0.9 }]),
    [join(root, 'faces/b.onnx')]: embedderGraph(),
  });
  expect((await runCli('cli', ['runner', 'models', 'add', join(root, 'faces'), ...data])).code).toBe(0);

  const found = await runCli('cli', ['runner', 'faces', picture, '--json', ...data]);
  expect(found.code).toBe(0);
  // A picture of one colour is not sharp, but the command leaves nothing out.
  expect(jsonOf(found)).toEqual([
    expect.objectContaining({ bbox: [256, 192, 384, 320], score: 0.9, quality: 0, age: null, gender: null }),
  ]);
  expect((jsonOf(found) as { embedding: number[] }[])[0]?.embedding).toHaveLength(EMBEDDING);

  for (const [file, code] of [
    [join(root, 'notes.txt'), 'PICTURE_UNKNOWN'],
    [join(root, 'missing.png'), 'BAD_REQUEST'],
  ] as const) {
    const run = await runCli('cli', ['runner', 'faces', file, ...data]);
    expect([run.code, run.err]).toEqual([1, expect.stringContaining(code)]);
  }
}, 180_000);
