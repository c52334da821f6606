import { useMemo } from 'react';
import { Button } from '../../components/button.tsx';
import { FilterBar, FilterRow, SearchBox } from '../../components/filters.tsx';
import { LiveRegion } from '../../components/live-region.tsx';
import { cardClass } from '../../components/page.tsx';
import { RowGrid } from '../../components/row-grid.tsx';
import { useAddress } from '../../components/use-address.ts';
import { useHeldRows } from '../../components/use-held-rows.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { telemetryStore } from '../../stores/telemetry.ts';
import { nodeHref } from '../shell/route.ts';
import {
  allOfFleet,
  type FleetSort,
  fleetHash,
  fleetSorts,
  type NodeGroup,
  nodeGroups,
  readFleet,
} from './fleet-address.ts';
import { countGroups, matchNodes, sortNodes } from './fleet-rows.ts';
import { columns, NodeRow, rowRem } from './node-row.tsx';

const groupNames: Record<NodeGroup, string> = { awake: 'Awake', off: 'Off', trouble: 'Trouble' };
const sortNames: Record<FleetSort, string> = {
  added: 'As added',
  name: 'Name',
  vram: 'VRAM in use',
  gpu: 'GPU load',
  power: 'Power draw',
};
const nothing = {};

/** Many machines, one a line. Only the visible lines are rendered. */
export default function NodeList() {
  const { address, change } = useAddress(readFleet, fleetHash);
  const { group, text, sort } = address;
  const state = useFleet();
  const nodes = selectNodes(state);
  const counts = useMemo(() => countGroups(nodes), [nodes]);
  // Readings come each second; they matter here only if they decide the order.
  const isLive = sort !== 'added' && sort !== 'name';
  const samples = telemetryStore.use(({ entries }) => (isLive ? entries : nothing));
  const current = useMemo(
    () => sortNodes(matchNodes(nodes, { group, text }), sort, samples),
    [nodes, group, text, sort, samples],
  );
  const { rows, more, hold, release } = useHeldRows(current, state.entries);
  const shown = `${rows.length} of ${nodes.length} machines`;
  return (
    <section aria-label="Machines">
      <FilterBar>
        <FilterRow>
          <SearchBox
            label="Find a machine or model"
            value={text}
            onChange={(next) => {
              release();
              change({ text: next });
            }}
          />
          <fieldset className="flex flex-wrap gap-2">
            <legend className="sr-only">State</legend>
            <Choice pressed={group === null} onPress={() => choose(null)}>
              All {nodes.length}
            </Choice>
            {nodeGroups.map((one) => (
              <Choice
                key={one}
                pressed={group === one}
                isTrouble={one === 'trouble' && counts.trouble > 0}
                onPress={() => choose(group === one ? null : one)}
              >
                {groupNames[one]} {counts[one]}
              </Choice>
            ))}
          </fieldset>
          <select
            aria-label="Order"
            value={sort}
            onChange={({ target }) => {
              release();
              change({ sort: fleetSorts.find((one) => one === target.value) ?? 'added' });
            }}
            className="h-9 min-w-0 rounded-lg border border-line-strong bg-surface px-2 hover:border-faint max-sm:basis-full"
          >
            {fleetSorts.map((one) => (
              <option key={one} value={one}>
                {sortNames[one]}
              </option>
            ))}
          </select>
        </FilterRow>
      </FilterBar>
      {rows.length === 0 ? (
        <div className={`${cardClass} grid justify-items-center gap-3 px-4 py-10 text-soft`}>
          No machine matches.
          <Button size="small" onClick={() => change(allOfFleet)}>
            Show all {nodes.length}
          </Button>
        </div>
      ) : (
        <RowGrid
          label="Machines"
          rows={rows}
          columns={columns}
          rowRem={rowRem}
          openId={null}
          onOpen={(id) => {
            location.hash = nodeHref(id);
          }}
          // An order that does not move by itself need not be held, and new machines appear at once.
          onHold={(on) => hold(on && isLive)}
        >
          {(node, place) => <NodeRow key={node.id} {...place} />}
        </RowGrid>
      )}
      <LiveRegion message={group === null && text === '' ? '' : shown} everyMs={600} />
      {more > 0 && <p className="mt-2 text-xs text-faint">{more} more match by now</p>}
    </section>
  );

  function choose(next: NodeGroup | null): void {
    release();
    change({ group: next });
  }
}

const Choice = ({
  pressed,
  isTrouble = false,
  onPress,
  children,
}: {
  pressed: boolean;
  isTrouble?: boolean;
  onPress(): void;
  children: React.ReactNode;
}) => (
  <button
    type="button"
    aria-pressed={pressed}
    onClick={onPress}
    className={`inline-flex h-8 items-center rounded-full border border-line-strong px-3 text-[0.8125rem] transition-colors hover:border-faint hover:text-text aria-pressed:border-flame aria-pressed:bg-flame-wash aria-pressed:text-flame-text ${isTrouble ? 'text-trouble-text' : 'text-soft'}`}
  >
    {children}
  </button>
);
