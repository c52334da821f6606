/** The calls of workers: shared/contract/task-worker.ts. A task that cannot be delivered is given back at once. */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import {
  type WorkerCall,
  type WorkerRequest,
  type WorkerTask,
  workerCalls,
} from '../../../../shared/contract/task-worker.ts';
import type { GivenTask, WorkerCaller } from '../../../core/tasks/model.ts';
import { parseRequest } from '../../dispatcher.ts';
import { principalOf } from '../caller.ts';
import { during, type TaskDoor } from './door.ts';
import { linkedFile } from './files.ts';

/** A result has up to 1 MB of text and pictures, a report the logs of all its tasks. */
const BODY_BYTES = 24 * 1_048_576;

export function workerRoutes(routes: FastifyInstance, door: TaskDoor): void {
  const { service, links, log, stopping } = door;
  const { workers } = service;

  function callerOf(request: FastifyRequest): WorkerCaller {
    const { credentialId, isOwnWorker = false } = principalOf(request);
    return { credentialId, local: isOwnWorker };
  }

  function withLink(task: GivenTask, workerId: string): WorkerTask {
    const { input } = task.spec;
    const fileId = task.localPath === undefined && task.sharedPath === null ? linkedFile(input) : null;
    return { ...task, download: fileId === null ? null : links.sign({ fileId, workerId }) };
  }

  async function giveBack(
    tasks: readonly GivenTask[],
    workerId: string,
    caller: WorkerCaller,
  ): Promise<void> {
    if (tasks.length === 0) return;
    const proofs = tasks.map(({ id, token }) => ({ id, token }));
    try {
      await workers.release({ workerId, tasks: proofs }, caller);
    } catch (error) {
      // Their leases end by themselves.
      log.warn('Tasks whose worker disconnected could not be given back.', { error: String(error) });
    }
  }

  /** Gives the tasks back if the response does not leave this computer. */
  function deliver(
    { raw }: FastifyReply,
    tasks: readonly GivenTask[],
    workerId: string,
    caller: WorkerCaller,
  ): void {
    if (tasks.length === 0) return;
    const undelivered = () => void giveBack(tasks, workerId, caller);
    if (isGone(raw)) undelivered();
    else raw.once('close', () => raw.writableFinished || undelivered());
  }

  function serve<Call extends WorkerCall>(
    call: Call,
    answer: (
      body: WorkerRequest<Call>,
      context: { caller: WorkerCaller; request: FastifyRequest; reply: FastifyReply },
    ) => Promise<unknown>,
  ): void {
    routes.post(workerCalls[call].path, { bodyLimit: BODY_BYTES }, async (request, reply) => {
      if (stopping.aborted) throw new PilotlightError('STOPPING');
      const caller = callerOf(request);
      return answer(bodyOf(call, request.body), { caller, request, reply });
    });
  }

  serve('hello', (body, { caller }) => workers.hello(body, caller));
  serve('claim', async (body, { caller, request, reply }) => {
    const { tasks, drain } = await during(door, request, reply, async (signal) => {
      const claimed = await workers.claim(body, caller, signal);
      // The credential ended while it waited, or Pilotlight stops: nobody takes the answer.
      if (signal.aborted) await giveBack(claimed.tasks, body.workerId, caller);
      return claimed;
    });
    deliver(reply, tasks, body.workerId, caller);
    return { tasks: tasks.map((task) => withLink(task, body.workerId)), drain };
  });
  serve('beat', (body, { caller }) => workers.beat(body, caller));
  serve('complete', async (body, { caller, reply }) => {
    const { accepted, next, drain } = await workers.complete(body, caller);
    if (next !== null) deliver(reply, [next], body.workerId, caller);
    return { accepted, next: next === null ? null : withLink(next, body.workerId), drain };
  });
  serve('fail', (body, { caller }) => workers.fail(body, caller));
  serve('release', (body, { caller }) => workers.release(body, caller));
  serve('bye', (body, { caller }) => workers.bye(body, caller));
}

const bodyOf = <Call extends WorkerCall>(call: Call, body: unknown) =>
  parseRequest(workerCalls[call].request, body ?? {}) as WorkerRequest<Call>;

const isGone = ({ destroyed, socket }: ServerResponse) => destroyed || socket === null || socket.destroyed;
