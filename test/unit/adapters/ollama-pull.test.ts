import { describe, expect, it } from 'vitest';
import { createOllamaServer } from '../../../electron/adapters/inference/ollama.ts';
import { pullError } from '../../../electron/adapters/inference/ollama-pull.ts';
import type { PullProgress } from '../../../electron/core/ports/inference.ts';
import type { HttpRequest, HttpStreamRequest } from '../../../electron/core/ports/network.ts';
import { noStreams } from '../../fakes/http.ts';

const signal = new AbortController().signal;

/** Answers a pull with these chunks. */
function setup(chunks: readonly string[], status = 200) {
  const asked: (HttpStreamRequest | HttpRequest)[] = [];
  const progress: PullProgress[] = [];
  const server = createOllamaServer({
    url: 'http://127.0.0.1:11434',
    http: {
      ...noStreams,
      async open(request) {
        asked.push(request);
        async function* body(): AsyncGenerator<Uint8Array, undefined> {
          for (const chunk of chunks) yield new TextEncoder().encode(chunk);
          return undefined;
        }
        return { status, headers: {}, body: body(), close() {} };
      },
      async request(request) {
        asked.push(request);
        return { status, headers: {}, text: chunks.join('') };
      },
    },
  });
  return { asked, progress, server, pull: () => server.pull('m', (one) => progress.push(one), signal) };
}

const line = (value: object) => `${JSON.stringify(value)}\n`;
const layer = (digest: string, total: number, completed?: number) =>
  line({
    status: `pulling ${digest}`,
    digest: `sha256:${digest}`,
    total,
    ...(completed === undefined ? {} : { completed }),
  });
const end = [
  line({ status: 'verifying sha256 digest' }),
  line({ status: 'writing manifest' }),
  line({ status: 'success' }),
];

describe('a download', () => {
  it('sends the name alone, and adds up the layers', async () => {
    const { pull, asked, progress } = setup([
      line({ status: 'pulling manifest' }),
      layer('aa', 100),
      layer('aa', 100, 40),
      layer('aa', 100, 100),
      layer('bb', 10),
      layer('bb', 10, 10),
      ...end,
    ]);
    await pull();
    expect(asked).toMatchObject([
      { method: 'POST', url: 'http://127.0.0.1:11434/api/pull', body: { model: 'm' } },
    ]);
    expect(progress).toEqual([
      { phase: 'downloading', doneBytes: 0, totalBytes: 100 },
      { phase: 'downloading', doneBytes: 40, totalBytes: 100 },
      { phase: 'downloading', doneBytes: 100, totalBytes: 100 },
      { phase: 'downloading', doneBytes: 100, totalBytes: 110 },
      { phase: 'downloading', doneBytes: 110, totalBytes: 110 },
      { phase: 'checking', doneBytes: 110, totalBytes: 110 },
    ]);
  });

  it('reads lines that are cut anywhere, two in one chunk, and a last one without its end', async () => {
    const text = [layer('é', 8, 4), layer('é', 8, 8), ...end].join('').trimEnd();
    const { pull, progress } = setup(text.match(/[\s\S]{1,7}/g) ?? []);
    await pull();
    expect(progress.map(({ doneBytes }) => doneBytes)).toEqual([4, 8, 8]);
  });

  it('reads less than before when a layer begins again, and no more than its total', async () => {
    const { pull, progress } = setup([layer('a', 8, 6), layer('a', 8, 2), layer('a', 8, 9), ...end]);
    await pull();
    expect(progress.map(({ doneBytes }) => doneBytes)).toEqual([6, 2, 8, 8]);
  });

  it('knows no total while nothing but the manifest was named', async () => {
    const { pull, progress } = setup([line({ status: 'pulling manifest' }), ...end]);
    await pull();
    expect(progress).toEqual([{ phase: 'checking', doneBytes: 0, totalBytes: null }]);
  });

  it.each([
    ['ends before its end', [layer('a', 8, 8)], 'ANSWER_INCOMPLETE'],
    ['is empty', [], 'ANSWER_INCOMPLETE'],
    ['is a page', ['<html>\n'], 'NOT_AN_INFERENCE_SERVER'],
    ['has a line of a megabyte', ['x'.repeat(1_000_000)], 'NOT_AN_INFERENCE_SERVER'],
    ['has a list for a line', ['[]\n'], 'NOT_AN_INFERENCE_SERVER'],
  ])('fails if the answer %s', async (_, chunks, code) => {
    await expect(setup(chunks).pull()).rejects.toMatchObject({ code });
  });

  it('fails with the error in the middle of an answer whose status was good', async () => {
    const { pull, progress } = setup([
      layer('a', 8, 4),
      line({ error: 'write /x: no space left on device' }),
    ]);
    await expect(pull()).rejects.toMatchObject({ code: 'SERVER_DISK_FULL' });
    expect(progress).toHaveLength(1);
  });

  it('fails with the error of another status', async () => {
    await expect(setup([line({ error: 'invalid model name' })], 400).pull()).rejects.toMatchObject({
      code: 'BAD_MODEL_NAME',
    });
    await expect(setup(['<html>'], 502).pull()).rejects.toMatchObject({ code: 'NOT_AN_INFERENCE_SERVER' });
    await expect(setup([], 404).pull()).rejects.toMatchObject({ code: 'NOT_AN_INFERENCE_SERVER' });
  });
});

