/** Embeds a list of texts on all runners that have the model: in batches, shared out by speed, tried again where one fails. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
import { fact } from '../../../shared/models/message.ts';
import type { InFlight } from '../acquire/in-flight.ts';
import type { Clock, Random } from '../ports/time.ts';
import { chooseRunner, preferGpu } from './balance.ts';
import { retryDelayMs, retryOf } from './batch-retry.ts';
import type { Embedded, EmbedRequest } from './model.ts';
import { isOnGpu } from './runner-view.ts';
import type { TrackedRunner } from './tracked-runner.ts';

export interface ShareOutDependencies {
  clock: Clock;
  random: Random;
  inFlight: Pick<InFlight, 'begin'>;
  /** All of them, usable or not. */
  runners(): readonly TrackedRunner[];
  settings(): { batchSize: number; retries: number };
}

interface Batch {
  /** Of its first text. */
  at: number;
  texts: readonly string[];
  attempt: number;
  /** The runner that failed on it last. */
  failedOn: string | null;
}

/** One request waits behind the running one, so that a runner is never idle between them. */
const REQUESTS_OF_EACH = 2;

/** The hash under that name on the runner that is used first; null if no runner has it. */
function chooseHash(runners: readonly TrackedRunner[], model: string): string | null {
  const having = runners.filter((runner) => runner.model(model) !== null);
  const first = having.find((runner) => isGpuFor(runner, model)) ?? having[0];
  return first?.model(model)?.hash ?? null;
}

const isGpuFor = (runner: TrackedRunner, name: string) => {
  const model = runner.model(name);
  if (model?.state === 'ready') return isOnGpu(model);
  return runner.status()?.provider !== undefined && runner.status()?.provider !== 'cpu';
};

/** Rejects with NO_RUNNER, MODEL_NOT_FOUND, or with why a batch failed for the last time. */
export async function shareOut(
  dependencies: ShareOutDependencies,
  { nodeId, model, texts, as }: EmbedRequest,
  signal: AbortSignal,
): Promise<Embedded> {
  const { clock, random, inFlight } = dependencies;
  const { batchSize, retries } = dependencies.settings();
  const available = () =>
    dependencies.runners().filter((runner) => nodeId === undefined || runner.address.nodeId === nodeId);
  const wanted = chooseHash(available(), model);
  if (wanted === null) throw noModel(available(), model);
  const hash = wanted;
  const vectors: (Float32Array | null)[] = texts.map(() => null);
  const counted = new Map<string, { nodeId: string; texts: number; gpu: boolean }>();
  const queue: Batch[] = [];
  for (let at = 0; at < texts.length; at += batchSize) {
    queue.push({ at, texts: texts.slice(at, at + batchSize), attempt: 0, failedOn: null });
  }
  const failure = new AbortController();
  using either = eitherOf(signal, failure.signal);
  const stop = either.signal;

  function choose({
    texts: { length },
    failedOn,
  }: Batch): { runner: TrackedRunner; fallback: boolean } | null {
    const having = available().filter((runner) => runner.model(model)?.hash === hash);
    const usable = having.filter((runner) => runner.usable());
    const others = usable.filter(({ address }) => address.nodeId !== failedOn);
    const from = others.length > 0 ? others : usable;
    const { candidates, fallback } = preferGpu(
      from.map((runner) => ({
        nodeId: runner.address.nodeId,
        textsPerSecond: runner.statistics.perSecond(),
        gpu: isGpuFor(runner, model),
        waiting: runner.waiting(),
      })),
    );
    const chosen = chooseRunner(candidates, length);
    const runner = from.find(({ address }) => address.nodeId === chosen);
    if (runner === undefined) return null;
    const lostGpu =
      runner.problem()?.code === 'RUNNER_GPU_LOST' ||
      having.some((one) => !usable.includes(one) && isGpuFor(one, model));
    return { runner, fallback: fallback && lostGpu };
  }

  async function send(batch: Batch): Promise<void> {
    const choice = choose(batch);
    if (choice === null) throw noModel(available(), model);
    const { runner, fallback } = choice;
    const { nodeId: id } = runner.address;
    batch.failedOn = id;
    using _ = inFlight.begin(id, null);
    const made = await runner.embed({ model, hash, texts: batch.texts, as }, { fallback }, stop);
    for (const [place, vector] of made.vectors.entries()) vectors[batch.at + place] = vector;
    const before = counted.get(id)?.texts ?? 0;
    counted.set(id, { nodeId: id, texts: before + batch.texts.length, gpu: isGpuFor(runner, model) });
  }

  /** Puts it back for another try, or rejects with why there is none. */
  async function failed(batch: Batch, error: unknown): Promise<void> {
    const retry = retryOf(error);
    if (retry === 'texts' && batch.texts.length > 1) {
      for (const [place, text] of batch.texts.entries()) {
        queue.push({
          at: batch.at + place,
          texts: [text],
          attempt: 0,
          failedOn: batch.failedOn,
        });
      }
      return;
    }
    const isLast = batch.attempt >= retries || (retry === 'texts' && batch.attempt > 0);
    if (retry === 'never' || isLast) throw withText(error, batch, texts.length);
    await clock.sleep(retryDelayMs(batch.attempt, random(), error), stop);
    queue.push({ ...batch, attempt: batch.attempt + 1 });
  }

  async function work(): Promise<void> {
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
      stop.throwIfAborted();
      try {
        await send(batch);
      } catch (error) {
        stop.throwIfAborted();
        await failed(batch, error);
      }
    }
  }

  const workers = Math.min(queue.length, Math.max(1, available().length) * REQUESTS_OF_EACH);
  await Promise.allSettled(
    Array.from({ length: workers }, () =>
      work().catch((error: unknown) => {
        failure.abort(error);
        throw error;
      }),
    ),
  );
  signal.throwIfAborted();
  if (failure.signal.aborted) throw failure.signal.reason;
  return { hash, vectors: vectors.filter((vector) => vector !== null), nodes: [...counted.values()] };
}

function noModel(runners: readonly TrackedRunner[], model: string): PilotlightError {
  const ready = runners.some((runner) => runner.usable());
  return new PilotlightError(ready ? 'MODEL_NOT_FOUND' : 'NO_RUNNER', {
    ...(ready ? { message: fact('NO_RUNNER_HAS_MODEL', { model }), next: fact('ADD_MODEL_TO_RUNNER') } : {}),
    details: { model },
  });
}

/** Which text it was, if there were several. */
function withText(error: unknown, { at, texts }: Batch, all: number): unknown {
  if (!isPilotlightError(error) || texts.length > 1 || all === 1) return error;
  return new PilotlightError(error.code, {
    message: error.said ?? error.message,
    next: error.next,
    details: { ...error.details, text: at },
    cause: error,
  });
}
