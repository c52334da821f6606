/** The handlers; a new one is a new line. */
import type { ContentType } from '../../../../shared/models/tasks.ts';
import { createAudioHandler } from './audio.ts';
import { documentHandler } from './document.ts';
import type { Handler } from './handler.ts';
import { createImageHandler } from './image.ts';
import { createVideoHandler } from './video.ts';
import { webHandler } from './web.ts';
import { createYoutubeHandler } from './youtube.ts';

const handlers: readonly Handler[] = [
  documentHandler,
  webHandler,
  createImageHandler(),
  createAudioHandler(),
  createVideoHandler(),
  createYoutubeHandler(),
];

export const handledContentTypes: readonly ContentType[] = handlers.flatMap((one) => one.contentTypes);

export const handlerComponents = handlers.flatMap((one) => one.components);

export function handlerOf(contentType: ContentType): Handler | null {
  return handlers.find((one) => one.contentTypes.includes(contentType)) ?? null;
}
