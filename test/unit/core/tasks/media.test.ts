import { beforeEach, describe, expect, it } from 'vitest';
import { LINK_MS } from '../../../../electron/core/tasks/signed-links.ts';
import { mediaPath, mediaTypeOf } from '../../../../shared/models/media-types.ts';
import { aResult, createTasksWorld } from '../../../fakes/tasks-world.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const queryOf = (address: string | undefined) => {
  expect(address?.startsWith(`${mediaPath}?`)).toBe(true);
  return Object.fromEntries(new URL(address ?? '', 'http://localhost').searchParams);
};

let world: ReturnType<typeof createTasksWorld>;
beforeEach(async () => {
  world = createTasksWorld();
  await world.service.start();
  await world.hello('w1');
});

const add = (contentType: 'image' | 'video' | 'document' = 'video') =>
  world.add({ contentType, store: true });
const view = (id: string, caller: string | null = null) => world.service.media.view(id, caller);

describe('what the panel plays', () => {
  it('is at an address that ends after ten minutes', async () => {
    const query = queryOf((await view(await add())).file?.address);
    expect(await world.service.media.open(query)).toMatchObject({ name: 'text.md' });
    await world.clock.advance(LINK_MS - 1);
    await world.service.media.open(query);
    await world.clock.advance(1);
    await expect(world.service.media.open(query)).rejects.toEqual(code('LINK_EXPIRED'));
  });

  it('is one file, for one caller, as long as that one may call', async () => {
    const [id, other] = [await add(), await add()];
    world.credentials.set('session_1', {} as never);
    const query = queryOf((await view(id, 'session_1')).file?.address);
    await world.service.media.open(query);
    for (const change of [{ task: other }, { caller: '' }, { caller: 'session_2' }, { signature: '00' }])
      await expect(world.service.media.open({ ...query, ...change })).rejects.toEqual(code('FORBIDDEN'));
    world.credentials.delete('session_1');
    await expect(world.service.media.open(query)).rejects.toEqual(code('FORBIDDEN'));
  });

  it('is no document, and no address of the web', async () => {
    expect(await view(await add('document'))).toMatchObject({
      contentType: 'document',
      file: null,
      gone: null,
    });
    const url = 'https://www.youtube.com/watch?v=abc';
    const id = await world.add({ contentType: 'youtube', input: { kind: 'url', url } });
    expect(await view(id)).toMatchObject({ url, file: null, gone: null });
    await expect(view('nope')).rejects.toEqual(code('NOT_FOUND'));
  });

  it('is gone with its upload, and the text says so when even the task is deleted', async () => {
    const id = await add();
    await world.complete('w1', await world.claimOne('w1'));
    const query = queryOf((await view(id)).file?.address);
    await world.files.remove((await world.files.list()).map((file) => file.id));
    const gone = { message: { code: 'MEDIA_NOT_KEPT' }, next: { code: 'MEDIA_ADD_AGAIN' } };
    expect(await view(id)).toMatchObject({ file: null, gone });
    await expect(world.service.media.open(query)).rejects.toEqual(code('NOT_FOUND'));
    await world.service.remove([id]);
    expect(await view(id)).toMatchObject({ contentType: 'video', file: null, gone });
    await world.service.deleteIngested([id]);
    await expect(view(id)).rejects.toEqual(code('NOT_FOUND'));
  });

  it('has the faces and a small copy of a picture', async () => {
    const id = await add('image');
    const task = await world.claimOne('w1');
    expect(await view(id)).toMatchObject({ faces: null, thumbnail: null });
    const box = { left: 0.1, top: 0.1, width: 0.5, height: 0.5, score: 0.9 };
    await world.service.workers.complete(
      {
        ...{ workerId: 'w1', id: task.id, token: task.token, claimNext: false },
        result: { ...aResult(), metadata: { faces: 1, faceBoxes: [box] }, thumbnails: ['AQID'] },
      },
      { credentialId: 'key_1', local: false },
    );
    expect(await view(id)).toMatchObject({ faces: { count: 1, boxes: [box] }, thumbnail: 'AQID' });
  });
});

it.each([
  ['a.WAV', 'audio/wav'],
  ['talk.part.mkv', 'video/x-matroska'],
  ['photo.jpeg', 'image/jpeg'],
  ['page.html', 'application/octet-stream'],
  ['drawing.svg', 'application/octet-stream'],
  ['constructor', 'application/octet-stream'],
  ['a.constructor', 'application/octet-stream'],
  ['mp3', 'application/octet-stream'],
])('%s is %s to a browser', (name, type) => {
  expect(mediaTypeOf(name)).toBe(type);
});
