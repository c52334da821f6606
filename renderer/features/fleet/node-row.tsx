// biome-ignore-all lint/a11y/useSemanticElements: a table cannot render only the rows that are visible.
import { memo, type ReactNode } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { hasOllamaTrouble } from '../../../shared/models/ollama-trouble.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { nodeStateLabel } from '../../../shared/text/node-state.ts';
import { formatMemory } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { StateGlyph } from '../../components/glyphs.tsx';
import { PartsMeter, Progress } from '../../components/meter.tsx';
import { useNow } from '../../components/now.ts';
import { RowCell, type RowColumns, RowFrame, type RowPlace } from '../../components/row-grid.tsx';
import { useAction } from '../../components/use-action.ts';
import { useFleet } from '../../stores/fleet.ts';
import { modelColour } from '../../stores/model-colours.ts';
import { useNodePower } from '../../stores/power.ts';
import { telemetryStore, useUsedVram } from '../../stores/telemetry.ts';
import { useWake } from '../../stores/wakes.ts';
import { PowerMenu } from '../power/power-menu.tsx';
import { nodeHref } from '../shell/route.ts';
import { gpuNow } from './fleet-rows.ts';
import { NodeMenu } from './node-menu.tsx';
import { vramText, wakeShare, wakeSteps } from './node-text.ts';
import { noteOf, type RowNote } from './row-note.ts';

const columnsClass =
  'grid grid-cols-[minmax(8rem,1fr)_minmax(8.5rem,0.8fr)_minmax(13rem,1.2fr)_3rem_3.5rem_minmax(8rem,1.4fr)_8.5rem] items-center gap-x-4 px-4';

export const columns: RowColumns = {
  names: ['Machine', 'State', 'VRAM', 'GPU', 'Power', 'Why', 'Action'],
  className: columnsClass,
  rightFrom: 6,
};

/** Heights in rem: one line in the table, three in a card. */
export const rowRem = { table: 2.75, card: 6 };

/** One machine as a line of the grid. Reads its own entries, so that a frame redraws only the lines that changed. */
export const NodeRow = memo(function NodeRow({ shape, ...place }: RowPlace) {
  const node = useFleet((state) => state.entries[place.id]);
  if (!node) return null;
  return (
    <RowFrame {...place} selected={false} label={`${node.name}: ${nodeStateLabel(node)}`}>
      {shape === 'table' ? (
        <TableCells node={node} current={place.current} />
      ) : (
        <CardCells node={node} current={place.current} />
      )}
    </RowFrame>
  );
});

interface CellProps {
  node: NodeView;
  /** Whether Tab goes from the line to its buttons. */
  current: boolean;
}

function TableCells({ node, current }: CellProps) {
  return (
    <div role="presentation" className={`${columnsClass} h-full`}>
      <RowCell title={node.name}>
        <Name node={node} />
      </RowCell>
      <RowCell className="flex items-center gap-2">
        <State node={node} />
      </RowCell>
      <RowCell>
        <Vram node={node} />
      </RowCell>
      <Gpu node={node} />
      <Note node={node} />
      <RowCell className="flex justify-end gap-1">
        <Actions node={node} current={current} />
      </RowCell>
    </div>
  );
}

function CardCells({ node, current }: CellProps) {
  return (
    <div role="presentation" className="flex h-full items-center gap-3 px-4">
      <div role="presentation" className="flex min-w-0 flex-1 flex-col gap-1">
        <RowCell>
          <Name node={node} />
        </RowCell>
        <RowCell className="flex items-center gap-2 text-[0.8125rem]">
          <State node={node} />
        </RowCell>
        <Note node={node} />
      </div>
      <RowCell className="flex shrink-0 gap-1">
        <Actions node={node} current={current} />
      </RowCell>
    </div>
  );
}

/** Reached by the pointer; the keyboard opens the machine by its line. */
const Name = ({ node }: { node: NodeView }) => (
  <a
    href={nodeHref(node.id)}
    tabIndex={-1}
    className="rounded font-medium decoration-flame decoration-2 underline-offset-4 hover:underline"
  >
    {node.name}
    {node.kind === 'this-computer' && <span className="font-normal text-faint"> · this computer</span>}
  </a>
);

