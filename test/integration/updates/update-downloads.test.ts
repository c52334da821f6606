import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { createUpdateDownloads } from '../../../electron/adapters/updates/update-downloads.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import {
  type ReleaseServer,
  releaseHere,
  serve,
  startReleaseServer,
} from '../../fakes/updates/release-server.ts';

const content = Buffer.alloc(1_000_000);
for (let at = 0; at < content.length; at += 4) content.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
const { manifest, file, files } = releaseHere(content);
const part = `${Buffer.from(file.sha512, 'base64').toString('hex').slice(0, 24)}.part`;

let server: ReleaseServer;
let work: string;
let folder: string;
const http = createNodeHttp();
beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'pilotlight-updates-'));
  folder = join(work, 'downloads');
  server = await startReleaseServer();
  server.publish(manifest, files);
});
afterEach(async () => {
  http.close();
  await server.close();
  rmSync(work, { recursive: true, force: true });
});

const never = new AbortController().signal;
const progress: number[] = [];
const fetchFile = (
  options: {
    signal?: AbortSignal;
    freeBytes?: () => Promise<number | null>;
    onProgress?(bytes: number): void;
  } = {},
) => {
  progress.length = 0;
  return createUpdateDownloads({ http, folder, ...(options.freeBytes && { freeBytes: options.freeBytes }) })
    .fetch({
      ...{ address: server.address, file, signal: options.signal ?? never },
      onProgress(bytes) {
        progress.push(bytes);
        options.onProgress?.(bytes);
      },
    })
    .catch((error: unknown) => {
      if (isPilotlightError(error)) return error.code;
      throw error;
    });
};
const inFolder = () => readdirSync(folder);
/** Sends the beginning only, then breaks the connection. */
const cutAfter = (bytes: number) =>
  server.lie(file.name, (_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, bytes), () => response.destroy());
  });

describe('the download of an update', () => {
  it('has every byte, and reports its progress', async () => {
    const path = await fetchFile();
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(progress.at(-1)).toBe(content.length);
    expect(progress.length).toBeGreaterThan(2);
    expect(inFolder()).toHaveLength(1);
    // What is there is not downloaded again.
    server.asked.length = 0;
    expect(await fetchFile()).toBe(path);
    expect(server.asked).toEqual([]);
  });

  it('is made again where the finished file was changed', async () => {
    const path = await fetchFile();
    writeFileSync(path, 'something else');
    expect(await fetchFile()).toBe(path);
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  it('continues where it broke off', async () => {
    cutAfter(400_000);
    expect(await fetchFile()).toBe('UPDATE_BROKEN_OFF');
    const [kept = ''] = inFolder();
    const have = readFileSync(join(folder, kept)).length;
    expect(kept).toBe(part);
    expect(have).toBeGreaterThan(0);
    server.lie(file.name, null);
    const path = await fetchFile();
    expect(server.asked.at(-1)).toBe(`GET ${file.name} bytes=${have}-`);
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  it('begins again at a server without ranges', async () => {
    cutAfter(400_000);
    await fetchFile();
    server.lie(file.name, (_, response) => response.end(content));
    expect(readFileSync(await fetchFile()).equals(content)).toBe(true);
  });

  it('keeps what has arrived when it is cancelled', async () => {
    const abort = new AbortController();
    server.lie(file.name, (_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 600_000));
    });
    const stopping = fetchFile({
      signal: abort.signal,
      onProgress: () => abort.abort(new DOMException('Enough.', 'AbortError')),
    });
    await expect(stopping).rejects.toThrow('Enough.');
    expect(inFolder()).toEqual([part]);
    server.lie(file.name, null);
    expect(readFileSync(await fetchFile()).equals(content)).toBe(true);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['longer', (bytes) => Buffer.concat([bytes, Buffer.from('!')])],
    ['shorter', (bytes) => bytes.subarray(1)],
    ['of the same length with another content', (bytes) => Buffer.alloc(bytes.length)],
    [
      'another one by a single bit',
      (bytes) => Buffer.from(bytes).fill((bytes.at(-1) as number) ^ 1, bytes.length - 1),
    ],
  ])('is refused when the file is %s, and nothing stays', async (_, change) => {
    server.lie(file.name, (request, response) => serve(request, response, change(content)));
    expect(await fetchFile()).toBe('UPDATE_DAMAGED');
    expect(inFolder()).toEqual([]);
  });

  it('is refused when more comes than was announced', async () => {
    server.lie(file.name, (_, response) => {
      // Without a length, in pieces, and without an end.
      response.write(content);
      response.write(content);
    });
    expect(await fetchFile()).toBe('UPDATE_DAMAGED');
    expect(inFolder()).toEqual([]);
  });

  it('is refused when the rest is that of another file', async () => {
    cutAfter(400_000);
    await fetchFile();
    server.lie(file.name, (request, response) => {
      const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0]);
      response.writeHead(206, {
        'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
      });
      response.end(Buffer.alloc(content.length - from, 'x'));
    });
    expect(await fetchFile()).toBe('UPDATE_DAMAGED');
    expect(inFolder()).toEqual([]);
    server.lie(file.name, null);
    expect(readFileSync(await fetchFile()).equals(content)).toBe(true);
  });

  it.each([
    ['another place', (from: number) => `bytes ${from + 1}-${content.length - 1}/${content.length}`],
    ['another size', (from: number) => `bytes ${from}-${content.length}/${content.length + 1}`],
    ['no place', () => 'bytes */1'],
  ])('is refused when the rest is said to be of %s', async (_, range) => {
    cutAfter(400_000);
    await fetchFile();
    server.lie(file.name, (request, response) => {
      const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0]);
      response.writeHead(206, { 'content-range': range(from) }).end(content.subarray(from));
    });
    expect(await fetchFile()).toBe('UPDATE_DAMAGED');
  });

  it('is refused where the file is missing, or the server has trouble', async () => {
    for (const status of [404, 403, 500]) {
      server.lie(file.name, (_, response) => response.writeHead(status).end('no'));
      expect(await fetchFile()).toBe('UPDATE_UNREACHABLE');
    }
    expect(inFolder()).toEqual([]);
  });

  it('does not begin on a full disk', async () => {
    expect(await fetchFile({ freeBytes: async () => content.length })).toBe('DISK_FULL');
    expect(server.asked).toEqual([]);
    expect(inFolder()).toEqual([]);
    expect(await fetchFile({ freeBytes: async () => null })).toContain(file.name);
  });

  it.runIf(process.platform !== 'win32')('writes and reads through no link', async () => {
    mkdirSync(folder);
    const elsewhere = join(work, 'elsewhere');
    writeFileSync(elsewhere, content.subarray(0, 1000));
    symlinkSync(elsewhere, join(folder, part));
    const path = await fetchFile();
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(readFileSync(elsewhere).length).toBe(1000);
    rmSync(path);
    writeFileSync(elsewhere, content);
    symlinkSync(elsewhere, path);
    expect(await fetchFile()).toBe(path);
    expect(lstatSync(path).isFile()).toBe(true);
    expect(lstatSync(elsewhere).isFile()).toBe(true);
  });

  it('never continues the part of another file, and leaves none', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'other.part'), content.subarray(0, 1000));
    writeFileSync(join(folder, part), Buffer.alloc(content.length + 1));
    const path = await fetchFile();
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(inFolder()).toHaveLength(1);
  });
});
