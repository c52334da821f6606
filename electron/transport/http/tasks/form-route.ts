/** A route that takes a form with one file and makes a task of it. */
import type { FastifyInstance } from 'fastify';
import { fact } from '../../../../shared/models/message.ts';
import type { ContentType } from '../../../../shared/models/tasks.ts';
import type { TaskFile } from '../../../core/ports/task-files.ts';
import { BODY_PAUSE_MS, during, type TaskDoor } from './door.ts';
import { gpuOfAddress, readContentType, readFlag, wrongField } from './fields.ts';
import { isForm } from './uploads.ts';

export interface ReceivedForm {
  fields: ReadonlyMap<string, string>;
  file: TaskFile;
  /** As a task takes them. */
  common: {
    input: { kind: 'upload'; fileId: string };
    contentType: ContentType | undefined;
    gpu: boolean;
  };
}

export function formRoute(
  routes: FastifyInstance,
  door: TaskDoor,
  route: {
    path: string;
    /** Name of the field that says what the file is. */
    contentTypeField: string;
    /** Whether the file stays when the work has been done. It is removed when the work fails. */
    keepsFile: boolean;
    work(form: ReceivedForm, signal: AbortSignal, credentialId: string | null): Promise<unknown>;
  },
): void {
  const { service, uploads } = door;
  const { path, contentTypeField, keepsFile, work } = route;
  const missing = () => wrongField('file', fact('FIELD_MISSING', { field: 'file' }));

  routes.post(path, { config: { bodyPauseMs: BODY_PAUSE_MS } }, async (request, reply) => {
    if (!isForm(request)) throw missing();
    const gpuInAddress = gpuOfAddress(request);
    return during(door, request, reply, async (signal, { credentialId }) => {
      const { fields, file } = await uploads.form(request.raw, 'upload', signal);
      if (file === null) throw missing();
      let isKept = false;
      try {
        const common = {
          input: { kind: 'upload', fileId: file.id } as const,
          contentType: readContentType(contentTypeField, fields.get(contentTypeField)) ?? undefined,
          gpu: readFlag('gpu', fields.get('gpu')) ?? gpuInAddress ?? false,
        };
        const answer = await work({ fields, file, common }, signal, credentialId);
        isKept = keepsFile;
        return answer;
      } finally {
        if (!isKept) await service.files.remove([file.id]);
      }
    });
  });
}
