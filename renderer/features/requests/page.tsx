import { Suspense, useCallback, useEffect, useMemo } from 'react';
import { useShallow } from 'zustand/react/shallow';
import type { GatewayView } from '../../../shared/models/gateway.ts';
import type { RequestView } from '../../../shared/models/requests.ts';
import { formatCount, plural } from '../../../shared/units.ts';
import { Address } from '../../components/address.tsx';
import { Button } from '../../components/button.tsx';
import { latePart } from '../../components/late-part.ts';
import { LiveRegion } from '../../components/live-region.tsx';
import { Empty, Loading, Page, Skeleton } from '../../components/page.tsx';
import { useAddress } from '../../components/use-address.ts';
import { useHeldRows } from '../../components/use-held-rows.ts';
import { useKeep } from '../../components/use-keep.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { gatewayStore, useGateway } from '../../stores/gateway.ts';
import { requestsStore, useRequests } from '../../stores/requests.ts';
import { GatewayProblem } from '../gateway/problem.tsx';
import { settingHref } from '../shell/route.ts';
import {
  addressHash,
  choicesIn,
  filterRequests,
  groupOf,
  isFiltered,
  noFilter,
  readAddress,
} from './filter.ts';
import { Filters } from './filters.tsx';
import { RequestList } from './list.tsx';
import { orderRequests } from './order.ts';
import { PromptKeepingMark, PromptKeepingSwitch } from './prompt-keeping.tsx';
import { RequestSheet } from './sheet.tsx';

const RequestCharts = latePart(() => import('./charts.tsx'));

/** What programs ask for through the gateway: now, and over time. */
export default function RequestsPage() {
  useKeep(requestsStore);
  useKeep(gatewayStore);
  const { ready, entries } = useRequests();
  const gateway = useGateway();
  const { address, change, go } = useAddress(readAddress, addressHash);
  const open = useCallback((id: string | null) => go({ requestId: id }), [go]);
  const nodeName = useNodeName();
  const { filter, requestId } = address;

  const all = useMemo(() => orderRequests(Object.values(entries)), [entries]);
  const fitting = useMemo(() => filterRequests(all, filter, nodeName), [all, filter, nodeName]);
  const { rows, more, hold, release } = useHeldRows(fitting, entries);
  // Another filter is another list.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the filter decides.
  useEffect(release, [filter]);
  const choices = useMemo(() => choicesIn(all), [all]);
  const filtered = isFiltered(filter);

  return (
    <Page title="Requests" summary={ready ? <Summary requests={all} /> : null}>
      <PromptKeepingMark />
      {gateway && gateway.state !== 'running' && all.length > 0 && <GatewayLine gateway={gateway} />}
      {!ready ? (
        <Loading what="the requests">
          <Skeleton className="mb-3 h-20" />
          <Skeleton className="h-96" />
        </Loading>
      ) : (
        <>
          {(all.length > 0 || filtered) && (
            <Filters
              filter={filter}
              choices={choices}
              nodeName={nodeName}
              onChange={(next) => change({ filter: next })}
            />
          )}
          {rows.length > 0 ? (
            <>
              <div className="mb-1 flex min-h-8 items-center gap-3 text-xs text-faint">
                <p role="status">
                  {filtered
                    ? `${plural(fitting.length, 'request')} of ${formatCount(all.length)}`
                    : plural(all.length, 'request')}
                </p>
                {more > 0 && (
                  <Button size="small" tone="warm" onClick={release}>
                    Show {formatCount(more)} new
                  </Button>
                )}
              </div>
              <RequestList
                requests={rows}
                nodeName={nodeName}
                openId={requestId}
                onOpen={open}
                onHold={hold}
              />
            </>
          ) : filtered && all.length > 0 ? (
            <Empty
              title="No matching requests"
              actions={<Button onClick={() => change({ filter: noFilter })}>Clear filters</Button>}
            >
              None of the {plural(all.length, 'request')} match these filters.
            </Empty>
          ) : (
            <NoRequests gateway={gateway} />
          )}
          <Suspense fallback={<Skeleton className="mt-8 h-96" />}>
            <RequestCharts by={address.by} onBy={(by) => change({ by })} />
          </Suspense>
          <div className="mt-8 max-w-3xl rounded-xl border border-line bg-surface p-4 empty:hidden">
            <PromptKeepingSwitch />
          </div>
        </>
      )}
      {requestId !== null && ready && (
        <RequestSheet request={entries[requestId] ?? null} nodeName={nodeName} onClose={() => open(null)} />
      )}
    </Page>
  );
}

function useNodeName(): (nodeId: string) => string {
  const names = useFleet(
    useShallow((state) => Object.fromEntries(selectNodes(state).map(({ id, name }) => [id, name]))),
  );
  return useCallback((nodeId: string) => names[nodeId] ?? nodeId, [names]);
}

function Summary({ requests }: { requests: readonly RequestView[] }) {
  let waiting = 0;
  let running = 0;
  let failed = 0;
  for (const request of requests) {
    const group = groupOf(request);
    if (group === 'waiting') waiting += 1;
    else if (group === 'running') running += 1;
    else if (group === 'failed') failed += 1;
  }
  const text =
    waiting + running === 0
      ? 'Nothing is in progress'
      : `${formatCount(running)} in progress · ${formatCount(waiting)} waiting`;
  return (
    <>
      {text}
      <LiveRegion message={failed === 0 ? '' : `${plural(failed, 'request')} failed`} everyMs={20_000} />
    </>
  );
}

const goToGateway = () => {
  location.hash = settingHref('gateway.on');
};

/** Why nothing new comes. */
function GatewayLine({ gateway }: { gateway: GatewayView }) {
  return (
    <section
      aria-label="Gateway"
      className="mb-4 flex min-h-14 flex-wrap items-center gap-x-4 gap-y-2 rounded-xl border border-line bg-surface px-4 py-2.5"
    >
      {gateway.problem ? (
        <GatewayProblem problem={gateway.problem} />
      ) : (
        <p className="min-w-0 flex-1 text-soft">
          {gateway.state === 'off'
            ? 'The gateway is off, so no new requests come in.'
            : 'The gateway is starting…'}
        </p>
      )}
      {gateway.state !== 'starting' && (
        <Button size="small" onClick={goToGateway}>
          Gateway settings
        </Button>
      )}
    </section>
  );
}

function NoRequests({ gateway }: { gateway: GatewayView | null }) {
  if (gateway?.state === 'off') {
    return (
      <Empty title="The gateway is off" actions={<Button onClick={goToGateway}>Gateway settings</Button>}>
        Turn it on to give your programs one address for every model. Their requests appear here.
      </Empty>
    );
  }
  if (gateway?.problem && gateway.url === null) {
    return (
      <Empty title="No requests yet" actions={<Button onClick={goToGateway}>Gateway settings</Button>}>
        <div className="text-left">
          <GatewayProblem problem={gateway.problem} />
        </div>
      </Empty>
    );
  }
  return (
    <Empty title="No requests yet" actions={gateway?.url && <Address url={gateway.url} />}>
      Point a program at the gateway. What it asks for appears here, with the machine that answers and why.
    </Empty>
  );
}
