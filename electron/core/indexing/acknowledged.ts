/** Which failures of a run a person has not seen yet. Pure. */
import type { IndexJob, SourceRecord } from '../../../shared/models/indexing.ts';

type Acknowledged = NonNullable<SourceRecord['acknowledged']>;
type Run = Pick<IndexJob, 'files' | 'failures'>;

const keyOf = ({ path, code }: { path: string; code: string }) => `${code} ${path}`;

/** All failures of a run. A run lists a limited number; the others are counted. */
export function acknowledgementOf({ files, failures }: Run): Acknowledged {
  return {
    files: failures.map(({ path, code }) => ({ path, code })),
    unlisted: Math.max(0, files.failed - failures.length),
  };
}

export function unseenFailures({ files, failures }: Run, acknowledged: Acknowledged | undefined): number {
  if (acknowledged === undefined) return files.failed;
  const known = new Set(acknowledged.files.map(keyOf));
  const seen = failures.filter((failure) => known.has(keyOf(failure))).length;
  const unlisted = Math.max(0, files.failed - failures.length);
  return failures.length - seen + Math.max(0, unlisted - acknowledged.unlisted);
}
