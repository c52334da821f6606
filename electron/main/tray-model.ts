import { isServing, type NodeState, type NodeView } from '../../shared/models/fleet.ts';
import type { GatewayView } from '../../shared/models/gateway.ts';
import { type IndexJob, jobProgress, type SourceView } from '../../shared/models/indexing.ts';
import { hasOllamaTrouble, ollamaTroubles } from '../../shared/models/ollama-trouble.ts';
import type { NodePower, PowerAction } from '../../shared/models/power.ts';
import { textOf } from '../../shared/text/index.ts';
import { quotedJobName } from '../../shared/text/job.ts';
import { purposeLabel } from '../../shared/text/lease-purpose.ts';
import { nodeStateLabel } from '../../shared/text/node-state.ts';
import { formatEta, plural } from '../../shared/units.ts';

/** What the tray shows, read from the streams of the core. */
export interface TrayState {
  nodes: readonly NodeView[];
  power: readonly NodePower[];
  jobs: readonly Pick<IndexJob, 'label' | 'status' | 'phase' | 'detail' | 'files' | 'etaMs'>[];
  sources: readonly Pick<SourceView, 'id'>[];
  /** null while it is not known. */
  gateway: Pick<GatewayView, 'url'> | null;
}

/** How long to keep a machine awake; the end is worked out at the click. */
export type KeepUntil = 'one-hour' | 'two-hours' | 'tonight' | 'released';

/** What a click asks for. */
export type TrayAction =
  | { kind: 'wake'; nodeId: string }
  | { kind: 'off'; nodeId: string; action: PowerAction }
  | { kind: 'cancel-off'; nodeId: string }
  | { kind: 'keep'; nodeId: string; until: KeepUntil }
  | { kind: 'release'; nodeId: string; leaseId: string }
  | { kind: 'restart-ollama'; nodeId: string }
  | { kind: 'index' }
  | { kind: 'copy'; text: string }
  | { kind: 'show' }
  | { kind: 'quit' };

export interface TrayLine {
  label: string;
  /** null for a line that only informs. */
  action: TrayAction | null;
  /** Its submenu, in sections; a line with a submenu has no action of its own. */
  menu?: TrayLine[][];
}

/** The flame of the tray: nothing awake, something coming up or serving, a verified GPU. */
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
  /** The address for other programs; null while there is none. */
  gateway: TrayLine | null;
}

/** A menu longer than the screen is no use. */
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

/** The tray's menu and icon. If there are too many nodes, the ones that need attention come first. */
export function trayModel({ nodes, power, jobs, sources, gateway }: TrayState): TrayModel {
  const powerOf = new Map(power.map((one) => [one.nodeId, one]));
  const running = jobs.find((job) => job.status === 'running' || job.status === 'pending');
  const awake = nodes.filter((node) => isServing(node.state)).length;
  const counts = `${plural(nodes.length, 'node')} · ${awake} awake`;
  const shown = nodes.length > MOST_LINES ? mostUseful(nodes) : nodes;
  return {
    flame: flameOf(nodes),
    trouble: nodes.some(isInTrouble),
    tooltip: `Pilotlight: ${counts}`,
    title: running === undefined ? counts : jobText(running),
    nodes: shown.flatMap((node) => nodeLines(node, powerOf.get(node.id) ?? null)),
    more: nodes.length - shown.length,
    gateway: gateway?.url
      ? { label: `Programs: ${gateway.url} · Copy`, action: { kind: 'copy', text: gateway.url } }
      : null,
    index: {
      label: 'Index again',
      action: running === undefined && sources.length > 0 ? { kind: 'index' } : null,
    },
  };
}

const isInTrouble = (node: NodeView) => node.state === 'trouble' || hasOllamaTrouble(node);

