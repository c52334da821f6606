// biome-ignore-all lint/a11y/useSemanticElements: a table cannot render only the rows that are visible.
// biome-ignore-all lint/a11y/useFocusableInteractive: the rows of the grid take the focus, not their cells.
import { memo } from 'react';
import type { RequestView } from '../../../shared/models/requests.ts';
import { useNow } from '../../components/now.ts';
import { RowCell, type RowColumns, RowFrame, type RowPlace } from '../../components/row-grid.tsx';
import { Ago, formatElapsed } from '../../components/time.tsx';
import { textOrEmpty } from '../../texts.ts';
import { groupOf } from './filter.ts';
import {
  durationText,
  keyLabel,
  programLabel,
  rowLabel,
  speedText,
  stateLabels,
  waitText,
} from './request-text.ts';
import { RequestGlyph } from './state-glyph.tsx';

/** The columns of the table; one header and all rows share them. */
const columnsClass =
  'grid grid-cols-[7rem_minmax(0,1.2fr)_minmax(0,1.3fr)_minmax(0,0.8fr)_4rem_4rem_5rem_4.75rem_5.25rem] items-center gap-x-3 px-4';

export const columns: RowColumns = {
  names: ['State', 'Program', 'Model', 'Machine', 'Queue', 'Load', 'First token', 'Speed', 'Arrived'],
  className: columnsClass,
  rightFrom: 4,
};

/** Heights in rem: one line in the table, three in a card. */
export const rowRem = { table: 2.75, card: 5.25 };

export interface RowProps extends RowPlace {
  request: RequestView;
  /** Name of its machine; null while it has none. */
  nodeName: string | null;
}

/** One request as a row of the grid. */
export const Row = memo(function Row(props: RowProps) {
  const { request, nodeName, shape, ...place } = props;
  return (
    <RowFrame {...place} label={rowLabel(request, nodeName)}>
      {shape === 'table' ? <TableCells {...props} /> : <CardCells {...props} />}
    </RowFrame>
  );
});

function TableCells({ request, nodeName }: RowProps) {
  const waits = groupOf(request) === 'waiting';
  const key = keyLabel(request);
  return (
    <div role="presentation" className={`${columnsClass} h-full`}>
      <RowCell className={`flex items-center gap-2 font-medium ${stateClass(request)}`}>
        <RequestGlyph state={request.state} />
        {stateLabels[request.state]}
      </RowCell>
      <RowCell title={key ? `${programLabel(request)}, key ${key}` : programLabel(request)}>
        {programLabel(request)}
        {key && <span className="text-faint"> · {key}</span>}
      </RowCell>
      <RowCell title={request.model ?? request.path}>
        <ModelName request={request} />
      </RowCell>
      <RowCell
        title={[nodeName, textOrEmpty(request.why)].filter(Boolean).join(': ')}
        className={nodeName === null ? 'text-faint' : ''}
      >
        {nodeName ?? '–'}
      </RowCell>
      {waits ? (
        <div role="gridcell" aria-colspan={4} className="col-span-4 min-w-0 truncate text-soft">
          {waitText(request)}
        </div>
      ) : (
        <>
          <Figure>{request.heldMs > 0 ? durationText(request.heldMs) : '–'}</Figure>
          <Figure>{durationText(loadOf(request))}</Figure>
          {request.state === 'sent' ? (
            <RowCell className="text-right text-soft">
              <SoFar at={request.at} />
            </RowCell>
          ) : (
            <Figure>{durationText(request.firstByteMs)}</Figure>
          )}
          <Figure>{speedText(request.tokensPerSecond)}</Figure>
        </>
      )}
      <RowCell className="text-right text-faint">
        <Ago at={request.at} />
      </RowCell>
    </div>
  );
}

/** Servers also report the moment that it takes to find a model loaded: that is no load. */
const loadOf = ({ loadMs }: RequestView) => (loadMs === null || loadMs < 50 ? null : loadMs);

const stateClass = ({ state }: RequestView) => (state === 'failed' ? 'text-trouble-text' : '');

/** How long it has taken until now. */
function SoFar({ at }: { at: number }) {
  return `${formatElapsed(Math.max(0, useNow() - at))} …`;
}

const Figure = ({ children }: { children: string }) => (
  <RowCell className={`text-right ${children === '–' ? 'text-faint' : ''}`}>{children}</RowCell>
);

function ModelName({ request }: { request: RequestView }) {
  if (request.model === null) return <span className="font-mono text-xs text-soft">{request.path}</span>;
  return (
    <>
      {request.model}
      {request.fallback !== null && <span className="text-faint"> → {request.fallback}</span>}
    </>
  );
}

function CardCells({ request, nodeName }: RowProps) {
  return (
    <div role="presentation" className="flex h-full flex-col justify-center gap-0.5 px-4">
      <div role="presentation" className="flex items-center gap-2">
        <RowCell className="flex flex-1 items-center gap-2">
          <RequestGlyph state={request.state} />
          <span className={`shrink-0 font-medium ${stateClass(request)}`}>{stateLabels[request.state]}</span>
          <span className="min-w-0 truncate">
            <ModelName request={request} />
          </span>
        </RowCell>
        <RowCell className="shrink-0 text-xs text-faint">
          <Ago at={request.at} />
        </RowCell>
      </div>
      <RowCell className="pl-6 text-[0.8125rem] text-soft">
        {programLabel(request)}
        {nodeName !== null && ` · ${nodeName}`}
      </RowCell>
      <RowCell className="pl-6 text-xs text-faint">{waitText(request) || figuresOf(request)}</RowCell>
    </div>
  );
}

/** What is known of its times, in one line. */
function figuresOf(request: RequestView): string {
  const { heldMs, firstByteMs, tokensPerSecond, durationMs } = request;
  const loadMs = loadOf(request);
  return (
    [
      heldMs > 0 && `queue ${durationText(heldMs)}`,
      loadMs !== null && `load ${durationText(loadMs)}`,
      firstByteMs !== null && `first token ${durationText(firstByteMs)}`,
      tokensPerSecond !== null && speedText(tokensPerSecond),
      tokensPerSecond === null && durationMs !== null && `took ${durationText(durationMs)}`,
    ]
      .filter(Boolean)
      .join(' · ') || 'No answer yet'
  );
}
