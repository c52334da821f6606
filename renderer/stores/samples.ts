/** Samples of the last hour, from an answer and a stream that continues it. Pure. */

interface Sample {
  /** Milliseconds since the epoch. */
  at: number;
}

const hourMs = 3_600_000;

/** Adds samples, each moment once, and forgets what is older than an hour before the newest. */
export function mergeSamples<One extends Sample>(known: readonly One[], more: readonly One[]): One[] {
  const all = isAfter(known, more) ? [...known, ...more] : sortedOnce([...known, ...more]);
  const oldest = (all.at(-1)?.at ?? 0) - hourMs;
  const kept = all.findIndex((sample) => sample.at > oldest);
  return kept > 0 ? all.slice(kept) : all;
}

/** The usual frame: one sample, newer than all before it. */
const isAfter = (known: readonly Sample[], more: readonly Sample[]) =>
  more.length === 1 && (more[0]?.at ?? 0) > (known.at(-1)?.at ?? 0);

/** The last of those at the same moment stays. */
function sortedOnce<One extends Sample>(samples: readonly One[]): One[] {
  const byTime = new Map(samples.map((sample) => [sample.at, sample]));
  return [...byTime.values()].toSorted((a, b) => a.at - b.at);
}
