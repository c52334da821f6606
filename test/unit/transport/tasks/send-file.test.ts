/** Files that change while they are sent, over HTTP. */
import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileToSend, fileAt, sendFile } from '../../../../electron/transport/http/tasks/send-file.ts';

const BIG = 4_000_000;
let folder: string;
let path: string;
let app: FastifyInstance;
/** Called when the file was opened, and before it is sent. */
let opened: (file: FileToSend) => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-send-'));
  path = join(folder, 'talk.wav');
  writeFileSync(path, 'the right one');
  opened = () => {};
  app = fastify();
  app.route({
    method: ['GET', 'HEAD'],
    url: '/',
    async handler(request, reply) {
      const file = await fileAt(path, 'talk\ud800.wav');
      opened(file);
      return sendFile(request, reply, file, 'audio/wav');
    },
  });
});
afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const get = (headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
  app.inject({ url: '/', method, headers });

describe('a file that is sent', () => {
  it('is the one that was checked, even if another has taken its place', async () => {
    opened = () => {
      writeFileSync(join(folder, 'other'), 'a secret that is longer');
      renameSync(join(folder, 'other'), path);
    };
    expect((await get()).body).toBe('the right one');
  });

  it.runIf(process.platform !== 'win32')('is no link and no pipe', async () => {
    const elsewhere = join(folder, 'secret');
    writeFileSync(elsewhere, 'a secret');
    rmSync(path);
    symlinkSync(elsewhere, path);
    await expect(fileAt(path, '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    rmSync(path);
    execFileSync('mkfifo', [path]);
    await expect(fileAt(path, '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    rmSync(path);
    await expect(fileAt(path, '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(fileAt(folder, '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('ends the connection if it became shorter, instead of letting the client wait', async () => {
    writeFileSync(path, Buffer.alloc(BIG));
    opened = () => truncateSync(path, BIG / 2);
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const reply = await fetch(url);
    expect(reply.headers.get('content-length')).toBe(String(BIG));
    await expect(reply.arrayBuffer()).rejects.toThrow();
  });

  it('may have any name', async () => {
    const reply = await get();
    expect([reply.statusCode, reply.headers['content-disposition']]).toEqual([
      200,
      "inline; filename*=UTF-8''talk%EF%BF%BD.wav",
    ]);
  });

  it.runIf(process.platform === 'linux')('is closed, whether or not it was read', async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    await get();
    const before = open();
    for (const range of ['bytes=0-1', 'bytes=99-', 'bytes=-0', 'lines=1', 'bytes=5-2']) await get({ range });
    await get({}, 'HEAD');
    writeFileSync(path, '');
    await get();
    expect(open()).toBeLessThanOrEqual(before);
  });
});
