/**
 * Two engines that are one queue while tasks move: new tasks and claims go to the new one, and what is active in the old
 * one ends there.
 */
import type { LeaseProof, MovableTaskQueue, QueueCounts, TaskPage, TaskQueue } from '../ports/task-queue.ts';

/** Closing it closes neither engine: they belong to the caller. */
export function createMovingQueue(from: MovableTaskQueue, to: MovableTaskQueue): TaskQueue {
  const isOld = async (id: string) => (await from.get(id)) !== null;
  const homeOf = async (id: string): Promise<MovableTaskQueue> => ((await isOld(id)) ? from : to);

  async function divide<T extends { id: string }>(all: readonly T[]): Promise<[old: T[], rest: T[]]> {
    const old = await Promise.all(all.map(({ id }) => isOld(id)));
    return [all.filter((_, index) => old[index]), all.filter((_, index) => !old[index])];
  }

  async function onBoth(
    ids: readonly string[],
    act: (queue: MovableTaskQueue, some: readonly string[]) => Promise<number>,
  ): Promise<number> {
    const [old, rest] = await divide(ids.map((id) => ({ id })));
    const idsOf = (some: readonly { id: string }[]) => some.map(({ id }) => id);
    const done = old.length > 0 ? await act(from, idsOf(old)) : 0;
    // One that moved meanwhile is in the new one.
    return done + (await act(to, done === old.length ? idsOf(rest) : [...idsOf(rest), ...idsOf(old)]));
  }

  return {
    async add(tasks) {
      const [, fresh] = await divide(tasks);
      await to.add(fresh);
    },
    claim: (request, signal) => to.claim(request, signal),
    async renew(leases, leaseMs) {
      return Promise.all(
        leases.map(async (lease: LeaseProof) => {
          const [state] = await (await homeOf(lease.id)).renew([lease], leaseMs);
          return state ?? 'lost';
        }),
      );
    },
    async report(reports) {
      const [old, rest] = await divide(reports);
      await Promise.all([from.report(old), to.report(rest)]);
    },
    async complete(proof, result, next) {
      const home = await homeOf(proof.id);
      if (home === to) return to.complete(proof, result, next);
      const { accepted } = await from.complete(proof, result);
      const claims = next === undefined ? [] : await to.claim({ ...next, count: 1, waitMs: 0 });
      return { accepted, next: claims[0] ?? null };
    },
    async fail(proof, failure, retryAfterMs) {
      return (await homeOf(proof.id)).fail(proof, failure, retryAfterMs);
    },
    async release(proof, delayMs) {
      await (await homeOf(proof.id)).release(proof, delayMs);
    },
    cancel: (ids) => onBoth(ids, (queue, some) => queue.cancel(some)),
    retry: (ids) => onBoth(ids, (queue, some) => queue.retry(some)),
    move: (ids, name) => onBoth(ids, (queue, some) => queue.move(some, name)),
    remove: (ids) => onBoth(ids, (queue, some) => queue.remove(some)),
    async prune(before, limit) {
      const old = await from.prune(before, limit);
      return old.length >= limit ? old : [...old, ...(await to.prune(before, limit - old.length))];
    },
    async get(id) {
      return (await from.get(id)) ?? (await to.get(id));
    },
    async list(query) {
      const { offset = 0, limit } = query;
      const whole = { ...query, offset: 0, limit: offset + limit };
      const pages = await Promise.all([from.list(whole), to.list(whole)]);
      return merged(pages, offset, limit);
    },
    async stats() {
      const [old, fresh] = await Promise.all([from.stats(), to.stats()]);
      return fresh.map((row) =>
        summed(
          row,
          old.find(({ queue }) => queue === row.queue),
        ),
      );
    },
    async note(id, step) {
      await (await homeOf(id)).note(id, step);
    },
    onChange(listener) {
      // One that leaves the old engine has not gone.
      const stopOld = from.onChange((changes) => {
        const told = changes.filter(({ state }) => state !== null);
        if (told.length > 0) listener(told);
      });
      const stopNew = to.onChange(listener);
      return () => {
        stopOld();
        stopNew();
      };
    },
    onLost(listener) {
      const stops = [from.onLost(listener), to.onLost(listener)];
      return () => {
        for (const stop of stops) stop();
      };
    },
    warnings: () => to.warnings(),
    async close() {},
  };
}

function merged(pages: readonly TaskPage[], offset: number, limit: number): TaskPage {
  const seen = new Set<string>();
  const tasks = pages
    .flatMap((page) => page.tasks)
    .filter(({ id }) => !seen.has(id) && seen.add(id))
    .sort((one, other) => other.addedAt - one.addedAt)
    .slice(offset, offset + limit);
  return { tasks, total: pages.reduce((sum, { total }) => sum + total, 0) };
}

function summed(row: QueueCounts, other: QueueCounts | undefined): QueueCounts {
  if (other === undefined) return row;
  const counts = { ...row.counts };
  for (const state of Object.keys(counts) as (keyof typeof counts)[]) counts[state] += other.counts[state];
  const times = [row.oldestAt, other.oldestAt].filter((at) => at !== null);
  return { queue: row.queue, counts, oldestAt: times.length === 0 ? null : Math.min(...times) };
}
