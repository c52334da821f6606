/** Files of tasks: what the panel uploads, what workers download, and the two calls of the existing server. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { uploadHeaders, workerFilePaths } from '../../../../shared/contract/task-worker.ts';
import { fact } from '../../../../shared/models/message.ts';
import { textOf } from '../../../../shared/text/index.ts';
import { principalOf } from '../caller.ts';
import { BODY_PAUSE_MS, during, type TaskDoor } from './door.ts';
import { readBody, readJsonObject, readText, requireText, wrongField } from './fields.ts';
import type { ResultKey, ResultUploads } from './result-uploads.ts';
import { type FileToSend, fileAt, sendFile, upTo } from './send-file.ts';
import { isForm } from './uploads.ts';

/** In a link, a file of the shared folder. */
const SHARED = 'shared:';
const UNNAMED = 'upload';

/** Of the input of a task, for `SignedLinks.sign`; null for an address, which its worker opens itself. */
export function linkedFile(input: { kind: string; fileId?: string; path?: string }): string | null {
  if (input.kind === 'file') return input.fileId ?? null;
  return input.kind === 'shared' ? `${SHARED}${input.path}` : null;
}

/** The body is the file; nothing of it is parsed. */
function takeAnyBody(routes: FastifyInstance): void {
  routes.removeAllContentTypeParsers();
  routes.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
}

export function fileRoutes(routes: FastifyInstance, door: TaskDoor): void {
  const { service } = door;

  routes.post('/api/v1/files/download', async (request, reply) => {
    const { file_path: path } = readBody(request.body);
    const wanted = requireText('file_path', path, 4096);
    return sendFile(request, reply, keptFile(wanted) ?? (await sharedFile(wanted)));
  });

  function keptFile(id: string): FileToSend | null {
    const file = service.files.get(id);
    if (file === null) return null;
    return {
      ...file,
      sha256: file.sha256 === '' ? null : file.sha256,
      read: async (from, last) => upTo(await service.files.read(id, from), last - from + 1),
    };
  }

  async function sharedFile(path: string): Promise<FileToSend> {
    const input = await service.inputFile({ kind: 'shared', path });
    if (input === null) throw new PilotlightError('NOT_FOUND');
    return fileAt(input.absolute, input.name);
  }

  signedRoutes(routes, door, async (id) => {
    if (id.startsWith(SHARED)) return sharedFile(id.slice(SHARED.length));
    const file = keptFile(id);
    if (file === null) throw new PilotlightError('NOT_FOUND');
    return file;
  });
}

function signedRoutes(
  routes: FastifyInstance,
  { links, service }: TaskDoor,
  find: (id: string) => Promise<FileToSend>,
): void {
  routes.route({
    method: ['GET', 'HEAD'],
    url: workerFilePaths.download,
    config: { isSigned: true },
    async handler(request, reply) {
      const { fileId, workerId } = links.check(request.query as Record<string, unknown>);
      // A worker that is gone for good has nothing to download any more.
      if (!service.workers.knows(workerId)) throw new PilotlightError('FORBIDDEN');
      return sendFile(request, reply, await find(fileId));
    },
  });
}

