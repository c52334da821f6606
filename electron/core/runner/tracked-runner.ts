/** One runner as the core's client sees it: its state, its breaker, what it was asked and how that went. */
import { abortable } from '../../../shared/abortable.ts';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { errorMessage, fact, type Message, plainText } from '../../../shared/models/message.ts';
import type {
  RunnerFace,
  RunnerModel,
  RunnerProvider,
  RunnerStatus,
  RunnerView,
} from '../../../shared/models/runner.ts';
import type { RunnerEmbedRequest, RunnerLink, RunnerVectors } from '../ports/runner.ts';
import type { Clock } from '../ports/time.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { countsAgainstRunner } from './batch-retry.ts';
import type { RunnerAddress } from './runner-addresses.ts';
import {
  afterFailure,
  afterSuccess,
  type BreakerState,
  closedRunnerBreaker,
  restOfBreaker,
  stateOfBreaker,
} from './runner-breaker.ts';
import { createRunnerStatistics, type RunnerStatistics } from './runner-statistics.ts';

/** A model that is not loaded yet is loaded, and timed on each provider, by its first request. */
const FIRST_REQUEST_MS = 300_000;
/** How long it may take to say how it is. */
const PROBE_MS = 5000;

export type ReachState = 'unknown' | 'asleep' | 'ready' | 'not-ready' | 'failing';

export interface TrackedRunner {
  readonly address: RunnerAddress;
  /** null while it has no address. */
  readonly link: RunnerLink | null;
  readonly statistics: RunnerStatistics;
  status(): RunnerStatus | null;
  reach(): ReachState;
  problem(): RunnerView['problem'];
  breaker(): BreakerState;
  /** Ready, and not resting after failures. */
  usable(): boolean;
  model(name: string): RunnerModel | null;
  /** Texts that were sent and not answered yet. */
  waiting(): number;
  /** Reads its status. Rejects only with the signal's reason. */
  probe(signal: AbortSignal): Promise<void>;
  /** Its machine is off. */
  wentOff(): void;
  /** It has another address, or was started again: everything but its history is new. */
  moveTo(address: RunnerAddress, link: RunnerLink | null): void;
  /** Rejects like the link, and with SERVER_BUSY while it rests. */
  embed(
    request: RunnerEmbedRequest,
    options: { fallback: boolean },
    signal: AbortSignal,
  ): Promise<RunnerVectors>;
  faces(
    image: string,
    options: { fallback: boolean },
    signal: AbortSignal,
  ): Promise<{ faces: RunnerFace[]; gpu: boolean }>;
}

export interface TrackedRunnerOptions {
  clock: Clock;
  address: RunnerAddress;
  link: RunnerLink | null;
  /** As it reported before the core was restarted. */
  remembered: RunnerStatus | null;
  timeoutMs(): number;
  /** Length of the vectors by hash, of all runners. */
  dimensions: Map<string, number>;
  onChange(runner: TrackedRunner): void;
  onGpu(runner: TrackedRunner, change: 'lost' | 'back'): void;
  /** It reported how it is. */
  onReport(address: RunnerAddress, status: RunnerStatus): void;
}

const usesGpu = (provider: RunnerProvider | null | undefined) => provider != null && provider !== 'cpu';

