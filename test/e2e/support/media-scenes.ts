/** A picture with two faces, and a video on YouTube, as the texts that were stored of them. */
import type { DocumentView } from '../../../shared/models/indexing.ts';
import type { TaskMedia } from '../../../shared/models/tasks.ts';
import type { BridgeScene } from './bridge-core.ts';
import { busy } from './busy-scene.ts';

const stored = (title: string, origin: string, text: string): DocumentView => ({
  ...{
    sourceId: 'texts',
    sourceName: 'Texts of tasks',
    path: 'task_1.md',
    absolutePath: '/data/texts/task_1.md',
  },
  ...{ format: 'markdown', language: 'markdown', text, firstLine: 1, startByte: 0 },
  ...{ passage: { firstLine: 3, lastLine: 3 }, more: { before: false, after: false }, changed: false },
  ingested: { taskId: 'task_1', title, origin },
});

/** @param thumbnail JPEG as base64 */
export const pictureScene = (thumbnail: string): BridgeScene => ({
  ...busy,
  results: {
    ...busy.results,
    'index.document': stored('picnic.jpg', 'picnic.jpg', '# picnic.jpg\n\nPicture: picnic.jpg\n2 faces\n'),
    'tasks.media': {
      ...{ contentType: 'image', file: null, url: null, gone: null, thumbnail },
      faces: {
        count: 2,
        boxes: [
          { left: 0.1, top: 0.2, width: 0.2, height: 0.4, score: 0.9 },
          { left: 0.6, top: 0.25, width: 0.2, height: 0.4, score: 0.8 },
        ],
      },
    } satisfies TaskMedia,
  },
});

const talk = '# A talk\n\nGood evening to all of you. The copper kettle sings.\n\nGood night.\n';
const address = 'https://www.youtube.com/watch?v=abcdefghijk';

export const youtubeScene: BridgeScene = {
  ...busy,
  results: {
    ...busy.results,
    'index.document': {
      ...stored('A talk', address, talk),
      times: [
        { at: talk.indexOf('Good evening'), seconds: 0 },
        { at: talk.indexOf('The copper'), seconds: 754.2 },
        { at: talk.indexOf('Good night'), seconds: 760 },
      ],
    },
    'tasks.media': {
      ...{ contentType: 'youtube', file: null, url: address, gone: null, thumbnail: null, faces: null },
    } satisfies TaskMedia,
  },
};
