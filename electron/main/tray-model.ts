import { isServing, type NodeState, type NodeView, nodeStateWords } from '../../shared/models/fleet.ts';
import { type IndexJob, jobProgress, type SourceView } from '../../shared/models/indexing.ts';
import { formatEta, plural } from '../../shared/units.ts';

/** What the tray shows, read from the streams of the core. */
export interface TrayState {
  nodes: readonly NodeView[];
  jobs: readonly Pick<IndexJob, 'label' | 'status' | 'phase' | 'detail' | 'files' | 'etaMs'>[];
  sources: readonly Pick<SourceView, 'id'>[];
}

/** What a click asks for. */
export type TrayAction =
  | { kind: 'wake'; nodeId: string }
  | { kind: 'sleep'; nodeId: string }
  | { kind: 'index' }
  | { kind: 'show' }
  | { kind: 'quit' };

export interface TrayLine {
  label: string;
  /** null for a line that only tells. */
  action: TrayAction | null;
}

/** The flame of the tray: nothing awake, something warm, a GPU at work. */
export type Flame = 'hollow' | 'ember' | 'filled';

export interface TrayModel {
  flame: Flame;
  trouble: boolean;
  tooltip: string;
  title: string;
  nodes: TrayLine[];
  /** How many nodes have no line of their own. */
  more: number;
  index: TrayLine;
}

/** A menu that is longer than a screen helps nobody. */
const MOST_LINES = 20;

const glyphs: Readonly<Record<NodeState, string>> = {
  unknown: '◌',
  off: '○',
  waking: '◔',
  booting: '◔',
  serving: '◐',
  'gpu-verified': '●',
  trouble: '⚠',
};

/** The tray's menu and icon. Lines with something to do come first where there are too many for all. */
export function trayModel({ nodes, jobs, sources }: TrayState): TrayModel {
  const running = jobs.find((job) => job.status === 'running' || job.status === 'pending');
  const awake = nodes.filter((node) => isServing(node.state)).length;
  const counts = `${plural(nodes.length, 'node')} · ${awake} awake`;
  const shown = nodes.length > MOST_LINES ? mostUseful(nodes) : nodes;
  return {
    flame: flameOf(nodes),
    trouble: nodes.some((node) => node.state === 'trouble'),
    tooltip: `Pilotlight: ${counts}`,
    title: running === undefined ? counts : jobWords(running),
    nodes: shown.map(nodeLine),
    more: nodes.length - shown.length,
    index: {
      label: 'Index again',
      action: running === undefined && sources.length > 0 ? { kind: 'index' } : null,
    },
  };
}

function flameOf(nodes: readonly NodeView[]): Flame {
  if (nodes.some((node) => node.state === 'gpu-verified')) return 'filled';
  const warm = nodes.some(
    ({ state, hasGpu }) =>
      state === 'waking' || state === 'booting' || (state === 'serving' && hasGpu !== false),
  );
  return warm ? 'ember' : 'hollow';
}

function nodeLine(node: NodeView): TrayLine {
  const action = nodeAction(node);
  const verb = action === null ? '' : action.kind === 'wake' ? ' · Wake' : ' · Sleep';
  return { label: `${glyphs[node.state]} ${node.name} · ${nodeStateWords(node)}${verb}`, action };
}

function nodeAction(node: NodeView): TrayAction | null {
  if (node.canWake && node.state === 'off') return { kind: 'wake', nodeId: node.id };
  // Another machine is put to sleep by its agent; without one nobody here can do it.
  if (node.kind === 'simulated' && isServing(node.state)) return { kind: 'sleep', nodeId: node.id };
  return null;
}

const usefulness: Readonly<Record<NodeState, number>> = {
  trouble: 0,
  waking: 1,
  booting: 1,
  'gpu-verified': 2,
  serving: 2,
  off: 3,
  unknown: 4,
};

function mostUseful(nodes: readonly NodeView[]): NodeView[] {
  return [...nodes]
    .sort((one, other) => usefulness[one.state] - usefulness[other.state])
    .slice(0, MOST_LINES);
}

function jobWords(job: TrayState['jobs'][number]): string {
  if (job.status === 'pending') return `“${job.label}” waits to be indexed`;
  if (job.phase !== 'embedding' && job.phase !== 'finishing') return `“${job.label}”: ${job.detail}`;
  // A whole percent: the menu is made anew for each change.
  const percent = Math.floor(jobProgress(job).percent);
  const left = job.etaMs === null ? '' : ` · ${formatEta(job.etaMs)}`;
  return `Indexing “${job.label}”: ${percent}%${left}`;
}
