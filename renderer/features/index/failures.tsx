import type { IndexJob } from '../../../shared/models/indexing.ts';
import { formatCount } from '../../../shared/units.ts';
import { textOf } from '../../texts.ts';
import { everyLeftOut } from './proof-text.ts';

/** The files that were not indexed, each with its reason. */
export function Failures({ job }: { job: IndexJob }) {
  const files = everyLeftOut(job);
  if (files.length === 0) return null;
  const named = files.filter(({ code }) => code !== 'FILE_IGNORED').length;
  const more = job.files.failed + job.files.skipped - named;
  return (
    <details className="mt-3 text-[0.8125rem] print:hidden">
      <summary className="rounded font-medium">
        {formatCount(files.length)} {files.length === 1 ? 'file' : 'files'} not indexed, with reasons
      </summary>
      <ul className="mt-2 max-h-80 divide-y divide-line overflow-y-auto rounded-lg border border-line">
        {files.map((failure) => (
          <li key={`${failure.path}${failure.code}`} className="px-3 py-2">
            <p className="font-mono text-xs break-all">{failure.path || 'Patterns of the folder'}</p>
            <p className="mt-0.5 text-soft">
              {textOf(failure.reason)} <span className="font-mono text-2xs text-faint">{failure.code}</span>
            </p>
          </li>
        ))}
        {more > 0 && <li className="px-3 py-2 text-faint">and {formatCount(more)} more</li>}
      </ul>
    </details>
  );
}
