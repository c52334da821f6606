/** What the routes of tasks have in common. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { taskMethods } from '../../../../shared/contract/tasks.ts';
import { eitherOf } from '../../../../shared/either.ts';
import type { TasksSettings } from '../../../../shared/models/tasks-settings.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { Clock } from '../../../core/ports/time.ts';
import type { TaskRequest, TasksService } from '../../../core/tasks/model.ts';
import type { SignedLinks } from '../../../core/tasks/signed-links.ts';
import { parseRequest } from '../../dispatcher.ts';
import type { Access, Principal } from '../access.ts';
import { disconnectSignal } from '../app.ts';
import { principalOf, whileValid } from '../caller.ts';
import type { Uploads } from './uploads.ts';

export interface TaskDoor {
  service: TasksService;
  uploads: Uploads;
  links: SignedLinks;
  access: Pick<Access, 'uses' | 'endedError'>;
  settings(): TasksSettings;
  clock: Clock;
  log: Log;
  /** Aborted when Pilotlight stops: what waits is answered then. */
  stopping: AbortSignal;
}

/** A body that takes hours may have a pause of so long. */
export const BODY_PAUSE_MS = 60_000;
/** More text than that of any result stays in its file. */
const MOST_CONTENT_BYTES = 64 * 1_048_576;

/**
 * Does something for the caller of a request. It is cut off when the client disconnects, when the caller's credential
 * ends, and when Pilotlight stops.
 */
export function during<Result>(
  { access, stopping }: Pick<TaskDoor, 'access' | 'stopping'>,
  request: FastifyRequest,
  reply: FastifyReply,
  work: (signal: AbortSignal, principal: Principal) => Promise<Result>,
): Promise<Result> {
  if (stopping.aborted) throw new PilotlightError('STOPPING');
  const principal = principalOf(request);
  return whileValid(access, principal, async (ended) => {
    using either = eitherOf(disconnectSignal(reply), ended, stopping);
    return await work(either.signal, principal);
  });
}

type AddParams = Parameters<typeof parseRequest<(typeof taskMethods)['tasks.add']['params']>>[1];

/** A task as `tasks.add` takes it; what the contract refuses is refused here the same way. */
export function requestOf(params: AddParams, batchId: string | null = null): TaskRequest {
  return { ...parseRequest(taskMethods['tasks.add'].params, params), batchId };
}

/** The whole text of a result, of which a long one is in a file. */
export async function withWholeText<Details extends Pick<Awaited<ReturnType<TasksService['get']>>, 'result'>>(
  { service }: Pick<TaskDoor, 'service'>,
  details: Details,
): Promise<Details> {
  const { result } = details;
  if (result === null || result.contentFileId === null || service.files.get(result.contentFileId) === null) {
    return details;
  }
  const content = await service.files.text(result.contentFileId, MOST_CONTENT_BYTES);
  return { ...details, result: { ...result, content } };
}
