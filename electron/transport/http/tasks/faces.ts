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
/** A handler looks at one picture after the other. One that a hostile file has taken over must not keep others out. */
const AT_ONCE_A_TASK = 2;
const RETRY_SECONDS = 2;

export function faceRoutes(routes: FastifyInstance, { service, stopping }: TaskDoor): void {
  const { faces } = service.workers;
  let working = 0;
  const workingOn = new Map<string, number>();

  routes.removeAllContentTypeParsers();
  routes.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: MOST_PICTURE_BYTES },
    (_request, body, done) => done(null, body),
  );

  function begin(asker: { task: string; worker: string }, reply: FastifyReply): void {
    const key = JSON.stringify([asker.task, asker.worker]);
    const own = workingOn.get(key) ?? 0;
    if (working >= AT_ONCE || own >= AT_ONCE_A_TASK) {
      reply.header('retry-after', String(RETRY_SECONDS));
      throw new PilotlightError('SERVER_BUSY');
    }
    working += 1;
    workingOn.set(key, own + 1);
    reply.raw.once('close', () => {
      working -= 1;
      const left = (workingOn.get(key) ?? 1) - 1;
      if (left > 0) workingOn.set(key, left);
      else workingOn.delete(key);
    });
  }

  routes.post(
    workerFacesPath,
    {
      config: { isSigned: true },
      // Before the picture is read.
      async onRequest(request, reply) {
        begin(faces.check(request.query as Record<string, unknown>), reply);
      },
    },
    async ({ body }, reply) => {
      if (!Buffer.isBuffer(body) || body.length === 0) throw new PilotlightError('PICTURE_EMPTY');
      using either = eitherOf(disconnectSignal(reply), stopping);
      return await faces.find(body, either.signal);
    },
  );
}
