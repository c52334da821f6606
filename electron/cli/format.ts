/** Texts, glyphs, bars and tables, in the same language as the panel. Pure. */
import type { NodeView } from '../../shared/models/fleet.ts';
import { type IndexJob, jobProgress } from '../../shared/models/indexing.ts';
import { hasOllamaTrouble, ollamaTroubles } from '../../shared/models/ollama-trouble.ts';
import type { ModelOnNode, MoveRecord, Placement } from '../../shared/models/placement.ts';
import type { NodePower } from '../../shared/models/power.ts';
import type { GpuReading } from '../../shared/models/telemetry.ts';
import { textOf, textOrEmpty } from '../../shared/text/index.ts';
import { jobRate } from '../../shared/text/job.ts';
import { endProcesses, leftBehindName } from '../../shared/text/left-behind.ts';
import { nodeStateLabel } from '../../shared/text/node-state.ts';
import { formatCount, formatEta, formatMemory, formatPercent } from '../../shared/units.ts';
import { type Style, visibleLength } from './terminal.ts';

/** Hollow when off, dotted while it comes up, half when it serves, filled when its GPU is verified. */
function stateGlyph(
  { state, gpuLost, wedged }: Pick<NodeView, 'state' | 'gpuLost' | 'wedged'>,
  style: Style,
): string {
  if (hasOllamaTrouble({ gpuLost, wedged })) return style.bad('◐');
  switch (state) {
    case 'gpu-verified':
      return style.flame('●');
    case 'serving':
      return style.flame('◐');
    case 'waking':
    case 'booting':
      return style.ember('◌');
    case 'trouble':
      return style.bad('!');
    case 'off':
      return style.quiet('○');
    case 'unknown':
      return style.quiet('·');
  }
}

export function stateText(node: NodeView, style: Style): string {
  return `${stateGlyph(node, style)} ${nodeStateLabel(node)}`;
}

/** Whether the agent of a node may restart Ollama there. */
export const mayRestartOllama = (powers: readonly NodePower[], nodeId: string): boolean =>
  powers.find((power) => power.nodeId === nodeId)?.agent?.mayRestartOllama ?? false;

/** Why Ollama has no GPU or loads nothing, and the fix, with the command that restarts it if the agent may. */
export function ollamaTroubleTexts(node: NodeView, mayRestart: boolean, style: Style): string[] {
  const command = mayRestart ? ` ${style.quiet(`restart-ollama ${node.id}`)}` : '';
  return ollamaTroubles(node).map(
    ({ reason, next }) => `${style.bad('!')} ${textOf(reason)} ${textOf(next)}${command}`,
  );
}

/** A filled flame for the GPU, half a flame with the share on the GPU, a hollow one for the CPU. */
export function placementText(placement: Placement, gpuShare: number | null, style: Style): string {
  if (placement === 'gpu') return `${style.flame('▲')} GPU`;
  if (placement === 'cpu') return `${style.quiet('△')} CPU`;
  return `${style.ember('◭')} ${gpuShare === null ? 'partial' : `${formatPercent(gpuShare)} GPU`}`;
}

export function modelText(model: ModelOnNode, style: Style): string {
  const marks = [model.pinned ? 'pinned' : '', model.flagged ? style.bad('should be on the GPU') : '']
    .filter((mark) => mark !== '')
    .join(', ');
  const where = placementText(model.placement, model.gpuShare, style);
  return `${where}  ${model.name}  ${formatMemory(model.sizeBytes)}${marks === '' ? '' : `  ${marks}`}`;
}

export function vramText(
  vram: { totalBytes: number | null; usedBytes: number | null },
  hasGpu: boolean | null,
): string {
  if (hasGpu === false) return 'no GPU';
  const used = vram.usedBytes === null ? null : formatMemory(vram.usedBytes);
  if (vram.totalBytes === null) return used === null ? 'unknown' : `${used} of unknown`;
  return used === null ? formatMemory(vram.totalBytes) : `${used} of ${formatMemory(vram.totalBytes)}`;
}

/** The processes that outlived their server, and how to end each, a line each. */
export function leftBehindLines(gpus: readonly Pick<GpuReading, 'processes'>[]): string[] {
  return gpus
    .flatMap(({ processes }) => processes ?? [])
    .flatMap(({ leftBehind, pid, name, vramUsedBytes }) => {
      if (!leftBehind || pid === undefined) return [];
      const held = vramUsedBytes === null ? 'VRAM' : formatMemory(vramUsedBytes);
      return [`${leftBehindName(programOf(name), pid)} holds ${held}. ${endProcesses([pid])}`];
    });
}

const programOf = (path: string) => path.split(/[\\/]/).at(-1) || path;

/** `▇▇▇▇░░░░`, with eighths at the tip so that it moves smoothly. */
export function bar(share: number, width: number, style: Style): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share)) * width * 8);
  const whole = Math.floor(eighths / 8);
  const tip = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] ?? '';
  const rest = width - whole - (tip === '' ? 0 : 1);
  return `${style.flame(`${'█'.repeat(whole)}${tip}`)}${style.quiet('░'.repeat(Math.max(0, rest)))}`;
}

/** Columns as wide as their content, two spaces apart; those in `right` are right-aligned. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, visibleLength(cell));
    }
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat((widths[column] ?? 0) - visibleLength(cell));
        return right.includes(column) ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** One line about a running job: bar, files, rate, time left, what it is doing. */
export function jobLine(job: IndexJob, style: Style): string {
  const { processed, total, percent } = jobProgress(job);
  if (job.phase !== 'embedding') return `${style.ember('◌')} ${textOf(job.detail)}`;
  const parts = [
    bar(percent / 100, 24, style),
    `${formatCount(processed)}/${formatCount(total)} files`,
    jobRate(job),
    ...(job.etaMs === null ? [] : [formatEta(job.etaMs)]),
    style.quiet([textOf(job.detail), textOrEmpty(job.limitedBy)].filter(Boolean).join('. ')),
  ];
  return parts.join('  ');
}

const jobGlyphs: Record<IndexJob['status'], string> = {
  pending: '·',
  running: '◌',
  paused: '‖',
  completed: '✓',
  failed: '✗',
  cancelled: '–',
};

export function jobGlyph(status: IndexJob['status'], style: Style): string {
  const glyph = jobGlyphs[status];
  if (status === 'completed') return style.good(glyph);
  if (status === 'failed') return style.bad(glyph);
  return status === 'running' ? style.ember(glyph) : style.quiet(glyph);
}

export function moveText(move: MoveRecord, style: Style): string {
  const glyph = {
    moved: style.good('✓'),
    'already-right': style.quiet('='),
    refused: style.ember('–'),
    failed: style.bad('✗'),
  }[move.outcome];
  const to = move.to === null ? '' : `  ${placementText(move.to, null, style)}`;
  return `${glyph} ${move.model} on ${move.nodeName}${to}  ${textOf(move.reason)}`;
}

/** The snippet with its matches in bold. */
export function highlight(
  snippet: string,
  ranges: readonly (readonly [number, number])[],
  style: Style,
): string {
  let at = 0;
  let marked = '';
  for (const [start, end] of ranges) {
    marked += snippet.slice(at, start) + style.strong(snippet.slice(start, end));
    at = end;
  }
  return (marked + snippet.slice(at)).replace(/\s+/g, ' ').trim();
}
