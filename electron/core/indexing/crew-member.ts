/** One node at work: it places the model where asked, then embeds batch after batch until it is retired or lost. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Placement } from '../../../shared/models/placement.ts';
import { classifyEmbedFailure } from './failures.ts';
import type { IndexingDependencies } from './model.ts';
import type { NodeChoice } from './route.ts';
import type { Batch, QueuedText, WorkQueue } from './work-queue.ts';

export interface CrewMember {
  readonly choice: NodeChoice;
  /** What it makes counts as made on a CPU because the GPU was gone. */
  readonly fallback: boolean;
  readonly working: boolean;
  readonly workingSince: number;
  readonly retiring: boolean;
  /** Where the model was placed; null when nobody placed it. */
  readonly placement: Placement | null;
  readonly done: Promise<void>;
  /** Takes no more batches; what runs is finished. */
  retire(): void;
  /** Stops at once; what runs goes back into the queue. */
  lose(error: unknown): void;
}

export interface MemberHooks {
  placing(choice: NodeChoice): void;
  placed(choice: NodeChoice, placement: Placement, reason: string): void;
  working(member: CrewMember): void;
  refusedGpu(choice: NodeChoice, reason: string): void;
  lost(choice: NodeChoice, error: unknown): void;
  succeeded(member: CrewMember, batch: Batch, vectors: readonly Float32Array[]): void;
  /** The server refuses this one text. */
  refusedText(text: QueuedText, error: unknown): void;
  fatal(error: unknown): void;
  ended(member: CrewMember): void;
}

export interface MemberOptions {
  dependencies: Pick<IndexingDependencies, 'clock' | 'random' | 'fleet' | 'leases' | 'placement'>;
  source: { name: string };
  choice: NodeChoice;
  fallback: boolean;
  batchSize: number;
  queue: WorkQueue;
  hooks: MemberHooks;
  signal: AbortSignal;
}

/** One request runs, one waits behind it, so that the node is never idle between two; more would not help. */
const slots = 2;
/** Failures in a row, without a success on this node, after which it is left alone. */
const connectionStrikes = 3;
const serverStrikes = 6;
/** A batch that failed this often is cut in two, to find the text that the server cannot take. */
const attemptsBeforeSplit = 3;
/** Refused texts in a row, before any success, that say: it is not the texts. */
const refusalsBeforeGivingUp = 20;

