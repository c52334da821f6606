/** How many requests a minute each key may send. Pure state. */

export interface KeyLimits {
  /** Seconds until the next request of the key; 0 if this one may be served, which then counts. */
  take(credentialId: string, perMinute: number): number;
}

const MINUTE_MS = 60_000;
const MOST_KEYS = 10_000;

/** Allows a minute's requests at once, then one each time that a share of the minute has passed. */
export function createKeyLimits(monotonic: () => number): KeyLimits {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take(credentialId, perMinute) {
      const now = monotonic();
      const before = buckets.get(credentialId) ?? { left: perMinute, at: now };
      const left = Math.min(perMinute, before.left + ((now - before.at) / MINUTE_MS) * perMinute);
      const allowed = left >= 1;
      buckets.delete(credentialId);
      buckets.set(credentialId, { left: allowed ? left - 1 : left, at: now });
      const oldest = buckets.size > MOST_KEYS ? buckets.keys().next().value : undefined;
      if (oldest !== undefined) buckets.delete(oldest);
      return allowed ? 0 : Math.ceil((((1 - left) / perMinute) * MINUTE_MS) / 1000);
    },
  };
}