function State({ node }: { node: NodeView }) {
  const isUnwell = hasOllamaTrouble(node);
  return (
    <>
      <StateGlyph state={node.state} lost={isUnwell} />
      <span className={`truncate ${isUnwell || node.state === 'trouble' ? 'text-trouble-text' : ''}`}>
        {nodeStateLabel(node)}
      </span>
    </>
  );
}

function Vram({ node }: { node: NodeView }) {
  const usedBytes = useUsedVram(node);
  if (!isServing(node.state)) return <Nothing />;
  if (node.hasGpu === false) return <span className="text-faint">no GPU</span>;
  const { totalBytes } = node.vram;
  const text = vramText({ totalBytes, usedBytes });
  if (totalBytes === null) return <span className="text-soft">{text}</span>;
  const parts = node.loaded
    .filter((model) => model.vramBytes > 0)
    .map(({ name, vramBytes }) => ({
      key: name,
      share: vramBytes / totalBytes,
      colour: modelColour(name),
      title: `${name} ${formatMemory(vramBytes)}`,
    }));
  const other = (usedBytes ?? 0) / totalBytes - parts.reduce((sum, { share }) => sum + share, 0);
  if (other > 0.01) parts.push({ key: '', share: other, colour: 'var(--series-other)', title: 'other' });
  return (
    <span className="flex items-center gap-3">
      <PartsMeter parts={parts} label={`VRAM ${text}`} />
      <span className="w-[6.5rem] shrink-0 text-right text-xs text-soft">{shortly(text)}</span>
    </span>
  );
}

/** `11.2 of 24 GB`: a shared unit is written once, because the column is narrow. */
const shortly = (text: string) => text.replace(/^([\d.]+) (\S+) of (.+) \2$/, '$1 of $3 $2');

function Gpu({ node }: { node: NodeView }) {
  const sample = telemetryStore.use((state) => state.entries[node.id]);
  const { percent, watts } = isServing(node.state) ? gpuNow(node, sample) : { percent: null, watts: null };
  return (
    <>
      <RowCell>{percent === null ? <Nothing /> : `${Math.round(percent)}%`}</RowCell>
      <RowCell>{watts === null ? <Nothing /> : `${Math.round(watts)} W`}</RowCell>
    </>
  );
}

const Nothing = () => <span className="text-faint">–</span>;

const tones: Record<RowNote['tone'], string> = {
  trouble: 'text-trouble-text',
  lease: 'text-flame-text',
  faint: 'text-faint',
};

function Note({ node }: { node: NodeView }) {
  const wake = useWake(node.id);
  const power = useNodePower(node.id);
  const now = useNow(wake || power?.countdown ? 1 : 60);
  if (wake && !isServing(node.state)) {
    const step = wakeSteps.find(({ step: one }) => one === wake.step)?.label ?? 'Waking';
    return (
      <RowCell className="flex items-center gap-2 text-xs text-soft">
        <Progress
          value={wakeShare(wake, now)}
          label={`Waking ${node.name}`}
          valueText={step}
          tone="ember"
          className="max-w-24"
        />
        <span className="truncate">{step}</span>
      </RowCell>
    );
  }
  const note = noteOf(node, power, now);
  return (
    <RowCell className={`text-[0.8125rem] ${note ? tones[note.tone] : ''}`} title={note?.text ?? ''}>
      {note?.text ?? <Nothing />}
    </RowCell>
  );
}

function Actions({ node, current }: CellProps): ReactNode {
  const wake = useWake(node.id);
  const { busy, run } = useAction();
  const tabIndex = current ? 0 : -1;
  const awake = isServing(node.state);
  const isWaking = wake !== null && !awake;
  const button = isWaking
    ? { verb: 'Cancel', label: `Cancel the wake of ${node.name}`, method: 'power.cancelWake' as const }
    : !awake && node.canWake && node.state !== 'trouble'
      ? { verb: 'Wake', label: `Wake ${node.name}`, method: 'power.wake' as const }
      : null;
  return (
    <>
      {button && (
        <Button
          size="small"
          tone={isWaking ? 'plain' : 'warm'}
          busy={busy}
          tabIndex={tabIndex}
          aria-label={button.label}
          onClick={() => run(() => client.call(button.method, { nodeId: node.id }))}
        >
          {button.verb}
        </Button>
      )}
      {awake && <PowerMenu node={node} tabIndex={tabIndex} />}
      <NodeMenu node={node} awake={awake} tabIndex={tabIndex} />
    </>
  );
}
