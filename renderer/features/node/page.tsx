import { ChevronRight } from 'lucide-react';
import { type ReactNode, Suspense, useEffect, useMemo } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { hasOllamaTrouble } from '../../../shared/models/ollama-trouble.ts';
import { nodeStateLabel } from '../../../shared/text/node-state.ts';
import { Button } from '../../components/button.tsx';
import { StateGlyph } from '../../components/glyphs.tsx';
import { latePart } from '../../components/late-part.ts';
import { useNow } from '../../components/now.ts';
import { Empty, Loading, Skeleton } from '../../components/page.tsx';
import { PartTabs } from '../../components/part-tabs.tsx';
import { absolute } from '../../late-intl.ts';
import { selectActivity, useActivity } from '../../stores/activity.ts';
import { useFleet } from '../../stores/fleet.ts';
import { useNodePower } from '../../stores/power.ts';
import { Diagnosis } from '../checks/diagnosis.tsx';
import { goTo, type NodeTab, nodeHref, nodeTabs, pageHref, useNodeTabInHash } from '../shell/route.ts';
import { AgentCard } from './agent-card.tsx';
import { Energy } from './energy.tsx';
import { NodeActions } from './node-actions.tsx';
import { NodeModels } from './node-models.tsx';
import { lasting } from './node-page-text.ts';
import { Policy } from './policy.tsx';
import { Leases, Now } from './present.tsx';
import { RunnerCard } from './runner-card.tsx';
import { MachineCard, NodeActivity } from './side.tsx';
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
  const day = useRange(node, 'day');
  const month = useRange(node, 'month');
  const activity = useActivity();
  const entries = useMemo(
    () => selectActivity(activity).filter((entry) => entry.nodeId === node.id),
    [activity, node.id],
  );
  const power = useNodePower(node.id);
  const managed = node.kind !== 'this-computer';
  // This computer without Ollama serves nothing, so it has no history to show.
  const watched = managed || node.url !== null;
  const has: Record<NodeTab, boolean> = {
    overview: true,
    models: true,
    gpu: watched && node.hasGpu !== false,
    power: managed,
    activity: true,
    diagnosis: managed,
  };
  const asked = useNodeTabInHash();
  const tab = has[asked] ? asked : 'overview';
  const energy = (
    <Energy node={node} watts={power?.policy.watts ?? null} isCounted={power !== null} {...{ day, month }} />
  );
  return (
    <>
      <Head node={node} />
      <PartTabs
        current={tab}
        parts={nodeTabs
          .filter((name) => has[name])
          .map((name) => ({ name, title: tabTitles[name], href: nodeHref(node.id, name) }))}
      />
      {tab === 'overview' && (
        <Columns
          aside={
            <>
              {energy}
              <MachineCard node={node} />
            </>
          }
        >
          <Now node={node} />
          {power && managed && <Leases node={node} power={power} />}
          {watched && <Timeline node={node} history={day} entries={entries} />}
        </Columns>
      )}
      {tab === 'models' && (
        <Columns aside={<RunnerCard node={node} />}>
          <NodeModels node={node} />
        </Columns>
      )}
      {tab === 'gpu' && (
        <Suspense fallback={<Skeleton className="h-[40rem]" />}>
          <GpuCharts node={node} />
        </Suspense>
      )}
      {tab === 'power' && (
        <Columns
          aside={
            <>
              {energy}
              {power && <AgentCard node={node} power={power} />}
            </>
          }
        >
          {power ? (
            <Policy key={node.id} power={power} />
          ) : (
            <Loading what="the policy">
              <Skeleton className="h-64" />
            </Loading>
          )}
          {power && (node.mac || node.canWake) ? <WakeMethods node={node} /> : null}
        </Columns>
      )}
      {tab === 'activity' && <NodeActivity entries={entries} ready={activity.ready} />}
      {tab === 'diagnosis' && <Diagnosis node={node} />}
    </>
  );
}

const GpuCharts = latePart(() => import('./gpu-charts.tsx'), 'GpuCharts');

const tabTitles: Record<NodeTab, string> = {
  overview: 'Overview',
  models: 'Models',
  gpu: 'GPU',
  power: 'Power',
  activity: 'Activity',
  diagnosis: 'Diagnosis',
};

const Columns = ({ children, aside }: { children: ReactNode; aside: ReactNode }) => (
  <div className="grid items-start gap-6 rail:grid-cols-[minmax(0,1fr)_20rem] wide:grid-cols-[minmax(0,1fr)_26rem]">
    <div className="grid min-w-0 grid-cols-1 gap-6">{children}</div>
    <aside aria-label="About this machine" className="grid min-w-0 gap-6">
      {aside}
    </aside>
  </div>
);

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
