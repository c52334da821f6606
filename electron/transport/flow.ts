/** Back-pressure of one link: full above a limit, until half of it was written. */
export interface Flow {
  /** A message was put on the link, which now holds `bufferedBytes`. False while the link is full. */
  queued(bufferedBytes: number): boolean;
  /** A message was written. True exactly once each time the link has drained after it was full. */
  written(bufferedBytes: number): boolean;
}

export function createFlow({ fullBytes }: { fullBytes: number }): Flow {
  let full = false;
  return {
    queued(bufferedBytes) {
      if (bufferedBytes > fullBytes) full = true;
      return !full;
    },
    written(bufferedBytes) {
      if (!full || bufferedBytes > fullBytes / 2) return false;
      full = false;
      return true;
    },
  };
}
