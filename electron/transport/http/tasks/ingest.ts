/** `/api/v1/ingest/*`: work in the background, whose text goes into the index. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { fact } from '../../../../shared/models/message.ts';
import { endedTaskStates } from '../../../../shared/models/tasks.ts';
import { textOf } from '../../../../shared/text/index.ts';
import { during, requestOf, type TaskDoor } from './door.ts';
import {
  gpuOfAddress,
  readBody,
  readContentType,
  readFlag,
  readItems,
  readJsonObject,
  readNumber,
  readText,
  requireText,
} from './fields.ts';
import { formRoute } from './form-route.ts';
import { MOST_AT_ONCE } from './process.ts';
import { ESTIMATED_FILE_S, ESTIMATED_URL_S } from './shapes.ts';
import { inputOf } from './sources.ts';

const queued = (taskId: string, message: string, seconds: number) => ({
  task_id: taskId,
  status: 'pending',
  message,
  estimated_time: seconds,
});

export function ingestRoutes(routes: FastifyInstance, door: TaskDoor): void {
  const { service } = door;

  formRoute(routes, door, {
    ...{ path: '/api/v1/ingest/file', contentTypeField: 'source_type', keepsFile: true },
    async work({ fields, file, common }, _signal, credentialId) {
      const task = requestOf({
        ...common,
        options: fileOptions(fields),
        metadata: readJsonObject('metadata', fields.get('metadata')),
        webhookUrl: readText('webhook_url', fields.get('webhook_url')),
      });
      const [added] = await service.add([task], credentialId);
      if (added === undefined) throw new Error('A task was not added.');
      return queued(added.id, textOf(fact('FILE_QUEUED', { name: file.name })), ESTIMATED_FILE_S);
    },
  });

  routes.post('/api/v1/ingest/url', async (request, reply) => {
    const body = readBody(request.body);
    const url = requireText('url', body.url);
    const task = requestOf({
      input: { kind: 'url', url },
      contentType: readContentType('source_type', body.source_type ?? body.content_type) ?? undefined,
      options: readJsonObject('options', body.options),
      metadata: readJsonObject('metadata', body.metadata),
      webhookUrl: readText('webhook_url', body.webhook_url),
      gpu: readFlag('gpu', body.gpu) ?? gpuOfAddress(request) ?? false,
    });
    return during(door, request, reply, async (_signal, { credentialId }) => {
      const [added] = await service.add([task], credentialId);
      if (added === undefined) throw new Error('A task was not added.');
      return queued(added.id, textOf(fact('ADDRESS_QUEUED', { url })), ESTIMATED_URL_S);
    });
  });

  routes.post('/api/v1/ingest/batch', async (request, reply) => {
    const body = readBody(request.body);
    const batchId = `batch-${randomUUID()}`;
    const webhookUrl = readText('webhook_url', body.webhook_url);
    const options = readJsonObject('options', body.options);
    const metadata = readJsonObject('metadata', body.metadata);
    const gpu = readFlag('gpu', body.gpu) ?? gpuOfAddress(request) ?? false;
    const tasks = readItems('items', body.items, MOST_AT_ONCE).map((item, index) => {
      const at = (field: string) => `items.${index}.${field}`;
      return requestOf(
        {
          input: inputOf(item, at),
          contentType:
            readContentType(at('source_type'), item.source_type ?? item.content_type ?? item.type) ??
            undefined,
          options: { ...options, ...readJsonObject(at('options'), item.options) },
          metadata: { ...metadata, ...readJsonObject(at('metadata'), item.metadata) },
          webhookUrl: readText(at('webhook_url'), item.webhook_url) ?? webhookUrl,
          gpu: readFlag(at('gpu'), item.gpu) ?? gpu,
        },
        batchId,
      );
    });
    return during(door, request, reply, async (_signal, { credentialId }) => {
      const added = await service.add(tasks, credentialId);
      return {
        batch_id: batchId,
        task_ids: added.map(({ id }) => id),
        total_items: added.length,
        message: textOf(fact('BATCH_QUEUED', { count: added.length })),
      };
    });
  });

  routes.delete<{ Params: { id: string } }>('/api/v1/ingest/:id', async (request, reply) => {
    const { id } = request.params;
    return during(door, request, reply, async () => {
      const { task } = await service.get(id);
      if (endedTaskStates.has(task.state)) {
        return { task_id: id, status: 'already_finished', message: textOf(fact('TASK_HAD_ENDED', { id })) };
      }
      await service.cancel([id]);
      return { task_id: id, status: 'cancelled', message: textOf(fact('TASK_WAS_CANCELLED', { id })) };
    });
  });
}

/** The settings of such a server for one file, for the handler. */
function fileOptions(fields: ReadonlyMap<string, string>) {
  const given = {
    use_docling: readFlag('use_docling', fields.get('use_docling')),
    document_id: readText('document_id', fields.get('document_id'), 200),
    replace_existing: readFlag('replace_existing', fields.get('replace_existing')),
    chunk_size: readNumber('chunk_size', fields.get('chunk_size')),
    chunk_overlap: readNumber('chunk_overlap', fields.get('chunk_overlap')),
    chunking_strategy: readText('chunking_strategy', fields.get('chunking_strategy'), 200),
  };
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  return { ...readJsonObject('options', fields.get('options')), ...said } as ReturnType<
    typeof readJsonObject
  >;
}
