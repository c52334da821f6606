// biome-ignore-all lint/a11y/useSemanticElements: a table cannot render only the rows that are visible.
// biome-ignore-all lint/a11y/useFocusableInteractive: the rows of the grid take the focus, not their cells.
import { memo, type ReactNode } from 'react';
import type { RequestView } from '../../../shared/models/requests.ts';
import { useNow } from '../../components/now.ts';
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
export const columnsClass =
  'grid grid-cols-[7rem_minmax(0,1.2fr)_minmax(0,1.3fr)_minmax(0,0.8fr)_4rem_4rem_5rem_4.75rem_5.25rem] items-center gap-x-3 px-4';

export const columns = [
  'State',
  'Program',
  'Model',
  'Machine',
  'Queue',
  'Load',
  'First token',
  'Speed',
  'Arrived',
] as const;

/** Heights in rem: one line in the table, three in a card. */
export const rowRem = { table: 2.75, card: 5.25 };

export interface RowProps {
  request: RequestView;
  /** Name of its machine; null while it has none. */
  nodeName: string | null;
  shape: keyof typeof rowRem;
  /** From 1, with the header. */
  rowIndex: number;
  top: number;
  height: number;
  /** Whether Tab reaches it. */
  current: boolean;
  open: boolean;
}

export const rowElementId = (requestId: string) => `request-row-${requestId}`;

/** One request as a row of the grid. Its list handles clicks and keys. */
export const Row = memo(function Row(props: RowProps) {
  const { request, nodeName, shape, rowIndex, top, height, current, open } = props;
  return (
    <div
      role="row"
      id={rowElementId(request.id)}
      data-request={request.id}
      aria-rowindex={rowIndex}
      aria-label={rowLabel(request, nodeName)}
      aria-selected={open}
      tabIndex={current ? 0 : -1}
      style={{ top, height }}
      className={`absolute inset-x-0 cursor-pointer border-b border-line outline-offset-[-2px] hover:bg-raised ${open ? 'bg-flame-wash' : ''}`}
    >
      {shape === 'table' ? <TableCells {...props} /> : <CardCells {...props} />}
    </div>
  );
});

const Cell = ({
  children,
  className = '',
  ...rest
}: {
  children: ReactNode;
  className?: string;
  title?: string;
}) => (
  <div role="gridcell" className={`min-w-0 truncate ${className}`} {...rest}>
    {children}
  </div>
);

function TableCells({ request, nodeName }: RowProps) {
  const waits = groupOf(request) === 'waiting';
  const key = keyLabel(request);
  return (
    <div role="presentation" className={`${columnsClass} h-full`}>
      <Cell className={`flex items-center gap-2 font-medium ${stateClass(request)}`}>
        <RequestGlyph state={request.state} />
        {stateLabels[request.state]}
      </Cell>
      <Cell title={key ? `${programLabel(request)}, key ${key}` : programLabel(request)}>
        {programLabel(request)}
        {key && <span className="text-faint"> · {key}</span>}
      </Cell>
      <Cell title={request.model ?? request.path}>
        <ModelName request={request} />
      </Cell>
      <Cell
        title={[nodeName, textOrEmpty(request.why)].filter(Boolean).join(': ')}
        className={nodeName === null ? 'text-faint' : ''}
      >
        {nodeName ?? '–'}
      </Cell>
      {waits ? (
        <div role="gridcell" aria-colspan={4} className="col-span-4 min-w-0 truncate text-soft">
          {waitText(request)}
        </div>
      ) : (
        <>
          <Figure>{request.heldMs > 0 ? durationText(request.heldMs) : '–'}</Figure>
          <Figure>{durationText(loadOf(request))}</Figure>
          {request.state === 'sent' ? (
            <Cell className="text-right text-soft">
              <SoFar at={request.at} />
            </Cell>
          ) : (
            <Figure>{durationText(request.firstByteMs)}</Figure>
          )}
          <Figure>{speedText(request.tokensPerSecond)}</Figure>
        </>
      )}
      <Cell className="text-right text-faint">
        <Ago at={request.at} />
      </Cell>
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
  <Cell className={`text-right ${children === '–' ? 'text-faint' : ''}`}>{children}</Cell>
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
        <Cell className="flex flex-1 items-center gap-2">
          <RequestGlyph state={request.state} />
          <span className={`shrink-0 font-medium ${stateClass(request)}`}>{stateLabels[request.state]}</span>
          <span className="min-w-0 truncate">
            <ModelName request={request} />
          </span>
        </Cell>
        <Cell className="shrink-0 text-xs text-faint">
          <Ago at={request.at} />
        </Cell>
      </div>
      <Cell className="pl-6 text-[0.8125rem] text-soft">
        {programLabel(request)}
        {nodeName !== null && ` · ${nodeName}`}
      </Cell>
      <Cell className="pl-6 text-xs text-faint">{waitText(request) || figuresOf(request)}</Cell>
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
