/** Requests through the gateway as lines of a table. Pure. */
import { type RequestState, type RequestView, requestIsOver } from '../../shared/models/requests.ts';
import { textOf } from '../../shared/text/index.ts';
import { formatDuration, formatEta, formatRate } from '../../shared/units.ts';
import { table } from './format.ts';
import { cutTo, type Style } from './terminal.ts';

export interface LineOptions {
  style: Style;
  /** Columns that fit; null for as many as there are. */
  width: number | null;
  now: number;
  nodeName(nodeId: string): string;
}

const head = ['', 'id', 'age', 'program', 'model', 'machine', 'waited', 'first', 'speed'];

/** A table, the newest first; a last column says what is left to know. */
export function requestLines(requests: readonly RequestView[], options: LineOptions): string[] {
  const { style, width } = options;
  const rows = requests.map((request) => [...cellsOf(request, options), noteOf(request, options)]);
  const lines = table([head.map((text) => style.quiet(text)), ...rows]);
  return width === null ? lines : lines.map((line) => cutTo(line, width));
}

/** The number within the gateway's process: enough to name a request in progress. */
export const shortId = ({ id }: Pick<RequestView, 'id'>): string => id.slice(id.lastIndexOf('-') + 1);

function cellsOf(request: RequestView, { style, now, nodeName }: LineOptions): string[] {
  const { model, fallback, nodeId, heldMs, firstByteMs, tokensPerSecond } = request;
  const name = model ?? '';
  return [
    stateText(request.state, style),
    shortId(request),
    formatDuration(Math.max(0, now - request.at)),
    shortened(request.credential ?? request.program ?? '', 20),
    shortened(fallback === null ? name : `${name} → ${fallback}`, 32),
    nodeId === null ? '' : shortened(nodeName(nodeId), 16),
    heldMs >= 1 ? formatDuration(heldMs) : '',
    firstByteMs === null ? '' : formatDuration(firstByteMs),
    tokensPerSecond === null ? '' : formatRate(tokensPerSecond, 'tokens'),
  ];
}

function noteOf(
  { state, position, expectedMs, durationMs, problem, ...request }: RequestView,
  { style }: LineOptions,
) {
  const parts = [
    position === null ? '' : `${position} in line`,
    expectedMs === null || requestIsOver({ state }) ? '' : formatEta(expectedMs),
    durationMs === null ? '' : `took ${formatDuration(durationMs)}`,
    request.retries > 0 ? `${request.retries} tried before` : '',
    problem === null ? '' : textOf(problem.message),
  ];
  return style.quiet(parts.filter((part) => part !== '').join(', '));
}

function stateText(state: RequestState, style: Style): string {
  switch (state) {
    case 'answering':
      return `${style.flame('●')} ${state}`;
    case 'arriving':
    case 'waking':
    case 'queued':
    case 'sent':
      return `${style.ember('◌')} ${state}`;
    case 'completed':
      return `${style.good('✓')} ${state}`;
    case 'failed':
      return `${style.bad('✗')} ${state}`;
    case 'refused':
    case 'rejected':
    case 'cancelled':
      return `${style.quiet('–')} ${state}`;
  }
}

const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;
