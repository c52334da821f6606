/** Finds the faces in a picture that a worker posts, at the address that came with its task. Nothing of it is kept. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { workerFacesPath } from '../../../../shared/contract/task-worker.ts';
import { eitherOf } from '../../../../shared/either.ts';
import { MOST_PICTURE_BYTES } from '../../../../shared/models/picture-limit.ts';
import { disconnectSignal } from '../app.ts';
import type { TaskDoor } from './door.ts';

/** Each has a picture in memory; a worker whose picture is refused tries again. */
const AT_ONCE = 32;
const RETRY_SECONDS = 2;

export function faceRoutes(routes: FastifyInstance, { service, stopping }: TaskDoor): void {
  const { faces } = service.workers;
  let working = 0;

  routes.removeAllContentTypeParsers();
  routes.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: MOST_PICTURE_BYTES },
    (_request, body, done) => done(null, body),
  );

  function begin(reply: FastifyReply): void {
    if (working >= AT_ONCE) {
      reply.header('retry-after', String(RETRY_SECONDS));
      throw new PilotlightError('SERVER_BUSY');
    }
    working += 1;
    reply.raw.once('close', () => {
      working -= 1;
    });
  }

  routes.post(
    workerFacesPath,
    {
      config: { isSigned: true },
      // Before the picture is read.
      async onRequest(request, reply) {
        faces.check(request.query as Record<string, unknown>);
        begin(reply);
      },
    },
    async ({ body }, reply) => {
      if (!Buffer.isBuffer(body) || body.length === 0) throw new PilotlightError('PICTURE_EMPTY');
      using either = eitherOf(disconnectSignal(reply), stopping);
      return await faces.find(body, either.signal);
    },
  );
}
