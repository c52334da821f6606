import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { jsonOf, runCli } from '../../fakes/cli.ts';
import { recording, writeSpeechModel } from '../../fakes/speech-model.ts';

const root = mkdtempSync(join(tmpdir(), 'pilotlight-speech-cli-'));
afterAll(() => rmSync(root, { recursive: true }));
const data = ['--data', join(root, 'data')];

// Each command starts a runner of its own.
it('runner transcribe prints what a recording says, and why it cannot', async () => {
  const talk = join(root, 'talk.wav');
  writeFileSync(talk, recording(1, 1));
  writeFileSync(join(root, 'song.mp3'), 'ID3 a song');
  const early = await runCli('cli', ['runner', 'transcribe', talk, ...data]);
  expect([early.code, early.err]).toEqual([1, expect.stringContaining('RUNNER_NO_MODEL')]);

  const model = writeSpeechModel(join(root, 'whisper'));
  const added = await runCli('cli', ['runner', 'models', 'add', model, '--json', ...data]);
  expect(jsonOf(added)).toMatchObject({ name: 'whisper', kind: 'speech' });

  const found = await runCli('cli', ['runner', 'transcribe', talk, '--json', ...data]);
  expect(jsonOf(found)).toMatchObject({
    text: 'red green red green',
    language: 'english',
    duration: 2,
    segments: [
      { start: 0, end: 0.6 },
      { start: 1, end: 1.6 },
    ],
    model: 'whisper',
    provider: 'cpu',
  });
  const plain = await runCli('cli', ['runner', 'transcribe', talk, '--language', 'en', ...data]);
  expect(plain.out).toMatch(/0:00 {2}red green\n +0:01 {2}red green\n2 s in /);

  for (const [file, code] of [
    [join(root, 'song.mp3'), 'RECORDING_UNREADABLE'],
    [join(root, 'missing.wav'), 'BAD_REQUEST'],
  ] as const) {
    const run = await runCli('cli', ['runner', 'transcribe', file, ...data]);
    expect([run.code, run.err]).toEqual([1, expect.stringContaining(code)]);
  }
}, 180_000);