export function startMember(options: MemberOptions): CrewMember {
  const { choice, fallback, queue, hooks, signal } = options;
  const { clock, random, fleet, leases, placement: placements } = options.dependencies;
  const hard = new AbortController();
  const retirement = new AbortController();
  const stop = AbortSignal.any([signal, hard.signal]);
  const takeSignal = AbortSignal.any([stop, retirement.signal]);
  let working = false;
  let workingSince = 0;
  let placement: Placement | null = null;
  let lost = false;
  let strikes = 0;
  let refusals = 0;
  let successes = 0;
  let slowestMs = 0;

  function lose(error: unknown): void {
    if (lost || signal.aborted) return;
    lost = true;
    working = false;
    hooks.lost(choice, error);
    hard.abort(error);
  }

  async function place(): Promise<boolean> {
    hooks.placing(choice);
    try {
      const result = await placements.ensureOnGpu({
        nodeId: choice.nodeId,
        model: choice.model,
        by: 'job',
        signal: stop,
      });
      if (result.placement === 'cpu' || result.placement === null) {
        hooks.refusedGpu(choice, result.reason);
        return false;
      }
      placement = result.placement;
      hooks.placed(choice, result.placement, result.reason);
      return true;
    } catch (error) {
      if (!stop.aborted) lose(error);
      return false;
    }
  }

  /** A first request may load the model; later ones are known by their fellows. */
  function deadlineMs(): number {
    if (successes === 0) return choice.gpu ? 120_000 : 600_000;
    return Math.max(60_000, slowestMs * 10);
  }

  async function request(batch: Batch): Promise<readonly Float32Array[]> {
    const server = fleet.server(choice.nodeId);
    if (!server) throw new PilotlightError('NO_SERVER');
    const late = new AbortController();
    const timer = clock.timer(deadlineMs(), () => late.abort(new PilotlightError('HOST_TIMEOUT')));
    const mark = placements.begin(choice.nodeId, choice.model);
    const startedAt = clock.monotonic();
    try {
      const texts = batch.texts.map((text) => text.text);
      const vectors = await server.embed(choice.model, texts, AbortSignal.any([stop, late.signal]));
      checkVectors(vectors, texts.length);
      slowestMs = Math.max(slowestMs, clock.monotonic() - startedAt);
      return vectors;
    } catch (error) {
      throw late.signal.aborted ? late.signal.reason : error;
    } finally {
      timer.cancel();
      mark[Symbol.dispose]();
    }
  }

  function split(batch: Batch): void {
    const middle = Math.ceil(batch.texts.length / 2);
    queue.giveBack({ texts: batch.texts.slice(0, middle), attempts: 0 });
    queue.giveBack({ texts: batch.texts.slice(middle), attempts: 0 });
  }

  function refuse(batch: Batch, error: unknown): void {
    const only = batch.texts.length === 1 ? batch.texts[0] : undefined;
    if (!only) {
      split(batch);
      return;
    }
    refusals += 1;
    if (successes === 0 && refusals >= refusalsBeforeGivingUp) hooks.fatal(error);
    else hooks.refusedText(only, error);
  }

  /** Decides what becomes of a failed batch; returns how long to rest before the next, milliseconds. */
  function failed(batch: Batch, error: unknown): number {
    const kind = classifyEmbedFailure(error);
    if (kind === 'poison') {
      refuse(batch, error);
      return 0;
    }
    if (kind === 'gone') {
      queue.giveBack(batch);
      lose(error);
      return 0;
    }
    if (kind === 'busy') {
      queue.giveBack(batch);
      return 500 + random() * 1000;
    }
    strikes += 1;
    if (kind === 'connection') {
      queue.giveBack(batch);
      if (strikes >= connectionStrikes) lose(error);
      else fleet.probeSoon(choice.nodeId);
      return 300;
    }
    const attempts = batch.attempts + 1;
    // Only a server that does its work otherwise tells by its failures something about the text.
    if (attempts >= attemptsBeforeSplit && successes > 0) refuse({ ...batch, attempts }, error);
    else queue.giveBack({ ...batch, attempts });
    if (strikes >= serverStrikes) lose(error);
    return Math.min(5000, 250 * 2 ** strikes);
  }

  async function work(): Promise<void> {
    for (;;) {
      let batch: Batch;
      try {
        batch = await queue.take(options.batchSize, takeSignal);
      } catch {
        return;
      }
      let rest = 0;
      try {
        const vectors = await request(batch);
        strikes = 0;
        successes += 1;
        hooks.succeeded(member, batch, vectors);
      } catch (error) {
        if (stop.aborted) {
          queue.giveBack(batch);
          return;
        }
        rest = failed(batch, error);
      }
      if (rest > 0) await clock.sleep(rest, takeSignal).catch(() => undefined);
    }
  }

  async function run(): Promise<void> {
    const { nodeId } = choice;
    const lease = leases.hold({ nodeId, kind: 'job', purpose: `index "${options.source.name}"` });
    try {
      if (choice.gpu && !(await place())) return;
      if (takeSignal.aborted) return;
      working = true;
      workingSince = clock.monotonic();
      hooks.working(member);
      await Promise.all(Array.from({ length: slots }, work));
    } catch (error) {
      hooks.fatal(error);
    } finally {
      working = false;
      lease[Symbol.dispose]();
      hooks.ended(member);
    }
  }

  const member: CrewMember = {
    choice,
    fallback,
    get working() {
      return working;
    },
    get workingSince() {
      return workingSince;
    },
    get retiring() {
      return retirement.signal.aborted;
    },
    get placement() {
      return placement;
    },
    done: Promise.resolve(),
    retire: () => retirement.abort(),
    lose,
  };
  // A turn later, so that whoever starts it holds it before the first hook is called.
  return Object.assign(member, { done: Promise.resolve().then(run) });
}

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
