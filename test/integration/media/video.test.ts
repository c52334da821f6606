/** Videos and pictures: what is there of it comes out, and what is missing is named. */
import { describe, expect, it } from 'vitest';
import { createImageHandler } from '../../../electron/workers/tasks/handlers/image.ts';
import { createVideoHandler } from '../../../electron/workers/tasks/handlers/video.ts';
import { noMeans } from '../../../electron/workers/tasks/means.ts';
import { makeFfmpeg } from '../../fakes/media-programs.ts';
import { openMediaWorld, toneWav } from '../../fakes/media-world.ts';

describe('a video', () => {
  it('has what is said and what is to be seen, by time', async () => {
    await using world = await openMediaWorld();
    const { path } = makeFfmpeg(world.folder);
    const handler = createVideoHandler(world.tools({ ffmpeg: path }));
    const output = await handler.handle(world.file('a.mkv', toneWav(40)), world.context());
    expect(output.content.split('\n\n')).toEqual([
      expect.stringMatching(/^Piece number 0\. \[0:00\] Picture: A picture of lamp \d\./),
      ...output.content.split('\n\n').slice(1),
    ]);
    expect(output.content).toMatch(/\[0:05\] Picture: A picture of lamp \d\./);
    expect(output.content).toContain('Piece number 1.');
    const numbers = (output.metadata.places as { number: number }[]).map(({ number }) => number);
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    expect(numbers).toEqual(expect.arrayContaining([0, 5.25]));
    expect(output.metadata).toMatchObject({
      ...{ title: 'a.mkv', seconds: 40, width: 640, height: 360, frames: [0, 5.25], missing: [] },
    });
    expect(output.thumbnails).toHaveLength(2);
    const seen = world.server.received.filter(({ json }) => json !== null);
    expect(seen[0]).toMatchObject({
      ...{ path: '/v1/chat/completions', authorization: 'Bearer k' },
      json: { model: 'llava', stream: false },
    });
    expect(JSON.stringify(seen[0]?.json)).toContain('data:image/jpeg;base64,');
    const shares = world.progress.map(([share]) => share);
    expect(shares).toEqual(shares.toSorted((one, other) => one - other));
  });

  it('without sound has its pictures', async () => {
    await using world = await openMediaWorld();
    const { path } = makeFfmpeg(world.folder, { hasSound: false });
    const output = await createVideoHandler(world.tools({ ffmpeg: path })).handle(
      world.file('a.mp4', toneWav(10)),
      world.context(),
    );
    expect(output.content).toMatch(/^\[0:00\] Picture: /);
    expect(output.metadata).toMatchObject({ note: 'It has no sound.', missing: [] });
  });

  it('without a picture has its sound', async () => {
    await using world = await openMediaWorld();
    const { path } = makeFfmpeg(world.folder, { hasPicture: false });
    const output = await createVideoHandler(world.tools({ ffmpeg: path })).handle(
      world.file('a.mp4', toneWav(10)),
      world.context(),
    );
    expect(output).toMatchObject({ content: 'Piece number 0.', thumbnails: [], metadata: { frames: [] } });
  });

  it('names what is missing, and works without', async () => {
    await using world = await openMediaWorld();
    const { path } = makeFfmpeg(world.folder);
    const handler = createVideoHandler(world.tools({ ffmpeg: path }));
    const file = world.file('a.mp4', toneWav(10));
    const unseen = await handler.handle(
      file,
      world.context({ means: { ...world.means, vision: noMeans.vision } }),
    );
    expect(unseen).toMatchObject({ content: 'Piece number 0.', metadata: { missing: ['descriptions'] } });
    const unheard = await handler.handle(
      file,
      world.context({ means: { ...world.means, speech: noMeans.speech } }),
    );
    expect(unheard).toMatchObject({ metadata: { missing: ['speech'] } });
    expect(unheard.metadata).not.toHaveProperty('note');
    await expect(handler.handle(file, world.context({ means: noMeans }))).rejects.toMatchObject({
      code: 'SPEECH_NOT_SET',
    });
  });

  it('keeps its words when the model that describes pictures fails', async () => {
    await using world = await openMediaWorld({
      answer: ({ json }) =>
        json === null
          ? { body: { text: 'Said.', segments: [{ start: 1, end: 2, text: 'Said.' }] } }
          : { status: 400, body: { error: { message: 'this model cannot see' } } },
    });
    const { path } = makeFfmpeg(world.folder);
    const output = await createVideoHandler(world.tools({ ffmpeg: path })).handle(
      world.file('a.mp4', toneWav(10)),
      world.context(),
    );
    expect(output).toMatchObject({ content: 'Said.', metadata: { missing: ['descriptions'] } });
    expect(world.lines.join()).toContain('this model cannot see');
  });

  it('needs ffmpeg', async () => {
    await using world = await openMediaWorld();
    const work = createVideoHandler(world.tools()).handle(world.file('a.mp4', 'x'), world.context());
    await expect(work).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
  });

  it('keeps its words when no picture can be decoded', async () => {
    await using world = await openMediaWorld();
    const { path } = makeFfmpeg(world.folder, { misbehaviour: { frames: 'rubbish' } });
    const output = await createVideoHandler(world.tools({ ffmpeg: path })).handle(
      world.file('a.mp4', toneWav(3)),
      world.context(),
    );
    expect(output).toMatchObject({ content: 'Piece number 0.', metadata: { frames: [], missing: [] } });
  });
});

describe('a picture', () => {
  const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

  it('is described by the model of the fleet', async () => {
    await using world = await openMediaWorld();
    const output = await createImageHandler(undefined, world.tools()).handle(
      world.file('lamp.gif', pixel),
      world.context({ contentType: 'image' }),
    );
    expect(output.content).toBe('Picture: lamp.gif\nA picture of lamp 0.');
    expect(output.metadata).toMatchObject({ missing: [] });
  });

  it.each([
    ['no model', { means: noMeans }, {}],
    [
      'a model that thinks and says nothing',
      {},
      { choices: [{ message: { content: '<think>hm</think>' } }] },
    ],
    ['a server that answers rubbish', {}, 'rubbish'],
  ])('with %s has the rest', async (_, own, body) => {
    await using world = await openMediaWorld({ answer: () => ({ body }) });
    const output = await createImageHandler(undefined, world.tools()).handle(
      world.file('lamp.gif', pixel),
      world.context({ contentType: 'image', ...own }),
    );
    expect(output).toMatchObject({
      ...{ content: 'Picture: lamp.gif', thumbnails: [expect.any(String)] },
      metadata: { missing: ['description'] },
    });
  });
});