function flameOf(nodes: readonly NodeView[]): Flame {
  if (nodes.some((node) => node.state === 'gpu-verified')) return 'filled';
  const warm = nodes.some(
    ({ state, hasGpu }) =>
      state === 'waking' || state === 'booting' || (state === 'serving' && hasGpu !== false),
  );
  return warm ? 'ember' : 'hollow';
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const verbs: Readonly<Record<PowerAction, string>> = {
  sleep: 'Sleep',
  shutdown: 'Shut down',
  hibernate: 'Hibernate',
  restart: 'Restart',
};
const goes: Readonly<Record<PowerAction, string>> = {
  sleep: 'goes to sleep',
  shutdown: 'shuts down',
  hibernate: 'hibernates',
  restart: 'restarts',
};

/** A line for the node, and one for its countdown, so that cancelling is as quick as waking. */
function nodeLines(node: NodeView, power: NodePower | null): TrayLine[] {
  const { id: nodeId, name, state } = node;
  const glyph = hasOllamaTrouble(node) ? glyphs.trouble : glyphs[state];
  const label = `${glyph} ${name} · ${nodeStateLabel(node)}`;
  if (node.canWake && state === 'off') {
    return [{ label: `${label} · Wake`, action: { kind: 'wake', nodeId } }];
  }
  if (power === null || node.kind === 'this-computer' || !isServing(state)) {
    // The window shows the fix.
    return [{ label, action: hasOllamaTrouble(node) ? { kind: 'show' } : null }];
  }
  if (power.leaving) return [{ label: `${label} · ${goes[power.leaving.action]}`, action: null }];
  const lines: TrayLine[] = [{ label: `${label} · Sleep`, action: null, menu: nodeMenu(node, power) }];
  if (power.countdown) {
    const { action, endsAt } = power.countdown;
    lines.push({
      label: `⏳ ${name} ${goes[action]} at ${clock.format(endsAt)} · Cancel`,
      action: { kind: 'cancel-off', nodeId },
    });
  }
  return lines;
}

/** Powering off, keeping awake, and why it is on. */
function nodeMenu(node: NodeView, power: NodePower): TrayLine[][] {
  const { nodeId, leases, whyOn } = power;
  const actions: TrayLine[] =
    power.countdown !== null
      ? []
      : possibleActions(power).map((action) => ({
          label: verbs[action],
          action: { kind: 'off', nodeId, action },
        }));
  const keep = (label: string, until: KeepUntil): TrayLine => ({
    label,
    action: { kind: 'keep', nodeId, until },
  });
  const release = leases
    .filter(({ kind, origin }) => kind === 'person' && origin === 'here')
    .map(
      ({ id: leaseId, purpose }): TrayLine => ({
        label: `Release: ${purposeLabel(purpose)}`,
        action: { kind: 'release', nodeId, leaseId },
      }),
    );
  return [
    ollamaLines(node, power),
    actions.length > 0 ? actions : [{ label: 'Pilotlight cannot power it off', action: null }],
    [
      keep('Keep awake for 1 hour', 'one-hour'),
      keep('Keep awake for 2 hours', 'two-hours'),
      keep('Keep awake tonight', 'tonight'),
      keep('Keep awake until I release it', 'released'),
      ...release,
    ],
    whyOn.map((reason) => ({ label: textOf(reason), action: null })),
  ].filter((part) => part.length > 0);
}

/** Why Ollama has no GPU or loads nothing, and the fix; empty if it works. */
function ollamaLines(node: NodeView, { agent }: NodePower): TrayLine[] {
  const { id: nodeId } = node;
  const reasons = ollamaTroubles(node).map(
    ({ reason }): TrayLine => ({ label: textOf(reason), action: null }),
  );
  if (reasons.length === 0) return [];
  return agent?.mayRestartOllama
    ? [...reasons, { label: 'Restart Ollama', action: { kind: 'restart-ollama', nodeId } }]
    : [...reasons, { label: 'Show how to fix it', action: { kind: 'show' } }];
}

function possibleActions({ means, agent }: NodePower): PowerAction[] {
  switch (means) {
    case 'agent': {
      const order: PowerAction[] = ['sleep', 'shutdown', 'hibernate', 'restart'];
      return order.filter((action) => agent?.actions.includes(action));
    }
    case 'server':
      return ['shutdown'];
    case 'simulator':
      return ['sleep', 'shutdown'];
    case 'none':
      return [];
  }
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

const rankOf = (node: NodeView) => (isInTrouble(node) ? usefulness.trouble : usefulness[node.state]);

function mostUseful(nodes: readonly NodeView[]): NodeView[] {
  return [...nodes].sort((one, other) => rankOf(one) - rankOf(other)).slice(0, MOST_LINES);
}

function jobText(job: TrayState['jobs'][number]): string {
  if (job.status === 'pending') return `Waiting to index ${quotedJobName(job)}`;
  if (job.phase !== 'embedding' && job.phase !== 'finishing')
    return `Indexing ${quotedJobName(job)}: ${textOf(job.detail)}`;
  // Whole percents only: each change rebuilds the menu.
  const percent = Math.floor(jobProgress(job).percent);
  const left = job.etaMs === null ? '' : ` · ${formatEta(job.etaMs)}`;
  return `Indexing ${quotedJobName(job)}: ${percent}%${left}`;
}
