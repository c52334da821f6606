import { LayoutGrid, Plus, Rows3 } from 'lucide-react';
import { Suspense, useEffect } from 'react';
import { useShallow } from 'zustand/react/shallow';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { formatMemory, plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { latePart } from '../../components/late-part.ts';
import { Loading, Page, Skeleton } from '../../components/page.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { useMedia } from '../../components/use-media.ts';
import { useConnection } from '../../stores/connection.ts';
import { selectNodes, summariseFleet, useFleet } from '../../stores/fleet.ts';
import type { KeyedState } from '../../stores/keyed.ts';
import { forgetSeeds, seedHistory, telemetryStore } from '../../stores/telemetry.ts';
import { FirstRun } from '../first-run/first-run.tsx';
import { useFirstRun } from '../first-run/use-first-run.ts';
import { GatewayStrip } from '../gateway/strip.tsx';
import { openDialog } from '../shell/open-dialog.ts';
import { setPreferences, usePreferences } from '../shell/preferences.ts';
import { NewsCard } from '../updates/news-card.tsx';
import { Banners } from './banners.tsx';
import { rowsFrom } from './fleet-rows.ts';
import { NodeCard } from './node-card.tsx';

// A household of a few machines never needs it.
const NodeList = latePart(() => import('./node-list.tsx'));
// The first page is drawn without them; their place is kept.
const FleetCharts = latePart(() => import('./fleet-charts.tsx'));

const selectIds = (state: KeyedState<NodeView>) => selectNodes(state).map((node) => node.id);

/** Histories are fetched for at most this many nodes; the others fill from the stream. */
const seededNodes = 24;

export function FleetPage() {
  const ready = useFleet((state) => state.ready);
  const ids = useFleet(useShallow(selectIds));
  useKeep(telemetryStore);
  useSeededHistory();

  const firstRun = useFirstRun();
  const chosen = usePreferences(({ fleet }) => fleet);
  const inRows = chosen === 'auto' ? ids.length >= rowsFrom : chosen === 'rows';
  const isWide = useMedia('(min-width: 62.5rem)');
  const chartsAbove = inRows && isWide;
  const hasFleet = ready && !firstRun;
  return (
    <Page
      title="Fleet"
      summary={hasFleet ? <Summary /> : null}
      actions={
        <>
          {hasFleet && ids.length >= rowsFrom && (
            <Button onClick={() => setPreferences({ fleet: inRows ? 'cards' : 'rows' })}>
              {inRows ? <LayoutGrid size={16} aria-hidden="true" /> : <Rows3 size={16} aria-hidden="true" />}
              {inRows ? 'Cards' : 'Rows'}
            </Button>
          )}
          <Button tone={firstRun ? 'plain' : 'primary'} onClick={() => openDialog({ dialog: 'node' })}>
            <Plus size={16} aria-hidden="true" /> Add a node
          </Button>
        </>
      }
    >
      <NewsCard />
      <Banners />
      {!firstRun && <GatewayStrip className="mb-4" />}
      {hasFleet && chartsAbove && (
        <Suspense fallback={<div className="mb-6 h-[19rem]" />}>
          <FleetCharts dense />
        </Suspense>
      )}
      {firstRun ? (
        <FirstRun />
      ) : !ready ? (
        <Loading what="the fleet">
          <div className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,21rem),1fr))] gap-4">
            <Skeleton className="h-56" />
            <Skeleton className="h-56" />
            <Skeleton className="h-56" />
          </div>
        </Loading>
      ) : inRows ? (
        <Suspense fallback={<Skeleton className="h-[max(22rem,calc(100dvh-22rem))]" />}>
          <NodeList />
        </Suspense>
      ) : (
        <div className="grid grid-cols-[repeat(auto-fit,minmax(min(100%,21rem),1fr))] items-start gap-4 *:only:max-w-2xl">
          {ids.map((id) => (
            <NodeCard key={id} nodeId={id} />
          ))}
        </div>
      )}
      {hasFleet && !chartsAbove && (
        <Suspense fallback={<div className="mt-6 h-96" />}>
          <FleetCharts />
        </Suspense>
      )}
    </Page>
  );
}

function Summary() {
  const entries = useFleet((state) => state.entries);
  const { nodes, awake, usedBytes, totalBytes } = telemetryStore.use(
    useShallow((state) => summariseFleet(Object.values(entries), state.entries)),
  );
  const vram = totalBytes === null ? '' : ` · ${formatMemory(usedBytes)} of ${formatMemory(totalBytes)} used`;
  return <>{`${plural(nodes, 'node')} · ${awake} awake${vram}`}</>;
}

/** Fetches the last hour of each machine that responds, once, when the link is live. */
function useSeededHistory(): void {
  const live = useConnection((status) => status.state === 'live');
  const ids = useFleet(
    useShallow((state) =>
      selectNodes(state)
        .filter((node) => isServing(node.state) || node.kind === 'this-computer')
        .slice(0, seededNodes)
        .map((node) => node.id),
    ),
  );
  useEffect(() => {
    if (live) void seedHistory(client, ids);
  }, [live, ids]);
  useEffect(() => forgetSeeds, []);
}
