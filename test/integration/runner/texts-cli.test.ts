import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { jsonOf, runCli } from '../../fakes/cli.ts';
import { SIZE, writeTextModel } from '../../fakes/text-model.ts';

const root = mkdtempSync(join(tmpdir(), 'pilotlight-texts-cli-'));
afterAll(() => rmSync(root, { recursive: true }));
const data = ['--data', join(root, 'data')];

/** Each command starts a runner of its own. */
const runner = (args: readonly string[], input?: string) =>
  runCli('cli', ['runner', ...args, '--json', ...data], input);

it('runner models, status and embed work without a running Pilotlight', async () => {
  const early = await runner(['embed'], '["red"]');
  expect([early.code, early.err + early.out]).toEqual([1, expect.stringContaining('RUNNER_NO_MODEL')]);

  const folder = writeTextModel(join(root, 'model'));
  expect((await runner(['models', 'add', folder, '--name', 'tiny'])).code).toBe(0);
  const listed = await runner(['models', 'list']);
  expect(JSON.stringify(jsonOf(listed))).toContain('"tiny"');

  const status = await runner(['status']);
  expect(status.code).toBe(0);
  expect(jsonOf(status)).toMatchObject({
    provider: expect.any(String),
    models: [expect.objectContaining({ name: 'tiny', kind: 'text' })],
    // It belongs to the core, and none runs.
    door: null,
  });

  const embedded = await runner(['embed', '--model', 'tiny'], '["red","green blue"]');
  expect(embedded.code).toBe(0);
  const { model, vectors, tokenIds } = jsonOf(embedded) as {
    model: string;
    vectors: number[][];
    tokenIds: number[][];
  };
  expect(model).toBe('tiny');
  expect(vectors.map(({ length }) => length)).toEqual([SIZE, SIZE]);
  expect(tokenIds.map(({ length }) => length)).toEqual([3, 4]);

  // Through the core, which may wake a machine for it; this computer's runner has the model.
  const shared = await runner(['embed', '--model', 'tiny', '--wake'], '["red"]');
  expect(jsonOf(shared)).toMatchObject({
    model: 'tiny',
    dimensions: SIZE,
    nodes: [{ texts: 1, gpu: false }],
  });

  const wrong = await runner(['embed', '--model', 'tiny'], 'no JSON');
  expect(wrong.code).not.toBe(0);

  expect((await runner(['models', 'remove', 'tiny'])).code).toBe(0);
  expect(jsonOf(await runner(['status']))).toMatchObject({ models: [] });
}, 400_000);
