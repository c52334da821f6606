/** Allows a burst, then a steady rate per second. */
export interface Rate {
  burst: number;
  perSecond: number;
}

export interface RateLimitOptions {
  each: Rate;
  all: Rate;
  /** Monotonic milliseconds. */
  now?: () => number;
}

const MAX_ADDRESSES = 1000;

/** Whether one more request from this address is accepted now. */
export function createRateLimit({
  each,
  all,
  now = () => performance.now(),
}: RateLimitOptions): (address: string) => boolean {
  const addresses = new Map<string, () => boolean>();
  const together = createBucket(all, now);
  return (address) => {
    const bucket = addresses.get(address) ?? createBucket(each, now);
    // Moved to the end, so that the first key is the one silent for longest.
    addresses.delete(address);
    addresses.set(address, bucket);
    const oldest = addresses.size > MAX_ADDRESSES ? addresses.keys().next().value : undefined;
    if (oldest !== undefined) addresses.delete(oldest);
    return bucket() && together();
  };
}

function createBucket({ burst, perSecond }: Rate, now: () => number): () => boolean {
  let left = burst;
  let at = now();
  return () => {
    const time = now();
    left = Math.min(burst, left + ((time - at) / 1000) * perSecond);
    at = time;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