export function uploadRoutes(routes: FastifyInstance, door: TaskDoor, results: ResultUploads): void {
  const { service, uploads } = door;
  takeAnyBody(routes);
  const config = { bodyPauseMs: BODY_PAUSE_MS };

  routes.post('/api/v1/tasks/files', { config }, async (request, reply) => {
    const file = await during(door, request, reply, (signal) => receive(request, signal));
    return { fileId: file.id, name: file.name, sizeBytes: file.sizeBytes };
  });

  async function receive(request: FastifyRequest, signal: AbortSignal) {
    if (isForm(request)) {
      const { file } = await uploads.form(request.raw, 'upload', signal);
      if (file === null) throw wrongField('file', fact('FIELD_MISSING', { field: 'file' }));
      return file;
    }
    const { name } = request.query as Record<string, unknown>;
    return uploads.body(
      request.raw,
      { name: readText('name', name) ?? UNNAMED, sha256: headerOf(request, uploadHeaders.sha256) },
      signal,
    );
  }

  routes.delete<{ Params: { id: string } }>('/api/v1/tasks/files/:id', async (request) => {
    const file = service.files.get(request.params.id);
    if (file === null || file.kind !== 'upload') throw new PilotlightError('NOT_FOUND');
    if (file.taskId !== null) throw new PilotlightError('IN_USE', { message: fact('UPLOAD_IN_USE') });
    await service.files.remove([file.id]);
    return { ok: true };
  });

  routes.route({
    method: 'HEAD',
    url: workerFilePaths.upload,
    async handler(request, reply) {
      return reply.header('upload-offset', String(results.received(resultKeyOf(request)))).send();
    },
  });
  routes.put(workerFilePaths.upload, { config }, async (request, reply) => {
    const key = resultKeyOf(request);
    const part = partOf(request);
    uploads.checkSize(part.sizeBytes);
    const { id } = await during(door, request, reply, () => results.take(key, part, request.raw));
    return { fileId: id };
  });

  routes.post('/api/v1/files/upload-result', { config }, async (request, reply) => {
    if (!isForm(request)) throw wrongField('result_data', fact('FIELD_MISSING', { field: 'result_data' }));
    return during(door, request, reply, async (signal) => {
      const { fields, file } = await uploads.form(request.raw, 'result', signal);
      try {
        const text = requireText('result_data', fields.get('result_data'), Number.POSITIVE_INFINITY);
        const taskId = readText('task_id', readJsonObject('result_data', text).task_id, 100);
        if (taskId !== null) await service.get(taskId);
        const kept = file ?? (await keepText(text, signal));
        if (taskId !== null) await service.files.attach(kept.id, taskId);
        return { status: 'success', message: textOf(fact('RESULT_RECEIVED')), file_id: kept.id };
      } catch (error) {
        if (file !== null) await service.files.remove([file.id]);
        throw error;
      }
    });
  });

  /** A result without a file is one itself. */
  function keepText(text: string, signal: AbortSignal) {
    const content = Readable.from([Buffer.from(text)]);
    const mostBytes = Buffer.byteLength(text);
    return service.files.save({ kind: 'result', name: 'result.json', content }, { mostBytes }, signal);
  }
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function requiredHeader(request: FastifyRequest, name: string): string {
  const value = headerOf(request, name);
  if (value === undefined || value === '' || value.length > 200) {
    throw new PilotlightError('BAD_REQUEST', {
      fields: [{ path: name, message: fact('FIELD_MISSING', { field: name }) }],
    });
  }
  return value;
}

function resultKeyOf(request: FastifyRequest): ResultKey {
  return {
    credentialId: principalOf(request).credentialId,
    taskId: requiredHeader(request, uploadHeaders.task),
    token: requiredHeader(request, uploadHeaders.token),
    sha256: requiredHeader(request, uploadHeaders.sha256).toLowerCase(),
  };
}

/** Without a range, the body is the whole result. Throws BAD_REQUEST for a range that the body does not fit. */
function partOf(request: FastifyRequest): { from: number; sizeBytes: number } {
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  const range = headerOf(request, 'content-range');
  const match = /^bytes (\d{1,15})-(-?\d{1,15})\/(\d{1,15})$/.exec(range ?? '');
  if (range === undefined && Number.isSafeInteger(length)) return { from: 0, sizeBytes: length };
  const [from, last, sizeBytes] = (match?.slice(1) ?? []).map(Number);
  if (
    from === undefined ||
    last === undefined ||
    sizeBytes === undefined ||
    last - from + 1 !== length ||
    last + 1 !== sizeBytes
  ) {
    throw new PilotlightError('BAD_REQUEST', {
      fields: [{ path: 'content-range', message: fact('FIELD_NO_RANGE', { field: 'content-range' }) }],
    });
  }
  return { from, sizeBytes };
}