export function createTrackedRunner(options: TrackedRunnerOptions): TrackedRunner {
  const { clock, timeoutMs, dimensions, onChange, onGpu, onReport } = options;
  const statistics = createRunnerStatistics({ clock });
  let { address, link } = options;
  let status: RunnerStatus | null = options.remembered;
  let reach: ReachState = 'unknown';
  let trouble: PilotlightError | null = null;
  let gpuBefore: RunnerProvider | null = usesGpu(status?.provider) ? (status?.provider ?? null) : null;
  let gpuLost = false;
  let breaker = closedRunnerBreaker;
  let isTrying = false;
  /** Probes in a row that were not answered in time. */
  let misses = 0;
  let waiting = 0;
  /** Answers to questions from before a move or a sleep say nothing about now. */
  let epoch = 0;

  function set(next: ReachState, error: PilotlightError | null): void {
    const same = reach === next && trouble?.code === error?.code && trouble?.message === error?.message;
    reach = next;
    trouble = error;
    if (!same) onChange(runner);
  }

  function note(next: RunnerStatus): void {
    const before = JSON.stringify(status?.models);
    status = next;
    onReport(address, next);
    if (usesGpu(next.provider)) gpuBefore = next.provider;
    const rung = next.ladder.find(({ provider }) => provider === gpuBefore);
    const isLost =
      gpuBefore !== null &&
      next.provider === 'cpu' &&
      (rung === undefined || /^(failed|absent)$/.test(rung.state));
    if (isLost !== gpuLost) {
      gpuLost = isLost;
      onGpu(runner, isLost ? 'lost' : 'back');
      onChange(runner);
    }
    if (before !== JSON.stringify(next.models)) onChange(runner);
    set(next.ready ? 'ready' : 'not-ready', null);
  }

  async function probe(signal: AbortSignal): Promise<void> {
    const asked = epoch;
    if (link === null) return;
    try {
      const { status: read } = link;
      const next = await withDeadline(clock, PROBE_MS, signal, (limited) =>
        abortable(read(limited), limited),
      );
      misses = 0;
      if (asked === epoch) note(next);
    } catch (error) {
      signal.throwIfAborted();
      if (asked !== epoch) return;
      const coded = isPilotlightError(error) ? error : new PilotlightError('INTERNAL');
      // A busy machine may be late once; it is not given up for that.
      if (coded.code === 'HOST_TIMEOUT' && reach === 'ready' && misses === 0) misses += 1;
      else if (coded.code === 'SERVER_BUSY') set('not-ready', null);
      else set('failing', coded);
    }
  }

  /** Lets one request at a time through after a rest. */
  function admit(): Disposable {
    const now = clock.monotonic();
    const state = stateOfBreaker(breaker, now);
    if (state === 'open' || (state === 'half-open' && isTrying)) {
      throw new PilotlightError('SERVER_BUSY', {
        message: fact('RUNNER_RESTS', { node: address.name }),
        details: { nodeId: address.nodeId, retryAfterMs: restOfBreaker(breaker, now) ?? 1000 },
      });
    }
    const tries = state === 'half-open';
    if (tries) isTrying = true;
    return {
      [Symbol.dispose]() {
        if (tries) isTrying = false;
      },
    };
  }

  async function ask<Result>(
    {
      items,
      fallback,
      isFirst,
      gpuOf,
    }: { items: number; fallback: boolean; isFirst: boolean; gpuOf(result: Result): boolean },
    signal: AbortSignal,
    work: (link: RunnerLink, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    if (link === null) throw new PilotlightError('HOST_UNREACHABLE', { details: { nodeId: address.nodeId } });
    const to = link;
    using _ = admit();
    const startedAt = clock.monotonic();
    const deadlineMs = isFirst ? Math.max(FIRST_REQUEST_MS, timeoutMs()) : timeoutMs();
    const finish = statistics.begin();
    waiting += items;
    const before = stateOfBreaker(breaker, startedAt);
    const batch = (ok: boolean, gpu: boolean) =>
      finish({ ok, items, tookMs: clock.monotonic() - startedAt, gpu, fallback });
    try {
      const result = await withDeadline(clock, deadlineMs, signal, (limited) => work(to, limited));
      breaker = afterSuccess(breaker, clock.monotonic());
      batch(true, gpuOf(result));
      return result;
    } catch (error) {
      if (!signal.aborted && countsAgainstRunner(error)) breaker = afterFailure(breaker, clock.monotonic());
      batch(false, false);
      throw error;
    } finally {
      waiting -= items;
      breakerMoved(before);
    }
  }

  function breakerMoved(before: BreakerState): void {
    const now = clock.monotonic();
    if (before === stateOfBreaker(breaker, now)) return;
    onChange(runner);
    const restMs = restOfBreaker(breaker, now);
    if (restMs !== null) clock.timer(restMs, () => onChange(runner));
  }

  function checkDimensions(model: string, hash: string | null, { vectors }: RunnerVectors): void {
    const now = vectors[0]?.length;
    if (hash === null || now === undefined) return;
    const before = dimensions.get(hash);
    if (before === undefined) dimensions.set(hash, now);
    else if (before !== now) {
      throw new PilotlightError('SERVER_ERROR', {
        message: fact('RUNNER_OTHER_DIMENSIONS', { node: address.name, model, before, now }),
        details: { nodeId: address.nodeId, server: `${now} instead of ${before} numbers` },
      });
    }
  }

  const modelOf = (name: string) => status?.models.find((model) => model.name === name) ?? null;

  function problem(): RunnerView['problem'] {
    if (trouble !== null && reach !== 'asleep') return said(trouble);
    if (!gpuLost || gpuBefore === null) return null;
    const lost = new PilotlightError('RUNNER_GPU_LOST', {
      message: fact('RUNNER_GPU_GONE', { node: address.name, provider: gpuBefore }),
    });
    return said(lost);
  }

  const runner: TrackedRunner = {
    get address() {
      return address;
    },
    get link() {
      return link;
    },
    statistics,
    status: () => status,
    reach: () => reach,
    problem,
    breaker: () => stateOfBreaker(breaker, clock.monotonic()),
    usable: () => reach === 'ready' && stateOfBreaker(breaker, clock.monotonic()) !== 'open',
    model: modelOf,
    waiting: () => waiting,
    probe,
    wentOff() {
      epoch += 1;
      set('asleep', null);
    },
    moveTo(next, nextLink) {
      epoch += 1;
      address = next;
      link = nextLink;
      breaker = closedRunnerBreaker;
      set('unknown', null);
    },
    async embed(request, { fallback }, signal) {
      const { model, hash } = request;
      const known = modelOf(model);
      if (hash !== null && known !== null && known.hash !== hash) {
        throw new PilotlightError('RUNNER_MODEL_CHANGED', {
          message: fact('RUNNER_MODEL_OTHER_HASH', { node: address.name, model }),
          details: { nodeId: address.nodeId },
        });
      }
      const isFirst = known?.state !== 'ready';
      const gpuOf = () => usesGpu(modelOf(model)?.provider);
      return ask({ items: request.texts.length, fallback, isFirst, gpuOf }, signal, async (to, limited) => {
        const answer = await to.embed(request, limited);
        checkDimensions(model, hash ?? answer.hash, answer);
        return answer;
      });
    },
    faces: (image, { fallback }, signal) =>
      ask({ items: 1, fallback, isFirst: true, gpuOf: ({ gpu }) => gpu }, signal, (to, limited) =>
        to.faces(image, limited),
      ),
  };
  return runner;
}

function said(error: PilotlightError): { code: string; message: Message; next: Message } {
  return { code: error.code, message: errorMessage(error), next: plainText(error.next) };
}