describe('why a download failed', () => {
  it.each([
    ['pull model manifest: file does not exist', 'MODEL_NOT_IN_REGISTRY'],
    ['pull model manifest: 404: {"error":"not there"}', 'MODEL_NOT_IN_REGISTRY'],
    ['manifest unknown', 'MODEL_NOT_IN_REGISTRY'],
    ['invalid model name', 'BAD_MODEL_NAME'],
    ['write /models/blobs/sha256-ab-partial: no space left on device', 'SERVER_DISK_FULL'],
    ['max retries exceeded: write /models/x: no space left on device', 'SERVER_DISK_FULL'],
    ['write C:\\models\\x: There is not enough space on the disk.', 'SERVER_DISK_FULL'],
    ['write /models/x: disk quota exceeded', 'SERVER_DISK_FULL'],
    [
      'pull model manifest: Get "https://registry.ollama.ai/v2/library/x/manifests/latest": dial tcp: lookup registry.ollama.ai: no such host',
      'REGISTRY_UNREACHABLE',
    ],
    [
      'pull model manifest: Get "http://127.0.0.1:9/v2/library/nope/manifests/latest": dial tcp 127.0.0.1:9: connect: connection refused',
      'REGISTRY_UNREACHABLE',
    ],
    ['max retries exceeded: unexpected EOF', 'REGISTRY_UNREACHABLE'],
    ['pull model manifest: Get "https://x/": tls: failed to verify certificate', 'REGISTRY_UNREACHABLE'],
    ['pull model manifest: 401: {"error":"Invalid username or password."}', 'REGISTRY_REFUSED'],
    ['pull model manifest: unauthorized: access denied', 'REGISTRY_REFUSED'],
    [
      'pull model manifest: 412:\n\nThe model you are attempting to pull requires a newer version of Ollama.',
      'SERVER_TOO_OLD',
    ],
    ['digest mismatch, file must be downloaded again: want sha256:a, got sha256:b', 'SERVER_ERROR'],
    ['something else', 'SERVER_ERROR'],
  ])('%s', (message, code) => {
    expect(pullError(200, message)).toMatchObject({ code, details: { server: message } });
  });
});

describe('deleting', () => {
  it('names the model in the body of a DELETE', async () => {
    const { server, asked } = setup([]);
    await server.remove('m', signal);
    expect(asked).toMatchObject([
      { method: 'DELETE', url: 'http://127.0.0.1:11434/api/delete', body: { model: 'm' } },
    ]);
  });

  it('fails for a model that is not there', async () => {
    const { server } = setup([JSON.stringify({ error: "model 'm' not found" })], 404);
    await expect(server.remove('m', signal)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });
});
