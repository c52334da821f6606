/** Downloads of models from a server of the test's own. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogueEntry } from '../../../electron/workers/runner/models/catalogue.ts';
import { catalogue } from '../../../electron/workers/runner/models/catalogue.ts';
import { createPulls, type Pulls } from '../../../electron/workers/runner/models/pull.ts';
import type { Shelf } from '../../../electron/workers/runner/models/shelf.ts';

const graph = Buffer.alloc(200_000, 'graph');
const tokenizer = Buffer.from('{"model": {}}');
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const fileOf = (path: string, bytes: Buffer) => ({
  path,
  from: `repository/${path}`,
  sizeBytes: bytes.length,
  sha256: sha256(bytes),
});
const entry: CatalogueEntry = {
  name: 'small',
  kind: 'text',
  licence: 'MIT',
  files: [fileOf('onnx/model.onnx', graph), fileOf('tokenizer.json', tokenizer)],
};

let folder: string;
let server: Server;
let asked: { path: string; range: string | undefined }[];
let added: string[];
let pulls: Pulls;
type Handler = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => void;
let handle: Handler;

const serve: Handler = (request, response, bytes) => {
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const head = from === 0 ? {} : { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(from === 0 ? 200 : 206, head);
  response.end(bytes.subarray(from));
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-pull-'));
  asked = [];
  added = [];
  handle = serve;
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push({ path, range: request.headers.range });
    handle(request, response, path.endsWith('.onnx') ? graph : tokenizer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const shelf = {
    list: () => [],
    add: async (path: string) => {
      added.push(path);
      return {};
    },
  } as unknown as Shelf;
  const source = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror/`;
  pulls = createPulls({ shelf, entries: [entry], folder, source });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const pull = (options: Partial<Parameters<Pulls['pull']>[1]> = {}) =>
  pulls.pull('small', { onProgress: () => {}, signal: new AbortController().signal, ...options });
const final = () => join(folder, 'small');

describe('a download', () => {
  it('is verified, appears as a whole and is added', async () => {
    const progress: number[] = [];
    await pull({ onProgress: (done) => progress.push(done) });
    expect(asked.map(({ path }) => path)).toEqual([
      '/mirror/repository/onnx/model.onnx',
      '/mirror/repository/tokenizer.json',
    ]);
    expect(readFileSync(join(final(), 'onnx/model.onnx'))).toEqual(graph);
    expect(added).toEqual([final()]);
    expect(progress.at(-1)).toBe(graph.length + tokenizer.length);
    expect([...progress].sort((a, b) => a - b)).toEqual(progress);
  });

  it('continues where it was cut off', async () => {
    handle = (_request, response, bytes) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 150_000), () => response.destroy());
      handle = serve;
    };
    await expect(pull()).rejects.toMatchObject({ code: 'RUNNER_DOWNLOAD_FAILED' });
    expect(existsSync(final())).toBe(false);
    await pull();
    const range = asked.find((one) => one.range !== undefined)?.range;
    expect(Number(/\d+/.exec(range ?? '')?.[0])).toBeGreaterThan(0);
    expect(readFileSync(join(final(), 'onnx/model.onnx'))).toEqual(graph);
  });

  it('begins again where the server knows no parts', async () => {
    handle = (_request, response, bytes) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 150_000), () => response.destroy());
      handle = (_again, whole, all) => whole.writeHead(200).end(all);
    };
    await expect(pull()).rejects.toMatchObject({ code: 'RUNNER_DOWNLOAD_FAILED' });
    await pull();
    expect(readFileSync(join(final(), 'onnx/model.onnx'))).toEqual(graph);
  });

  it.each<[string, Handler, string]>([
    [
      'of other bytes',
      (_request, response, bytes) => response.end(Buffer.alloc(bytes.length, 'x')),
      'RUNNER_DOWNLOAD_WRONG',
    ],
    [
      'that is too long',
      (_request, response, bytes) => response.end(Buffer.concat([bytes, bytes])),
      'RUNNER_DOWNLOAD_WRONG',
    ],
    [
      'that is too short',
      (_request, response, bytes) => response.end(bytes.subarray(1)),
      'RUNNER_DOWNLOAD_FAILED',
    ],
    [
      'that is not there',
      (_request, response) => response.writeHead(404).end('no'),
      'RUNNER_DOWNLOAD_FAILED',
    ],
    [
      'that redirects for ever',
      (request, response) => response.writeHead(302, { location: request.url ?? '/' }).end(),
      'RUNNER_DOWNLOAD_FAILED',
    ],
    [
      'that redirects to a file',
      (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'RUNNER_DOWNLOAD_FAILED',
    ],
  ])('%s keeps nothing wrong, and the next one is right', async (_name, wrong, code) => {
    handle = wrong;
    await expect(pull()).rejects.toMatchObject({ code });
    expect(existsSync(final())).toBe(false);
    expect(added).toEqual([]);
    handle = serve;
    await pull();
    expect(readFileSync(join(final(), 'onnx/model.onnx'))).toEqual(graph);
  });

  it('follows a redirect of the same kind', async () => {
    handle = (request, response, bytes) => {
      if (request.url?.startsWith('/mirror')) response.writeHead(302, { location: '/elsewhere.onnx' }).end();
      else serve(request, response, bytes);
    };
    const only = { ...entry, files: entry.files.slice(0, 1) };
    const port = (server.address() as AddressInfo).port;
    const shelf = { list: () => [], add: async () => ({}) } as unknown as Shelf;
    const one = createPulls({ shelf, entries: [only], folder, source: `http://127.0.0.1:${port}/mirror` });
    await one.pull('small', { onProgress: () => {}, signal: new AbortController().signal });
    expect(readFileSync(join(final(), 'onnx/model.onnx'))).toEqual(graph);
  });

  it('is cancelled at once, and what came is kept for the next', async () => {
    const cancel = new AbortController();
    handle = (_request, response, bytes) => {
      response.writeHead(200);
      response.write(bytes.subarray(0, 1000), () => cancel.abort(new Error('cancelled')));
    };
    await expect(pull({ signal: cancel.signal })).rejects.toThrow();
    expect(existsSync(final())).toBe(false);
    handle = serve;
    await pull();
    expect(added).toEqual([final()]);
  });

  it('runs once at a time, and only for names of the catalogue', async () => {
    const both = await Promise.allSettled([pull(), pull()]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(both[1]).toMatchObject({ reason: { code: 'PULL_RUNNING' } });
    await expect(
      pulls.pull('../small', { onProgress: () => {}, signal: new AbortController().signal }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('the catalogue', () => {
  it('knows every file by its hash, at a fixed revision', () => {
    for (const { files, licence } of catalogue) {
      expect(licence).not.toBe('');
      for (const { from, path, sha256: hash, sizeBytes } of files) {
        expect(hash).toMatch(/^[0-9a-f]{64}$/);
        expect(sizeBytes).toBeGreaterThan(0);
        expect(from).toMatch(/^[\w-]+\/[\w.-]+\/resolve\/[0-9a-f]{40}\//);
        expect(from.endsWith(path)).toBe(true);
      }
      expect(files.map(({ path }) => path)).toContain('tokenizer.json');
    }
  });
});
