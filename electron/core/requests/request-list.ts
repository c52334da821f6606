/** The requests that are shown: those in progress, and the newest that ended. */
import type { RequestView } from '../../../shared/models/requests.ts';
import type { FinishedRequest, LiveRequest } from '../gateway/model.ts';
import type { Topic } from '../runtime/topic.ts';
import { endedView, liveView, lostView, requestIdOf, type ViewNames } from './request-view.ts';

export interface RequestList {
  progress(requests: readonly LiveRequest[], names: ViewNames): void;
  ended(requests: readonly FinishedRequest[], names: ViewNames): void;
  /** Those in progress belong to a process that has ended. Returns them as they are now. */
  lost(now: number): RequestView[];
  /** Their prompts are not kept any more. */
  promptsDropped(): void;
  get(id: string): RequestView | undefined;
  all(): RequestView[];
}

const MOST_LIVE = 1000;
const MOST_ENDED = 500;

export function createRequestList(topic: Topic<RequestView>): RequestList {
  const live = new Set<string>();
  /** In the order in which they ended. */
  const ended = new Set<string>();

  function end(view: RequestView): void {
    live.delete(view.id);
    ended.delete(view.id);
    ended.add(view.id);
    topic.set(view.id, view);
  }

  function trim(): void {
    for (const id of ended) {
      if (ended.size <= MOST_ENDED) return;
      ended.delete(id);
      topic.delete(id);
    }
  }

  return {
    progress(requests, names) {
      for (const request of requests) {
        const id = requestIdOf(names.instance, request.id);
        if (!live.has(id) && live.size >= MOST_LIVE) continue;
        live.add(id);
        topic.set(id, liveView(request, names));
      }
    },
    ended(requests, names) {
      // Of thousands at once only the newest are kept, and those that people have seen in progress.
      const first = requests.length - MOST_ENDED;
      for (const [index, request] of requests.entries()) {
        if (index < first && !live.has(requestIdOf(names.instance, request.id))) continue;
        end(endedView(request, names));
      }
      trim();
    },
    lost(now) {
      const views = [...live].flatMap((id) => topic.get(id) ?? []).map((view) => lostView(view, now));
      for (const view of views) end(view);
      trim();
      return views;
    },
    promptsDropped() {
      for (const view of topic.values()) {
        if (view.hasPrompt) topic.set(view.id, { ...view, hasPrompt: false });
      }
    },
    get: (id) => topic.get(id),
    all: () => topic.values(),
  };
}
