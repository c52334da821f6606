/** One task, from its claim until the server knows how it ended. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { WorkerTask } from '../../../shared/contract/task-worker.ts';
import { eitherOf } from '../../../shared/either.ts';
import type { TaskResult } from '../../../shared/models/tasks.ts';
import type { Log } from '../../core/ports/log.ts';
import type { LeaseProof } from '../../core/ports/task-queue.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { Backoff } from './backoff.ts';
import { coded, failedAttempt } from './failures.ts';
import { openInput } from './files/inputs.ts';
import type { Scratch } from './files/scratch.ts';
import { uploadResult } from './files/upload.ts';
import type { TaskServer } from './link/server.ts';
import { mayBeRepeated } from './link/transient.ts';
import { handlerMeans } from './means.ts';
import type { HandlerPool } from './processes/pool.ts';
import { createReportBook, type ReportBook } from './report.ts';

/** `lost`, `cancelled`: the server does not want the result. `release`: it is given back, for another worker. */
export type StopReason = 'lost' | 'cancelled' | 'release';

export interface TaskRun {
  readonly proof: LeaseProof;
  readonly report: ReportBook;
  stop(reason: StopReason): void;
  /** The next task, if the server gave one for the result; it never rejects. */
  readonly ended: Promise<WorkerTask | null>;
}

export interface TaskRunTools {
  workerId: string;
  server: TaskServer;
  pool: HandlerPool;
  scratch: Scratch;
  sharedFolder: string | null;
  clock: Clock;
  log: Pick<Log, 'warn' | 'error'>;
  newBackoff(): Backoff;
  /** Whether it wants another task for this one. */
  wantsNext(): boolean;
  /** Reports what all tasks have to report now, because this one is about to end. */
  flush(): Promise<void>;
  /** There is news to report. */
  onNews(): void;
}

/** How long a handler may take to end when its task was cancelled, milliseconds. */
const CANCEL_MS = 5000;
const CALL_MS = 30_000;

class Stopped extends Error {
  readonly reason: StopReason;
  constructor(reason: StopReason) {
    super(reason);
    this.reason = reason;
  }
}

export function startTaskRun(task: WorkerTask, tools: TaskRunTools): TaskRun {
  const { server, clock, log, workerId } = tools;
  const proof: LeaseProof = { id: task.id, token: task.token };
  const stopping = new AbortController();
  const { signal } = stopping;
  const report = createReportBook();
  const startedAt = clock.monotonic();

  async function work(): Promise<TaskResult> {
    await using folder = await tools.scratch.open();
    const late = new AbortController();
    const timer = clock.timer(task.spec.timeLimitMs, () =>
      late.abort(new PilotlightError('TASK_TIME_LIMIT')),
    );
    try {
      using limited = eitherOf(signal, late.signal);
      const input = await openInput(task, { ...tools, folder: folder.path, signal: limited.signal });
      const result = await tools.pool.run(
        {
          contentType: task.spec.contentType,
          input,
          options: task.spec.options,
          folder: folder.path,
          allowedHosts: task.allowedHosts ?? [],
          means: handlerMeans(task.means, server.base),
        },
        {
          signal,
          patienceMs: () => (reasonOf(signal) === 'release' ? 0 : CANCEL_MS),
          timeMs: Math.max(1, task.spec.timeLimitMs - (clock.monotonic() - startedAt)),
          onProgress(progress) {
            report.add(progress);
            tools.onNews();
          },
        },
      );
      const { content, contentPath, metadata, thumbnails } = result;
      const contentFileId =
        contentPath === null
          ? null
          : await uploadResult(contentPath, proof, { ...tools, backoff: tools.newBackoff(), signal });
      const processingMs = Math.round(clock.monotonic() - startedAt);
      return { content, contentFileId, metadata, thumbnails, processingMs };
    } finally {
      timer.cancel();
    }
  }

  /** Tries again while the server does not answer: what was worked on is not given up before its lease is. */
  async function deliver<Answer>(send: () => Promise<Answer>): Promise<Answer> {
    const backoff = tools.newBackoff();
    for (;;) {
      try {
        signal.throwIfAborted();
        return await send();
      } catch (error) {
        signal.throwIfAborted();
        if (!mayBeRepeated(error)) throw error;
        await clock.sleep(backoff.next(), signal);
      }
    }
  }

  const options = { signal, deadlineMs: CALL_MS };

  async function complete(result: TaskResult): Promise<WorkerTask | null> {
    await flush();
    const { next } = await deliver(() =>
      server.call('complete', { workerId, ...proof, result, claimNext: tools.wantsNext() }, options),
    );
    return next;
  }

  async function fail(error: unknown): Promise<void> {
    const known = coded(error);
    if (known.code === 'INTERNAL')
      log.error('A task failed for an unknown reason.', { error: String(error) });
    const stderr = known.details?.stderr;
    if (typeof stderr === 'string' && stderr !== '') {
      report.add({ share: null, text: null, log: `${stderr.trimEnd()}\n` });
    }
    await flush();
    const attempt = failedAttempt(known);
    await deliver(() => server.call('fail', { workerId, ...proof, ...attempt }, options));
  }

  /** A report that cannot be delivered is lost: the result matters more. */
  async function flush(): Promise<void> {
    if (report.hasNews()) await tools.flush();
  }

  async function live(): Promise<WorkerTask | null> {
    try {
      const result = await work();
      return await complete(result);
    } catch (error) {
      signal.throwIfAborted();
      await fail(error);
      return null;
    }
  }

  async function giveBack(): Promise<void> {
    const request = { workerId, tasks: [proof] };
    await server.call('release', request, { signal: new AbortController().signal, deadlineMs: RELEASE_MS });
  }

  const ended = live().catch(async (error: unknown) => {
    if (reasonOf(signal) === 'release') {
      await giveBack().catch(() => log.warn('A task could not be given back.', { task: task.id }));
    } else if (!signal.aborted && coded(error).code !== 'TASK_LEASE_LOST') {
      log.warn('The server refused how a task ended.', { task: task.id, code: coded(error).code });
    }
    return null;
  });

  return {
    proof,
    report,
    ended,
    stop(reason) {
      if (!signal.aborted) stopping.abort(new Stopped(reason));
    },
  };
}

/** Short: the program is about to end. Its lease would end anyway. */
const RELEASE_MS = 2000;

const reasonOf = ({ reason }: AbortSignal): StopReason | null =>
  reason instanceof Stopped ? reason.reason : null;
