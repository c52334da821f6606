/** What servers list that people reported problems of, in fields and values of real ones; names are our own. */
import { describe, expect, it } from 'vitest';
import { createOllamaServer } from '../../../electron/adapters/inference/ollama.ts';
import { noStreams } from '../../fakes/http.ts';

const signal = new AbortController().signal;
const GIB = 1024 ** 3;

function serverWith(models: unknown) {
  const http = {
    ...noStreams,
    request: async () => ({ status: 200, headers: {}, text: JSON.stringify({ models }) }),
  };
  return createOllamaServer({ url: 'http://127.0.0.1:11434', http });
}

describe('what a server has loaded', () => {
  it.each([
    [
      'an old one on a processor, which leaves out a zero',
      { name: 'lamp:7b', size: 5 * GIB, digest: 'ab', expires_at: '2024-06-05T14:38:31.83753-07:00' },
      { vramBytes: 0, sizeBytes: 5 * GIB, expiresAt: Date.UTC(2024, 5, 5, 21, 38, 31, 837) },
    ],
    [
      'one that keeps a model for ever, by the largest time that it can count',
      { name: 'lamp:7b', size: 5, size_vram: 5, digest: 'ab', expires_at: '2318-11-02T17:03:22.4567-05:00' },
      { vramBytes: 5, expiresAt: null },
    ],
    [
      'one that has just begun to load, without a time',
      { model: 'lamp:7b', size: 0, size_vram: 0, digest: '', expires_at: '0001-01-01T00:00:00Z' },
      { name: 'lamp:7b', vramBytes: 0, expiresAt: null },
    ],
    [
      'another program that speaks the same way, with text for numbers and nothing for details',
      {
        name: 'lamp.gguf',
        model: 'lamp.gguf',
        size: 'unknown',
        size_vram: null,
        details: null,
        expires_at: '',
      },
      { name: 'lamp.gguf', sizeBytes: 0, vramBytes: 0, expiresAt: null },
    ],
    [
      'a newer one, with nanoseconds and a length of its context',
      {
        ...{ name: 'lamp:30b-a3b', model: 'lamp:30b-a3b', size: 21_035_991_040, size_vram: 14_801_735_680 },
        ...{ digest: 'sha256:cd', context_length: 8192, expires_at: '2026-01-08T00:07:26.817827822+02:00' },
        details: { parent_model: '', format: 'gguf', family: 'lamp', families: null },
      },
      { vramBytes: 14_801_735_680, contextLength: 8192, expiresAt: Date.UTC(2026, 0, 7, 22, 7, 26, 817) },
    ],
  ])('%s', async (_what, model, wanted) => {
    expect(await serverWith([model]).loaded(signal)).toMatchObject([wanted]);
  });
});

describe('what a server has installed', () => {
  it.each([
    [
      'a model that was made from files of another format',
      {
        ...{ name: 'team/lamp:latest', digest: 'ff', size: 1, modified_at: '2025-02-30T99:00:00Z' },
        details: { format: 'safetensors', families: ['lamp', 'clip'], quantization_level: 'unknown' },
      },
      { name: 'team/lamp:latest', format: 'safetensors', families: ['lamp', 'clip'], cloud: false },
    ],
    [
      'a model of an early version, without a family',
      { name: 'lamp:latest', modified_at: '2023-11-04T14:56:49.277302595-07:00', size: 7, digest: '9f' },
      { name: 'lamp:latest', family: '', capabilities: null, embeddingLength: null },
    ],
  ])('%s', async (_what, model, wanted) => {
    expect(await serverWith([model]).installed(signal)).toMatchObject([wanted]);
  });

  it('leaves out a model that runs elsewhere', async () => {
    const elsewhere = {
      ...{ name: 'lamp:480b-cloud', model: 'lamp:480b-cloud', size: 382, digest: 'e3' },
      ...{ remote_model: 'lamp:480b', remote_host: 'https://models.example:443' },
      details: { format: '', family: '', families: null, parameter_size: '', quantization_level: '' },
    };
    const here = { name: 'lamp:7b', digest: 'ab', size: 7 };
    const installed = await serverWith([elsewhere, here]).installed(signal);
    expect(installed.map(({ name }) => name)).toEqual(['lamp:7b']);
  });
});
