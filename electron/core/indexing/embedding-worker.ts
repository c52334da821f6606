/**
 * Embeds on one node, batch after batch, until it is retired or dropped. A second request waits behind the running one,
 * so that the node is never idle between them; more would not help. A slow node gets smaller batches, one at a time, and
 * a query goes first, so that a search is answered while an index is being built.
 */

import { type ErrorCode, isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import { classifyFailure } from '../acquire/failure.ts';
import type { PoolTask } from '../acquire/pool.ts';
import type { Clock, Random } from '../ports/time.ts';
import { createChanges } from '../runtime/changes.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { isSlowBatch, nextBatchSize } from './batch-size.ts';
import type { QueryTurns } from './query-turns.ts';
import type { TimeReport } from './time-spent.ts';
import type { Batch, QueuedText, WorkQueue } from './work-queue.ts';

export interface EmbeddingOptions {
  clock: Clock;
  random: Random;
  queue: WorkQueue;
  /** Queries of searches, which go first. */
  queries: Pick<QueryTurns, 'clear'>;
  /** The most texts of one request. */
  batchSize: number;
  /** Whether any node has embedded something for this job. */
  anySuccess(): boolean;
  onVectors(task: PoolTask, batch: Batch, vectors: readonly Float32Array[]): void;
  /** The server refuses this one text. */
  onRefused(text: QueuedText, error: unknown): void;
  /** The server runs on this computer. */
  isLocal: boolean;
  times: Pick<TimeReport, 'answered' | 'starved'>;
  /** Something may have happened to the machine: probe it now. */
  probeSoon(nodeId: string): void;
}

/** A batch that failed this often may contain a text that the server cannot embed. */
const ATTEMPTS_BEFORE_CONTROL = 3;
/**
 * A runner that dies fails its server, not the text, and may have many causes. Only a text on which it died this often,
 * alone, while the server took another text right after, is given up.
 */
const DEATHS_BEFORE_REFUSAL = 9;
/** Any server that embeds at all can embed this text. */
const CONTROL_TEXT = 'test';
/** Texts of the first request to a CPU. */
const FIRST_ON_CPU = 8;
const FIRST_REST_MS = 250;
const LONGEST_REST_MS = 5000;

/** Resolves when the node was retired or dropped; rejects with what ends the job. */
export async function embedOnNode(options: EmbeddingOptions, task: PoolTask): Promise<void> {
  const { clock, random, queue } = options;
  const { acquired, worker, retired, stopped } = task;
  /** Resolves when the node has succeeded, or takes no more batches. */
  const proven = Promise.withResolvers<void>();
  retired.addEventListener('abort', () => proven.resolve(), { once: true });
  let successes = 0;
  let slowestMs = 0;
  // A CPU may need minutes for a full batch; its pace is learned from a small one.
  let size = worker.gpu ? options.batchSize : Math.min(options.batchSize, FIRST_ON_CPU);
  let isSlow = !worker.gpu;
  const answers = createChanges();

  /** The first request may load the model; from then on its duration is known. */
  function deadlineMs(): number {
    if (successes === 0) return worker.gpu ? 120_000 : 600_000;
    return Math.max(60_000, slowestMs * 10);
  }

  async function request(texts: readonly string[]): Promise<readonly Float32Array[]> {
    const { server, model } = acquired;
    if (model === null) throw new PilotlightError('MODEL_NOT_FOUND');
    const mark = acquired.begin();
    const startedAt = clock.monotonic();
    try {
      const { vectors, serverMs } = await withDeadline(clock, deadlineMs(), stopped, (limited) =>
        server.embed(model, texts, limited),
      );
      checkVectors(vectors, texts.length);
      const waitedMs = clock.monotonic() - startedAt;
      slowestMs = Math.max(slowestMs, waitedMs);
      size = nextBatchSize({ texts: texts.length, tookMs: waitedMs }, options.batchSize);
      isSlow = isSlowBatch(waitedMs);
      answers.notify();
      const { nodeId, name } = worker;
      options.times.answered({ nodeId, name, isLocal: options.isLocal, waitedMs, serverMs });
      return vectors;
    } finally {
      mark[Symbol.dispose]();
    }
  }

  function split({ texts }: Batch): void {
    const middle = Math.ceil(texts.length / 2);
    queue.giveBack({ texts: texts.slice(0, middle), attempts: 0 });
    queue.giveBack({ texts: texts.slice(middle), attempts: 0 });
  }

  /** Counts against the node; returns how long to rest before the next batch, milliseconds. */
  function blameNode(error: unknown): number {
    const { kind, failures, breaker } = acquired.failed(error);
    if (breaker === 'open') {
      task.drop(error);
      return 0;
    }
    if (kind === 'busy') return 500 + random() * 1000;
    if (kind === 'connection') {
      options.probeSoon(worker.nodeId);
      return 300;
    }
    return Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** failures);
  }

  /**
   * The server may be unable to embed these texts. They count as the cause only if it embeds another one right then, so
   * that a failing server is never blamed on a file. Returns how long to rest, milliseconds.
   */
  async function blameTexts(batch: Batch, error: unknown): Promise<number> {
    try {
      await request([CONTROL_TEXT]);
    } catch (controlError) {
      queue.giveBack(batch);
      if (stopped.aborted) return 0;
      if (classifyFailure(controlError) !== 'input') return blameNode(controlError);
      // It has refused everything from the start, so waiting would not help.
      if (!options.anySuccess()) throw error;
      task.drop(controlError);
      return 0;
    }
    acquired.succeeded();
    const [only] = batch.texts;
    if (batch.texts.length > 1) split(batch);
    else if (hasCode(error, 'RUNNER_DIED') && batch.attempts < DEATHS_BEFORE_REFUSAL) queue.giveBack(batch);
    else if (only) options.onRefused(only, error);
    return 0;
  }

  /** Decides what to do with a failed batch; returns how long to rest, milliseconds. */
  async function failed(batch: Batch, error: unknown): Promise<number> {
    const kind = classifyFailure(error);
    const attempts = batch.attempts + (kind === 'server' ? 1 : 0);
    if (kind === 'input' || attempts >= ATTEMPTS_BEFORE_CONTROL)
      return blameTexts({ ...batch, attempts }, error);
    queue.giveBack({ ...batch, attempts });
    // A model that cannot embed will not learn it: waiting for this node would not help.
    if (hasCode(error, 'MODEL_CANNOT_EMBED') && !options.anySuccess()) throw error;
    return blameNode(error);
  }

  /** The next batch when it may be sent; null when the node takes no more. */
  async function nextBatch(isSecond: boolean): Promise<Batch | null> {
    let batch: Batch | null = null;
    try {
      while (isSecond && isSlow) await answers.wait(retired);
      const idleSince = clock.monotonic();
      batch = await queue.take(size, retired);
      options.times.starved(clock.monotonic() - idleSince);
      await options.queries.clear(worker.nodeId, retired);
      return batch;
    } catch {
      if (batch !== null) queue.giveBack(batch);
      return null;
    }
  }

  async function work(isSecond: boolean): Promise<void> {
    for (;;) {
      const batch = await nextBatch(isSecond);
      if (batch === null) return;
      let restMs = 0;
      try {
        const vectors = await request(batch.texts.map(({ text }) => text));
        acquired.succeeded();
        successes += 1;
        proven.resolve();
        options.onVectors(task, batch, vectors);
      } catch (error) {
        if (stopped.aborted) {
          queue.giveBack(batch);
          return;
        }
        restMs = await failed(batch, error);
      }
      if (restMs > 0) await clock.sleep(restMs, retired).catch(() => undefined);
    }
  }

  // A node that failed recently gets one request at a time until one succeeds.
  const second = acquired.breaker() === 'closed' ? Promise.resolve() : proven.promise;
  await Promise.all([work(false), second.then(() => work(true))]);
}

const hasCode = (error: unknown, code: ErrorCode) => isPilotlightError(error) && error.code === code;

function checkVectors(vectors: readonly Float32Array[], expected: number): void {
  const length = vectors[0]?.length ?? 0;
  const right =
    vectors.length === expected &&
    length > 0 &&
    vectors.every((vector) => vector.length === length && vector.every(Number.isFinite));
  if (right) return;
  throw new PilotlightError('SERVER_ERROR', {
    message: fact('WRONG_VECTORS'),
    details: { server: `${vectors.length} vectors for ${expected} texts` },
  });
}
