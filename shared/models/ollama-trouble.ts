/** What is wrong with Ollama on a machine that serves, and that a restart of it may fix. */
import type { Message } from './message.ts';
import type { GpuLost, Wedged } from './node-state.ts';

export interface OllamaTrouble {
  code: 'WEDGED' | 'GPU_LOST';
  reason: Message;
  /** The fix. */
  next: Message;
}

export function ollamaTroubles({
  wedged,
  gpuLost,
}: {
  wedged: Wedged | null;
  gpuLost: GpuLost | null;
}): OllamaTrouble[] {
  return [
    ...(wedged === null ? [] : [{ code: 'WEDGED' as const, reason: wedged.reason, next: wedged.next }]),
    ...(gpuLost === null ? [] : [{ code: 'GPU_LOST' as const, reason: gpuLost.reason, next: gpuLost.next }]),
  ];
}

export const hasOllamaTrouble = ({ wedged, gpuLost }: Parameters<typeof ollamaTroubles>[0]): boolean =>
  wedged !== null || gpuLost !== null;
