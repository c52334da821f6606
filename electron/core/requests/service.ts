/** The requests that other programs send through the gateway, as a person sees and cancels them. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type {
  PromptKeeping,
  RequestBucket,
  RequestPrompt,
  RequestView,
} from '../../../shared/models/requests.ts';
import type { HistorySpan } from '../../../shared/models/telemetry.ts';
import type { GatewayLink } from '../gateway/link.ts';
import type { FinishedRequest } from '../gateway/model.ts';
import type { GatewayEvent } from '../gateway/protocol.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import { createRequestList } from './request-list.ts';
import { createRequestRecorder } from './request-recorder.ts';
import { numberIn } from './request-view.ts';
import { type RequestFilter, selectRequests } from './select.ts';

export interface RequestsService {
  /** Newest first. */
  list(filter: RequestFilter): RequestView[];
  /** Resolves when it is cancelled. Rejects with NOT_FOUND if it has ended. */
  cancel(id: string): Promise<void>;
  history(range: HistorySpan, atMost: number): RequestBucket[];
  /** Rejects with NOT_FOUND, and why. */
  prompt(id: string): Promise<RequestPrompt>;
  /** Rejects with GATEWAY_OFF if there is nothing that could keep them. */
  keepPrompts(on: boolean): Promise<PromptKeeping>;
  promptKeeping(): Promise<PromptKeeping>;
  /** How many wait now, by canonical model, the most first. */
  waiting(): readonly (readonly [model: string, count: number])[];
  start(): void;
  stop(): void;
}

export interface RequestsDependencies {
  clock: Clock;
  log: Log;
  store: Pick<Store, 'requestHistory'>;
  streams: Pick<Streams, 'requests'>;
  /** null for a program without a gateway. */
  link: GatewayLink | null;
  /** The name of a key; null if there is none with this id. */
  credentialName(id: string): string | null;
  /** So many requests wait now. */
  onWaiting(count: number): void;
}

/** For so long are prompts kept, milliseconds. */
const PROMPTS_KEPT_MS = 3_600_000;
/** The time between two reports of what waits counts up to this, milliseconds: the computer may have slept. */
const LONGEST_STEP_MS = 5000;

const notKept: PromptKeeping = { until: null, count: 0 };

/** The gateway has answered it from memory, as it does lists of models: no machine had to do with it. */
const isOwnAnswer = ({ nodeId, outcome }: FinishedRequest) => nodeId === null && outcome === 'completed';

export function createRequestsService(dependencies: RequestsDependencies): RequestsService {
  const { clock, log, streams, link, credentialName, onWaiting } = dependencies;
  const list = createRequestList(streams.requests);
  const recorder = createRequestRecorder({ clock, log, store: dependencies.store.requestHistory });
  /** The process that runs; null while none does. */
  let instance: string | null = null;
  /** What waited at the last report, and when that was. */
  let waiting: { models: readonly (readonly [string, number])[]; at: number } | null = null;

  const namesIn = (process: string) => ({ instance: process, credential: credentialName });

  function receive(event: GatewayEvent): void {
    if (event.kind === 'waiting') waits(event.models);
    else if (event.kind === 'prompts-dropped') list.promptsDropped();
    else if (instance !== null && event.kind === 'live') list.progress(event.requests, namesIn(instance));
    else if (instance !== null && event.kind === 'finished') {
      const asked = event.requests.filter((request) => !isOwnAnswer(request));
      recorder.add(asked);
      list.ended(asked, namesIn(instance));
    }
  }

  function waits(models: readonly (readonly [string, number])[]): void {
    const at = clock.monotonic();
    const lastedMs = waiting === null ? 0 : Math.min(LONGEST_STEP_MS, at - waiting.at);
    if (lastedMs > 0)
      for (const [model, count] of waiting?.models ?? []) recorder.waited(model, count * lastedMs);
    waiting = models.length === 0 ? null : { models, at };
    onWaiting(models.reduce((sum, [, count]) => sum + count, 0));
  }

  function started(next: string): void {
    if (instance !== null && instance !== next) lose();
    instance = next;
  }

  function lose(): void {
    for (const { nodeId, model } of list.lost(clock.now())) recorder.lost(nodeId, model);
    instance = null;
    waits([]);
    list.promptsDropped();
  }

  const stops =
    link === null
      ? []
      : [link.onStart((start) => started(start.instance)), link.onEvent(receive), link.onGone(lose)];

  function present(): GatewayLink | null {
    return instance === null ? null : link;
  }

  return {
    list: (filter) => selectRequests(list.all(), filter),
    async cancel(id) {
      const number = instance === null ? null : numberIn(instance, id);
      const found = number !== null && (await present()?.cancel(number));
      if (found !== true)
        throw new PilotlightError('NOT_FOUND', { message: fact('REQUEST_NOT_IN_PROGRESS') });
    },
    history: recorder.buckets,
    async prompt(id) {
      const number = instance === null ? null : numberIn(instance, id);
      const prompt = number === null ? null : await present()?.readPrompt(number);
      if (prompt) return prompt;
      const known = list.get(id) !== undefined;
      throw new PilotlightError('NOT_FOUND', {
        message: known ? fact('PROMPT_NOT_KEPT') : fact('REQUEST_UNKNOWN'),
        ...(known && { next: fact('KEEP_PROMPTS_FIRST') }),
      });
    },
    async keepPrompts(on) {
      const kept = (await present()?.keepPrompts(on ? PROMPTS_KEPT_MS : null)) ?? null;
      if (kept === null && on) throw new PilotlightError('GATEWAY_OFF');
      if (!on) list.promptsDropped();
      return kept ?? notKept;
    },
    promptKeeping: async () => (await present()?.promptsKept()) ?? notKept,
    waiting: () => (waiting?.models ?? []).toSorted(([, one], [, other]) => other - one),
    start() {
      // A program without a gateway sees no requests: it knows nothing of those of another.
      if (link !== null) recorder.start();
    },
    stop() {
      for (const stop of stops) stop();
      recorder.flush();
    },
  };
}
