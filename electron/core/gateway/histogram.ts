/** Durations in a fixed number of buckets, for quantiles of any number of requests. Pure. */

/** Each bucket is a fifth wider than the one before, so that a quantile is at most a tenth off. */
const GROWTH = 1.2;
/** More than an hour. */
const BUCKETS = 86;

export type Histogram = Uint32Array;

export const newHistogram = (): Histogram => new Uint32Array(BUCKETS);

/** Durations up to 1 ms are in the first bucket. */
export function addDuration(histogram: Histogram, ms: number): void {
  const bucket = ms <= 1 ? 0 : Math.ceil(Math.log(ms) / Math.log(GROWTH));
  const place = Math.min(BUCKETS - 1, Math.max(0, bucket));
  histogram[place] = (histogram[place] ?? 0) + 1;
}

export function addHistogram(sum: Histogram, more: Histogram): void {
  for (const [place, count] of more.entries()) sum[place] = (sum[place] ?? 0) + count;
}

/** Milliseconds; null for no durations. */
export function quantile(histogram: Histogram, share: number): number | null {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = Math.max(1, Math.ceil(share * total));
  for (const [place, count] of histogram.entries()) {
    left -= count;
    if (left <= 0) return middleOf(place);
  }
  return null;
}

/** Every fifth bucket is shown: each is about two and a half times as wide as the one before. */
const SHOWN_STEP = 5;

/** How many durations there are, and how many took at most so many milliseconds. */
export function cumulated(histogram: Histogram): { count: number; upTo: [ms: number, count: number][] } {
  const upTo: [number, number][] = [];
  let count = 0;
  for (const [place, more] of histogram.entries()) {
    count += more;
    // The last one has no end.
    if (place % SHOWN_STEP === 0 && place < BUCKETS - 1)
      upTo.push([Number((GROWTH ** place).toPrecision(3)), count]);
  }
  return { count, upTo };
}

/** The middle of a bucket, to three digits. */
function middleOf(place: number): number {
  if (place === 0) return 1;
  return Number((GROWTH ** (place - 0.5)).toPrecision(3));
}
