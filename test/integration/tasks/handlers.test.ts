/** The real handlers, each in a process of its own as a worker starts it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../../electron/adapters/clock.ts';
import { createImageHandler } from '../../../electron/workers/tasks/handlers/image.ts';
import { noMeans } from '../../../electron/workers/tasks/means.ts';
import { handlerHost } from '../../../electron/workers/tasks/processes/handler-host.ts';
import {
  type HandlerProcess,
  startHandlerProcess,
} from '../../../electron/workers/tasks/processes/handler-process.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { ContentType } from '../../../shared/models/tasks.ts';
import { makeDocx, makeEpub, makePdf, makePptx, makeXlsx, wordText } from '../../fakes/documents.ts';

const entry = fileURLToPath(new URL('../../../electron/workers/tasks/task-worker.ts', import.meta.url));
const limits = { patienceMs: () => 0, timeMs: 60_000, onProgress: () => {} };

let folder: string;
let handlers: HandlerProcess;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-handlers-'));
  handlers = startHandlerProcess(handlerHost(entry, 1024), createSystemClock(), () => {});
});
afterAll(() => {
  handlers.kill();
  rmSync(folder, { recursive: true, force: true });
});

const run = (
  contentType: ContentType,
  input: Parameters<HandlerProcess['run']>[0]['input'],
  allowedHosts: string[] = [],
) =>
  handlers.run(
    { contentType, input, options: {}, folder, allowedHosts, means: noMeans },
    { ...limits, signal: new AbortController().signal },
  );

describe('the handler of documents', () => {
  it.each([
    ['a.pdf', makePdf([['One'], ['Two']]), 'pdf', ['page', 1]],
    ['a.docx', makeDocx(wordText('One')), 'docx', ['page', 1]],
    ['a.xlsx', makeXlsx([{ name: 'A', rows: [[{ inline: 'One' }]] }]), 'xlsx', ['sheet', 1]],
    ['a.pptx', makePptx([{ title: 'One', lines: [] }]), 'pptx', ['slide', 1]],
    ['a.epub', makeEpub('B', [{ file: 'a.xhtml', html: '<p>One</p>' }]), 'epub', ['chapter', 1]],
  ])('reads %s, and says where its parts begin', async (name, bytes, format, [kind, number]) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const { content, metadata } = await run('document', { kind: 'file', path, name });
    expect(content).toContain('One');
    expect(metadata).toMatchObject({ format, sizeBytes: bytes.length, characters: content.length });
    expect(metadata.places).toMatchObject([
      { kind, number, start: 0 },
      ...(format === 'pdf' ? [{ number: 2 }] : []),
    ]);
  });

  it('fails with the code of what is wrong', async () => {
    const path = join(folder, 'broken.docx');
    writeFileSync(path, makeDocx(wordText('One')).subarray(0, 300));
    await expect(run('document', { kind: 'file', path, name: 'broken.docx' })).rejects.toMatchObject({
      code: 'DOCUMENT_BROKEN',
    });
  });
});

describe('the handler of pages', () => {
  it('fetches from hosts that were named, and from no other of this computer', async () => {
    const server = createServer((_request, response) =>
      response.end('<!doctype html><h1>Lamp</h1><p>On.</p>'),
    );
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/lamp`;
    try {
      const { content, metadata } = await run('web', { kind: 'url', url }, ['127.0.0.1']);
      expect(content).toBe('# Lamp\n\nOn.');
      expect(metadata).toMatchObject({ title: 'Lamp', url });
      // A document may be named by its address, too.
      expect((await run('document', { kind: 'url', url }, ['127.0.0.1'])).content).toBe('# Lamp\n\nOn.');
      await expect(run('web', { kind: 'url', url })).rejects.toMatchObject({ code: 'WEB_PRIVATE' });
    } finally {
      server.close();
    }
  });

  it('reads a page that was saved', async () => {
    const path = join(folder, 'saved.html');
    writeFileSync(path, '<h1>Saved</h1>');
    expect((await run('web', { kind: 'file', path, name: 'saved.html' })).content).toBe('# Saved');
  });
});

describe('the handler of pictures', () => {
  it('makes a thumbnail, and says what the camera wrote', async () => {
    const { default: sharp } = await import('sharp');
    const path = join(folder, 'lamp.jpg');
    const made = sharp({ create: { width: 800, height: 400, channels: 3, background: 'red' } });
    await made
      .withExif({ IFD0: { Model: 'Example One', ImageDescription: 'A red wall' } })
      .jpeg()
      .toFile(path);
    const { content, metadata, thumbnails } = await run('image', { kind: 'file', path, name: 'lamp.jpg' });
    expect(content).toBe('Picture: lamp.jpg\nA red wall\nCamera: Example One');
    expect(metadata).toMatchObject({
      title: 'A red wall',
      format: 'jpeg',
      width: 800,
      height: 400,
      missing: ['description'],
    });
    const thumbnail = await sharp(Buffer.from(thumbnails[0] ?? '', 'base64')).metadata();
    expect(thumbnail).toMatchObject({ format: 'jpeg', width: 320, height: 160 });
  });

  it('refuses what is no picture', async () => {
    const path = join(folder, 'a.pdf');
    await expect(run('image', { kind: 'file', path, name: 'a.png' })).rejects.toMatchObject({
      code: 'PICTURE_NOT_SUPPORTED',
    });
  });

  it('goes without a thumbnail where there is no decoder', async () => {
    const path = join(folder, 'lamp.jpg');
    const broken = async () => Promise.reject(new PilotlightError('PICTURES_NOT_READABLE'));
    const handler = createImageHandler({ decode: broken, resize: broken, cutJpeg: broken });
    const output = await handler.handle(
      { kind: 'file', path, name: 'lamp.jpg' },
      {
        ...{
          contentType: 'image',
          options: {},
          folder,
          allowedHosts: [],
          means: noMeans,
          signal: new AbortController().signal,
        },
        ...{ progress: () => {}, log: () => {} },
      },
    );
    expect(output).toMatchObject({ metadata: { missing: ['thumbnail', 'description'] }, thumbnails: [] });
    expect(await handler.components[0]?.test(new AbortController().signal, noMeans)).toEqual({
      unused: expect.stringContaining('can decode pictures'),
    });
  });
});
