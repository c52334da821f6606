import { useSyncExternalStore } from 'react';

/** One clock for all relative times: it ticks once a second, and only while somebody looks. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = Math.floor(Date.now() / 1000);

function tick(): void {
  if (document.hidden) return;
  second = Math.floor(Date.now() / 1000);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time now, in steps of so many seconds, milliseconds since the epoch. */
export function useNow(stepSeconds = 1): number {
  return useSyncExternalStore(subscribe, () => Math.floor(second / stepSeconds) * stepSeconds * 1000);
}
