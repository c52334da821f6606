import { Check, Info, type LucideIcon, TriangleAlert } from 'lucide-react';
import { memo } from 'react';
import type { ActivityEntry } from '../../../shared/models/activity.ts';
import { Ago } from '../../components/time.tsx';
import { useFleet } from '../../stores/fleet.ts';
import { selectJobs, useJobs } from '../../stores/jobs.ts';
import { textOf, textOrEmpty } from '../../texts.ts';
import { nodeHref, pageHref, runHref } from '../shell/route.ts';
import { mayHaveActions } from './entry-actions.ts';
import { EntryButtons } from './entry-buttons.tsx';
import { kindNames, type Severity } from './filter.ts';
import { jobOfEntry } from './log.ts';

export const severities: Record<
  Severity,
  { Icon: LucideIcon; className: string; prefix: string; name: string }
> = {
  error: { Icon: TriangleAlert, className: 'text-trouble', prefix: 'Error: ', name: 'Errors' },
  warning: { Icon: TriangleAlert, className: 'text-amber', prefix: 'Warning: ', name: 'Warnings' },
  success: { Icon: Check, className: 'text-flame', prefix: '', name: 'Done' },
  info: { Icon: Info, className: 'text-cold', prefix: '', name: 'Info' },
};

const link = 'rounded text-soft underline decoration-line-strong underline-offset-2 hover:text-text';

/** What happened, why, and links to what it concerns. */
export const Entry = memo(function Entry({ entry }: { entry: ActivityEntry }) {
  const { Icon, className, prefix } = severities[entry.severity];
  const node = useFleet((state) =>
    entry.nodeId === null ? null : (state.entries[entry.nodeId]?.name ?? null),
  );
  const run = useJobs((state) => jobOfEntry(entry, selectJobs(state)));
  const why = textOrEmpty(entry.why);
  return (
    <li className="flex items-start gap-3 px-4 py-2.5">
      <Icon size={16} aria-hidden="true" className={`mt-0.5 shrink-0 ${className}`} />
      <div className="min-w-0 flex-1">
        <p className="break-words">
          <span className="sr-only">{prefix}</span>
          {textOf(entry.message)}
        </p>
        {why !== '' && <p className="text-[0.8125rem] break-words text-soft">{why}</p>}
        <p className="mt-0.5 flex flex-wrap gap-x-3 gap-y-0.5 text-xs text-faint">
          <span>{kindNames[entry.kind]}</span>
          {node !== null && entry.nodeId !== null && (
            <a href={nodeHref(entry.nodeId)} className={`${link} max-w-64 truncate`}>
              {node}
            </a>
          )}
          {run !== null && (
            <a href={runHref(run.id)} className={link}>
              Open run
            </a>
          )}
          {(entry.kind === 'placement' || entry.kind === 'optimizer') && (
            <a href={pageHref('models')} className={link}>
              Open Models
            </a>
          )}
          {entry.kind === 'settings' && (
            <a href={pageHref('settings')} className={link}>
              Open Settings
            </a>
          )}
        </p>
        {mayHaveActions(entry, run) && <EntryButtons entry={entry} run={run} />}
      </div>
      <span className="w-20 shrink-0 text-right text-xs text-faint">
        <Ago at={entry.at} />
      </span>
    </li>
  );
});
