import { useSyncExternalStore } from 'react';
import { createEmitter } from '../../shared/emitter.ts';

/** One clock for all relative times: it ticks once a second, and only while the page is visible. */
const ticks = createEmitter<[]>({ name: 'clock' });
let timer: ReturnType<typeof setInterval> | undefined;
let second = Math.floor(Date.now() / 1000);

function tick(): void {
  if (document.hidden) return;
  second = Math.floor(Date.now() / 1000);
  ticks.emit();
}

function subscribe(listener: () => void): () => void {
  const stop = ticks.on(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    stop();
    if (ticks.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The current time, in milliseconds since the epoch, rounded down to steps of `stepSeconds`. */
export function useNow(stepSeconds = 1): number {
  return useSyncExternalStore(subscribe, () => Math.floor(second / stepSeconds) * stepSeconds * 1000);
}
