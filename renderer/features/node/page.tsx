import { ChevronRight } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { hasOllamaTrouble } from '../../../shared/models/ollama-trouble.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import { isServing } from '../../../shared/models/serving.ts';
import type { HistoryRange } from '../../../shared/models/telemetry.ts';
import { nodeStateLabel } from '../../../shared/text/node-state.ts';
import { Button } from '../../components/button.tsx';
import { StateGlyph } from '../../components/glyphs.tsx';
import { useNow } from '../../components/now.ts';
import { cardClass, Empty, Loading, Section, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { selectActivity, useActivity } from '../../stores/activity.ts';
import { useFleet } from '../../stores/fleet.ts';
import { useNodePower } from '../../stores/power.ts';
import { useWake } from '../../stores/wakes.ts';
import { Diagnosis } from '../checks/diagnosis.tsx';
import { Readings } from '../fleet/readings.tsx';
import { VramBar } from '../fleet/vram-bar.tsx';
import { WakeProgress, WakeSteps } from '../fleet/wake-progress.tsx';
import { LeaseList } from '../power/leases.tsx';
import { PowerLines } from '../power/power-lines.tsx';
import { inText, otherReasons } from '../power/power-text.ts';
import { goTo, pageHref } from '../shell/route.ts';
import { AgentCard } from './agent-card.tsx';
import { Energy } from './energy.tsx';
import { GpuCharts } from './gpu-charts.tsx';
import { NodeActions } from './node-actions.tsx';
import { NodeModels } from './node-models.tsx';
import { lasting } from './node-page-text.ts';
import { Policy } from './policy.tsx';
import { RunnerCard } from './runner-card.tsx';
import { BalanceCard, MachineCard, NodeActivity } from './side.tsx';
import { Timeline } from './timeline-view.tsx';
import { useNodeFeed, useRange } from './use-node-history.ts';
import { WakeMethods } from './wake-methods.tsx';

/** One machine: state and actions, timeline, GPU, models and activity. */
export default function NodePage({ nodeId }: { nodeId: string }) {
  const ready = useFleet((state) => state.ready);
  const node = useFleet((state) => state.entries[nodeId]);
  const name = node?.name ?? (ready ? 'Not in the fleet' : 'Machine');
  useEffect(() => {
    document.title = `${name} · Pilotlight`;
  }, [name]);
  useEffect(() => {
    scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }, []);

  return (
    <div className="mx-auto w-full max-w-[120rem] p-4 sm:p-6">
      <nav aria-label="Breadcrumb" className="mb-1 flex items-center gap-1 text-xs text-faint">
        <a href={pageHref('fleet')} className="rounded underline-offset-2 hover:text-text hover:underline">
          Fleet
        </a>
        <ChevronRight size={12} aria-hidden="true" />
        <span className="min-w-0 truncate">{name}</span>
      </nav>
      {node ? (
        <NodeBody key={node.id} node={node} />
      ) : ready ? (
        <>
          <h1 className="mb-4 text-xl font-semibold tracking-tight">Not in the fleet</h1>
          <Empty
            title="This machine is not in the fleet"
            actions={<Button onClick={() => goTo('fleet')}>Go to Fleet</Button>}
          >
            It was removed, or this link is out of date.
          </Empty>
        </>
      ) : (
        <>
          <h1 className="sr-only">Machine</h1>
          <Loading what="the machine">
            <div className="grid gap-6">
              <Skeleton className="h-14" />
              <Skeleton className="h-32" />
              <Skeleton className="h-72" />
            </div>
          </Loading>
        </>
      )}
    </div>
  );
}

function NodeBody({ node }: { node: NodeView }) {
  useNodeFeed(node.id);
  const [range, setRange] = useState<HistoryRange>('hour');
  const day = useRange(node, 'day');
  const month = useRange(node, 'month');
  const chosen = useRange(node, range);
  const activity = useActivity();
  const entries = useMemo(
    () => selectActivity(activity).filter((entry) => entry.nodeId === node.id),
    [activity, node.id],
  );
  const power = useNodePower(node.id);
  const managed = node.kind !== 'this-computer';
  // This computer without Ollama serves nothing, so it has no history to show.
  const watched = managed || node.url !== null;
  const [isAskedFor] = useState(() => location.hash.endsWith('?diagnosis'));
  return (
    <>
      <Head node={node} />
      <div className="grid items-start gap-6 rail:grid-cols-[minmax(0,1fr)_20rem] wide:grid-cols-[minmax(0,1fr)_26rem]">
        <div className="grid min-w-0 grid-cols-1 gap-6">
          <Now node={node} />
          {watched && <Timeline node={node} history={day} entries={entries} />}
          {power && managed && (
            <>
              <Leases node={node} power={power} />
              <Policy key={node.id} power={power} />
            </>
          )}
          {watched && node.hasGpu !== false && (
            <GpuCharts node={node} range={range} onRange={setRange} history={chosen} />
          )}
          <NodeModels node={node} />
          {power && node.kind !== 'this-computer' && <Diagnosis node={node} asked={isAskedFor} />}
        </div>
        <aside aria-label="About this machine" className="grid min-w-0 gap-6">
          {power ? <Energy node={node} watts={power.policy.watts} /> : null}
          <BalanceCard nodeId={node.id} watts={power?.policy.watts ?? null} day={day} month={month} />
          {power && managed && (
            <>
              <AgentCard node={node} power={power} />
              {node.mac || node.canWake ? <WakeMethods node={node} /> : null}
            </>
          )}
          <RunnerCard node={node} />
          <MachineCard node={node} />
          <NodeActivity entries={entries} ready={activity.ready} />
        </aside>
      </div>
    </>
  );
}

const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

function Head({ node }: { node: NodeView }) {
  const now = useNow(5);
  return (
    <header className="mb-6 flex flex-wrap items-start gap-x-6 gap-y-3">
      <div className="min-w-0 flex-1 basis-80">
        <h1 className="flex items-center gap-2.5 text-xl leading-8 font-semibold tracking-tight">
          <StateGlyph state={node.state} lost={hasOllamaTrouble(node)} size={22} />
          <span className="min-w-0 break-words [overflow-wrap:anywhere]">{node.name}</span>
        </h1>
        <p className="mt-0.5 flex flex-wrap gap-x-3 text-[0.8125rem] text-soft">
          <span className={`font-medium ${hasOllamaTrouble(node) ? 'text-trouble-text' : 'text-text'}`}>
            {nodeStateLabel(node)}
          </span>
          <time dateTime={new Date(node.since).toISOString()} title={absolute.format(node.since)}>
            for {lasting(Math.max(0, now - node.since))}
          </time>
          {node.url ? (
            <span className="font-mono break-all">{node.url}</span>
          ) : (
            <span>{node.agentUrl ?? 'built-in embedder only'}</span>
          )}
          {node.server?.version && (
            <span>
              {node.server.product} {node.server.version}
            </span>
          )}
          {node.kind !== 'remote' && <span>{node.kind === 'simulated' ? 'simulated' : 'this computer'}</span>}
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        <NodeActions node={node} />
      </div>
    </header>
  );
}

/** The present: a wake, trouble, what keeps it on, and memory in use. */
function Now({ node }: { node: NodeView }) {
  const wake = useWake(node.id);
  const awake = isServing(node.state);
  const hasReadings = awake || node.kind === 'this-computer';
  return (
    <>
      {wake && (
        <section aria-label="Waking" className={`${cardClass} border-ember/60 p-4`}>
          {awake ? (
            <WakeSteps wake={wake} lost={node.gpuLost !== null} />
          ) : (
            <WakeProgress node={node} wake={wake} />
          )}
        </section>
      )}
      {node.trouble && (
        <Problem message={node.trouble.message} next={node.trouble.next} code={node.trouble.code} />
      )}
      {node.lastWakeError && (
        <Problem
          message={node.lastWakeError.message}
          next={node.lastWakeError.next}
          code={node.lastWakeError.code}
        />
      )}
      {hasReadings && (
        <Section title="Now">
          <div className={`${cardClass} grid gap-3 p-4 md:grid-cols-2 md:items-end md:gap-8`}>
            {awake && node.hasGpu !== false && <VramBar node={node} />}
            {node.hasGpu === false && awake && <p className="text-soft">No GPU: models run on the CPU</p>}
            {node.url === null && node.kind === 'this-computer' && (
              <p className="text-soft">
                Indexes with the built-in embedder. Start Ollama here to use its models too.
              </p>
            )}
            <Readings node={node} />
          </div>
        </Section>
      )}
      <PowerLines node={node} holders={node.kind === 'this-computer'} />
    </>
  );
}

/** "Why is it on?": the leases, each with Release, and the other reasons. */
function Leases({ node, power }: { node: NodeView; power: NodePower }) {
  const now = useNow(30);
  const { leases, offAt } = power;
  const awake = isServing(node.state);
  const others = otherReasons(power);
  return (
    <Section
      title={awake ? 'Why is it on?' : 'Leases'}
      aside={offAt !== null && !power.countdown ? `Powers off ${inText(Math.max(0, offAt - now))}` : ''}
    >
      <div className={`${cardClass} px-4 py-1`}>
        {leases.length > 0 && <LeaseList leases={leases} holds={node.state !== 'off'} />}
        {leases.length > 0 && node.state === 'off' && (
          <p className="pb-3 text-[0.8125rem] text-soft">
            It is off all the same. Once it is on again, they keep it on.
          </p>
        )}
        {(others.length > 0 || leases.length === 0) && (
          <ul className="grid gap-1 py-3 text-[0.8125rem] text-soft">
            {others.map((reason) => (
              <li key={reason} className="break-words">
                {reason}
              </li>
            ))}
            {leases.length === 0 && (
              <li>No leases. Jobs hold one while they use the machine; “Keep awake” holds one for you.</li>
            )}
          </ul>
        )}
      </div>
    </Section>
  );
}
