/** `/process/*`: work that is answered at once, and stored nowhere. Its tasks end with the client that waits for them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ContentType } from '../../../../shared/models/tasks.ts';
import type { TaskRequest } from '../../../core/tasks/model.ts';
import { during, requestOf, type TaskDoor, withWholeText } from './door.ts';
import {
  gpuOfAddress,
  readBody,
  readContentType,
  readFlag,
  readItems,
  readJsonObject,
  readText,
  requireText,
} from './fields.ts';
import { formRoute } from './form-route.ts';
import { processAnswer } from './shapes.ts';
import { inputOf } from './sources.ts';

export const MOST_AT_ONCE = 1000;

export function processRoutes(routes: FastifyInstance, door: TaskDoor): void {
  const { service, log } = door;

  /** In the order of the requests. */
  async function workOn(
    requests: readonly TaskRequest[],
    credentialId: string | null,
    signal: AbortSignal,
  ): Promise<ReturnType<typeof processAnswer>[]> {
    // Not cut off in the middle: what was added could not be cancelled then.
    const tasks = await service.add(requests, credentialId);
    const ids = tasks.map(({ id }) => id);
    try {
      const ended = await Promise.all(ids.map((id) => service.waitForEnd(id, signal)));
      return await Promise.all(
        ended.map(async (details) => processAnswer(await withWholeText(door, details))),
      );
    } catch (error) {
      await service.cancel(ids).catch((failure: unknown) => {
        log.warn('Tasks of a client that left could not be cancelled.', { failure: String(failure) });
      });
      throw error;
    }
  }

  async function one(request: FastifyRequest, reply: FastifyReply, contentType: ContentType | null) {
    const body = readBody(request.body);
    const task = requestOf({
      input: { kind: 'url', url: requireText('url', body.url) },
      contentType: contentType ?? readContentType('content_type', body.content_type) ?? undefined,
      options: readJsonObject('options', body.options),
      gpu: readFlag('gpu', body.gpu) ?? gpuOfAddress(request) ?? false,
      store: false,
    });
    const [answer] = await during(door, request, reply, (signal, { credentialId }) =>
      workOn([task], credentialId, signal),
    );
    return answer;
  }

  routes.post('/process/url', (request, reply) => one(request, reply, null));
  routes.post('/process/web', (request, reply) => one(request, reply, 'web'));
  routes.post('/process/youtube', (request, reply) => one(request, reply, 'youtube'));

  routes.post('/process/batch', async (request, reply) => {
    const body = readBody(request.body);
    const options = readJsonObject('options', body.options);
    const gpu = readFlag('gpu', body.gpu) ?? gpuOfAddress(request) ?? false;
    const tasks = readItems('items', body.items, MOST_AT_ONCE).map((item, index) => {
      const at = (field: string) => `items.${index}.${field}`;
      return requestOf({
        input: inputOf(item, at),
        contentType: readContentType(at('content_type'), item.content_type ?? item.type) ?? undefined,
        options: { ...options, ...readJsonObject(at('options'), item.options) },
        gpu: readFlag(at('gpu'), item.gpu) ?? gpu,
        store: false,
      });
    });
    return during(door, request, reply, (signal, { credentialId }) => workOn(tasks, credentialId, signal));
  });

  formRoute(routes, door, {
    ...{ path: '/process/file', contentTypeField: 'content_type', keepsFile: false },
    async work({ fields, common }, signal, credentialId) {
      const options = readJsonObject('options', fields.get('options'));
      // A worker that checks itself.
      const onlyWorker = readText('worker', fields.get('worker'), 100) ?? undefined;
      const task = { ...requestOf({ ...common, options, store: false }), onlyWorker };
      const [answer] = await workOn([task], credentialId, signal);
      return answer;
    },
  });
}
