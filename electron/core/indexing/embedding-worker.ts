/**
 * Embeds on one node, batch after batch, until it is retired or dropped. One request runs and one waits behind it, so
 * that the node is never idle between two; more would not help.
 */
import { type ErrorCode, isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { classifyFailure } from '../acquire/failure.ts';
import type { PoolTask } from '../acquire/pool.ts';
import type { Clock, Random } from '../ports/time.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import type { Batch, QueuedText, WorkQueue } from './work-queue.ts';

export interface EmbeddingOptions {
  clock: Clock;
  random: Random;
  queue: WorkQueue;
  batchSize: number;
  /** Whether any node has embedded something for this job. */
  anySuccess(): boolean;
  onVectors(task: PoolTask, batch: Batch, vectors: readonly Float32Array[]): void;
  /** The server refuses this one text. */
  onRefused(text: QueuedText, error: unknown): void;
  /** Something may have happened to the machine: probe it now. */
  probeSoon(nodeId: string): void;
}

/** A batch that failed this often may hold a text that the server cannot take. */
const ATTEMPTS_BEFORE_CONTROL = 3;
/**
 * A runner that dies fails its server, not the text, and may have many causes. Only a text on which it died this often,
 * alone, while the server took another text right after, is given up.
 */
const DEATHS_BEFORE_REFUSAL = 9;
/** Any server that embeds at all takes this text. */
const CONTROL_TEXT = 'test';
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
      const vectors = await withDeadline(clock, deadlineMs(), stopped, (limited) =>
        server.embed(model, texts, limited),
      );
      checkVectors(vectors, texts.length);
      slowestMs = Math.max(slowestMs, clock.monotonic() - startedAt);
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
   * The texts may be what the server cannot take. They are blamed only where it takes another one right then, so that
   * a failing server is never blamed on a file. Returns how long to rest.
   */
  async function blameTexts(batch: Batch, error: unknown): Promise<number> {
    try {
      await request([CONTROL_TEXT]);
    } catch (controlError) {
      queue.giveBack(batch);
      if (stopped.aborted) return 0;
      if (classifyFailure(controlError) !== 'input') return blameNode(controlError);
      // It refuses everything, and always has: waiting would not help.
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

  /** Decides what becomes of a failed batch; returns how long to rest. */
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

  async function work(): Promise<void> {
    for (;;) {
      let batch: Batch;
      try {
        batch = await queue.take(options.batchSize, retired);
      } catch {
        return;
      }
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

  // A node that failed lately gets one request at a time until one succeeds.
  const second = acquired.breaker() === 'closed' ? Promise.resolve() : proven.promise;
  await Promise.all([work(), second.then(work)]);
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
    message: 'The server answered with other vectors than it was asked for.',
    details: { server: `${vectors.length} vectors for ${expected} texts` },
  });
}
