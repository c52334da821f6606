import type { ReactNode } from 'react';
import type { ActivityEntry } from '../../../shared/models/activity.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { formatDuration, formatMemory, plural } from '../../../shared/units.ts';
import { cardClass, Section } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';
import { telemetryStore } from '../../stores/telemetry.ts';
import { textOf, textOrEmpty } from '../../texts.ts';
import { wakeHint } from '../fleet/node-text.ts';
import { pageHref } from '../shell/route.ts';

/** Facts about the machine itself. */
export function MachineCard({ node }: { node: NodeView }) {
  const { boot } = node;
  const memoryBytes = telemetryStore.use((state) => state.entries[node.id]?.host?.memoryTotalBytes ?? 0);
  return (
    <Section title="Machine">
      <dl className={`${cardClass} grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 px-4 py-3 text-[0.8125rem]`}>
        <Fact name="Boots in">
          {boot.usualMs === null
            ? node.canWake
              ? 'measured at its first wake'
              : 'unknown'
            : `about ${formatDuration(boot.usualMs)} (from ${plural(boot.count, 'wake')})`}
        </Fact>
        {node.mac && (
          <Fact name="MAC">
            <span className="font-mono text-xs">{node.mac}</span>
          </Fact>
        )}
        {!node.canWake && node.kind !== 'this-computer' && <Fact name="Wake">{wakeHint(node)}</Fact>}
        <Fact name="GPU">
          {node.gpus.length > 0 ? (
            <ul className="grid gap-1">
              {node.gpus.map((gpu) => (
                <li key={gpu.id}>
                  {gpu.name}
                  {gpu.vramTotalBytes !== null && (
                    <span className="whitespace-nowrap text-faint">
                      {' '}
                      · {formatMemory(gpu.vramTotalBytes)}
                    </span>
                  )}
                </li>
              ))}
            </ul>
          ) : node.hasGpu === false ? (
            'none'
          ) : node.hasGpu ? (
            'yes, model unknown'
          ) : (
            'unknown'
          )}
        </Fact>
        {node.vram.totalBytes !== null && node.gpus.length === 0 && (
          <Fact name="VRAM">
            {formatMemory(node.vram.totalBytes)}
            {node.vram.source === 'person' && <span className="text-faint"> · entered by you</span>}
          </Fact>
        )}
        {memoryBytes > 0 && <Fact name="RAM">{formatMemory(memoryBytes)}</Fact>}
        <Fact name="Last seen">
          {isServing(node.state) || node.kind === 'this-computer' ? (
            'now'
          ) : node.lastSeenAt === null ? (
            'never'
          ) : (
            <Ago at={node.lastSeenAt} />
          )}
        </Fact>
        <Fact name="Added">
          <Ago at={node.addedAt} />
        </Fact>
      </dl>
    </Section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-faint">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

const shown = 50;
const dots = { info: 'bg-cold', success: 'bg-flame', warning: 'bg-amber', error: 'bg-trouble' } as const;
const spoken = { info: '', success: '', warning: 'Warning: ', error: 'Error: ' } as const;

/** The newest entries about this machine. */
export function NodeActivity({ entries, ready }: { entries: readonly ActivityEntry[]; ready: boolean }) {
  return (
    <Section
      title="Activity"
      aside={
        <a href={pageHref('activity')} className="rounded text-soft underline-offset-2 hover:underline">
          All activity
        </a>
      }
    >
      {entries.length === 0 ? (
        <p className={`${cardClass} px-4 py-6 text-center text-[0.8125rem] text-soft`}>
          {ready ? 'No recent activity.' : '…'}
        </p>
      ) : (
        <ol className={`${cardClass} divide-y divide-line`}>
          {entries.slice(0, shown).map((entry) => (
            <li key={entry.id} className="flex items-start gap-2.5 px-4 py-2 text-[0.8125rem]">
              <span
                aria-hidden="true"
                className={`mt-1.5 size-2 shrink-0 ${entry.severity === 'warning' || entry.severity === 'error' ? 'rotate-45' : 'rounded-full'} ${dots[entry.severity]}`}
              />
              <div className="min-w-0 flex-1">
                <p className="break-words">
                  <span className="sr-only">{spoken[entry.severity]}</span>
                  {textOf(entry.message)}
                </p>
                {textOrEmpty(entry.why) !== '' && (
                  <p className="text-xs break-words text-soft">{textOrEmpty(entry.why)}</p>
                )}
              </div>
              <span className="shrink-0 text-xs text-faint">
                <Ago at={entry.at} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}
