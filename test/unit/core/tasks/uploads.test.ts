import { describe, expect, test } from 'vitest';
import { createUploads, UPLOAD_IDLE_MS } from '../../../../electron/core/tasks/uploads.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

function world(options: { fails?: { after: number; error: PilotlightError } } = {}) {
  const clock = createFakeClock();
  const saved = new Map<string, { name: string; content: Buffer }>();
  const dropped: unknown[] = [];
  let last = 0;
  const uploads = createUploads({
    clock,
    ids: {
      next(prefix) {
        last += 1;
        return `${prefix}_${last}`;
      },
    },
    async save({ name, content }, signal) {
      const parts: Uint8Array[] = [];
      let size = 0;
      try {
        for await (const part of content) {
          parts.push(part);
          size += part.length;
          if (options.fails && size > options.fails.after) throw options.fails.error;
        }
      } catch (error) {
        dropped.push(error);
        throw error;
      }
      signal.throwIfAborted();
      const id = `file_${saved.size + 1}`;
      saved.set(id, { name, content: Buffer.concat(parts) });
      return { id, kind: 'upload', name, sizeBytes: size, sha256: '', createdAt: clock.now(), taskId: null };
    },
  });
  const part = (patch: Partial<Parameters<typeof uploads.take>[0]> = {}) =>
    uploads.take({
      uploadId: null,
      name: 'Garden.md',
      offset: 0,
      data: Buffer.from('abc'),
      last: false,
      ...patch,
    });
  return { clock, saved, dropped, uploads, part };
}

describe('an upload in parts', () => {
  test('is one file when the last part has arrived', async () => {
    const { part, saved } = world();
    const first = await part();
    expect(first).toEqual({ uploadId: 'upload_1', receivedBytes: 3, fileId: null });
    const { uploadId } = first;
    expect(await part({ uploadId, offset: 3, data: Buffer.from('de') })).toMatchObject({ receivedBytes: 5 });
    expect(await part({ uploadId, offset: 5, data: Buffer.from('f'), last: true })).toEqual({
      uploadId,
      receivedBytes: 6,
      fileId: 'file_1',
    });
    expect(saved.get('file_1')).toEqual({ name: 'Garden.md', content: Buffer.from('abcdef') });
    await expect(part({ uploadId, offset: 6 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test.each([0, 3])('of %i bytes may have one part', async (size) => {
    const { part, saved } = world();
    const { fileId } = await part({ data: Buffer.alloc(size), last: true });
    expect(fileId && saved.get(fileId)?.content.length).toBe(size);
  });

  test('refuses a part that is not the next one, and continues with the right one', async () => {
    const { part } = world();
    await expect(part({ offset: 3 })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    const { uploadId } = await part();
    for (const offset of [0, 2, 4]) {
      await expect(part({ uploadId, offset })).rejects.toMatchObject({
        code: 'BAD_REQUEST',
        details: { receivedBytes: 3 },
      });
    }
    expect(await part({ uploadId, offset: 3, last: true })).toMatchObject({ receivedBytes: 6 });
  });

  test('tells the sender why it could not be saved, and is gone then', async () => {
    const { part } = world({ fails: { after: 4, error: new PilotlightError('UPLOAD_TOO_LARGE') } });
    const { uploadId } = await part();
    await expect(part({ uploadId, offset: 3, last: true })).rejects.toMatchObject({
      code: 'UPLOAD_TOO_LARGE',
    });
    await expect(part({ uploadId, offset: 3 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('is dropped when no part comes for a while', async () => {
    const { part, clock, dropped } = world();
    const { uploadId } = await part();
    await clock.advance(UPLOAD_IDLE_MS - 1);
    expect(dropped).toEqual([]);
    await part({ uploadId, offset: 3 });
    await clock.advance(UPLOAD_IDLE_MS - 1);
    expect(dropped).toEqual([]);
    await clock.advance(1);
    expect(dropped).toHaveLength(1);
    await expect(part({ uploadId, offset: 6 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('is dropped when the core stops', async () => {
    const { part, uploads, dropped } = world();
    const { uploadId } = await part();
    uploads.stop();
    await expect(part({ uploadId, offset: 3 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(dropped).toMatchObject([{ code: 'STOPPING' }]);
  });

  test('does not begin while too many others are in progress', async () => {
    const { part } = world();
    for (let count = 0; count < 64; count += 1) await part();
    await expect(part()).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });
});
