/** The recordings, videos and pictures of stored texts, for the panel to play and show, at addresses that are signed. */
import type { FastifyInstance } from 'fastify';
import { DOWNLOAD_FIELD, mediaPath, mediaTypeOf } from '../../../shared/models/media-types.ts';
import type { Media } from '../../core/tasks/media.ts';
import { fileAt, sendFile } from './tasks/send-file.ts';

export const mediaRoute =
  ({ open }: Pick<Media, 'open'>) =>
  (app: FastifyInstance): void => {
    app.route({
      method: ['GET', 'HEAD'],
      url: mediaPath,
      // A player that seeks asks often, and sends no key.
      config: { isSigned: true },
      async handler(request, reply) {
        const query = request.query as Record<string, unknown>;
        const { absolute, name } = await open(query);
        const shown = DOWNLOAD_FIELD in query ? null : mediaTypeOf(name);
        return sendFile(request, reply, await fileAt(absolute, name), shown);
      },
    });
  };
