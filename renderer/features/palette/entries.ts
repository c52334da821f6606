/** Everything the palette can find, from data the panel already has. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { IndexJob, SourceView } from '../../../shared/models/indexing.ts';
import { hasOllamaTrouble } from '../../../shared/models/ollama-trouble.ts';
import type { NodePower, PowerAction } from '../../../shared/models/power.ts';
import { isServing } from '../../../shared/models/serving.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import { serverCan } from '../../../shared/server-can.ts';
import { nodeStateLabel } from '../../../shared/text/node-state.ts';
import { formatAgo, plural } from '../../../shared/units.ts';
import { placementLabel } from '../../components/glyphs.tsx';
import { jobName } from '../../texts.ts';
import { actionVerbs, offChoices, offRefusal } from '../power/power-text.ts';
import { fieldPath, sectionTitles, settingFields } from '../settings/catalogue.ts';
import type { Theme } from '../shell/preferences.ts';
import { nodeHref, pageHref, pages, pageTitles, runHref, runnerHref, settingHref } from '../shell/route.ts';
import { pageKeywords } from './page-keywords.ts';
import type { Searchable } from './rank.ts';

/** What choosing an entry does. */
export type Command =
  | { kind: 'go'; href: string }
  | {
      kind: 'wake' | 'cancel-wake' | 'check' | 'cancel-off' | 'keep' | 'diagnose' | 'restart-ollama';
      nodeId: string;
    }
  | { kind: 'off'; nodeId: string; action: PowerAction }
  | { kind: 'check-all' | 'run-optimizer' | 'add-node' | 'add-folder' | 'index-all' | 'pull-model' }
  | { kind: 'force'; target: 'gpu' | 'cpu'; nodeId: string | null; model: string | null }
  | { kind: 'explain'; nodeId: string; model: string }
  | { kind: 'index'; sourceId: string }
  | { kind: 'cancel-job'; jobId: string }
  | { kind: 'focus-search' }
  | { kind: 'help'; title: string | null }
  | { kind: 'shortcuts' }
  | { kind: 'search'; sourceId: string | null; text: string }
  | { kind: 'simulate' | 'optimizer'; on: boolean }
  | { kind: 'theme'; theme: Theme };

export type Group = 'Page' | 'Action' | 'Node' | 'Model' | 'Folder' | 'Run' | 'Setting' | 'Search' | 'Help';

export interface PaletteEntry extends Searchable {
  group: Group;
  /** A short note beside the title. */
  about: string;
  command: Command;
}

export interface Known {
  nodes: readonly NodeView[];
  sources: readonly SourceView[];
  jobs: readonly IndexJob[];
  /** By node. */
  power: Readonly<Record<string, NodePower>>;
  /** Wakes in progress, by node. */
  wakes: Readonly<Record<string, WakeProgress>>;
  simulated: boolean;
  /** null if not known yet. */
  optimizerOn: boolean | null;
  /** Whether to include the settings of the desktop window. */
  desktop: boolean;
  now: number;
}

const go = (href: string): Command => ({ kind: 'go', href });

type Extra = { keywords?: string; about?: string; weight?: number };

function entry(group: Group, id: string, title: string, command: Command, extra: Extra = {}): PaletteEntry {
  const { keywords = '', about = '', weight = 5 } = extra;
  return { id, group, title, command, about, keywords: `${keywords} ${group}`, weight };
}

/** All entries, in the order shown before anything is typed. */
export function buildEntries(known: Known): PaletteEntry[] {
  return [
    ...(['search', ...pages.filter((page) => page !== 'search')] as const).map((page) =>
      entry(
        'Page',
        `page:${page}`,
        pageTitles[page].title,
        page === 'search' ? { kind: 'focus-search' } : go(pageHref(page)),
        {
          keywords: `go to open ${pageKeywords[page]}`,
          weight: page === 'search' ? 10 : 9,
        },
      ),
    ),
    ...actions(known),
    ...known.nodes.flatMap((node) =>
      nodeEntries(node, known.power[node.id] ?? null, Object.hasOwn(known.wakes, node.id)),
    ),
    ...known.sources.flatMap((source) => folderEntries(source, known.jobs.some(isActive))),
    ...known.jobs.flatMap((job) => jobEntries(job, known.now)),
    ...known.nodes.flatMap(modelEntries),
    entry(
      'Setting',
      'setting:access.keys',
      'Keys and browsers',
      { kind: 'go', href: settingHref('access.keys') },
      {
        keywords: 'access token api script program bearer sessions sign out revoke rotate',
        about: 'Access',
        weight: 3,
      },
    ),
    ...settingFields
      .filter((field) => known.desktop || field.section !== 'desktop')
      .map((field) =>
        entry(
          'Setting',
          `setting:${fieldPath(field)}`,
          field.label,
          { kind: 'go', href: settingHref(fieldPath(field)) },
          {
            keywords: `${field.about} ${fieldPath(field)}`,
            about: sectionTitles[field.section].title,
            weight: 3,
          },
        ),
      ),
  ];
}

const isActive = (job: IndexJob) => job.status === 'pending' || job.status === 'running';

function actions({ nodes, sources, simulated, optimizerOn }: Known): PaletteEntry[] {
  const act = (title: string, command: Command, extra: Extra = {}) =>
    entry('Action', `do:${title}`, title, command, { weight: 7, ...extra });
  const serving = nodes.some((node) => isServing(node.state));
  const themes: [Theme, string][] = [
    ['system', 'Use the system theme'],
    ['dark', 'Use the dark theme'],
    ['light', 'Use the light theme'],
  ];
  return [
    act('Add a node', { kind: 'add-node' }, { keywords: 'new machine gpu ollama server' }),
    act('Add a folder', { kind: 'add-folder' }, { keywords: 'new source index' }),
    ...(sources.length > 0
      ? [act('Index all folders', { kind: 'index-all' }, { keywords: 'start run' })]
      : []),
    act('Compare two texts', go(runnerHref('try')), { keywords: 'try it runner similarity embedding' }),
    act('Find faces in a picture', go(runnerHref('try')), { keywords: 'try it runner photo' }),
    act('Add a model to a runner', go(runnerHref('models')), { keywords: 'onnx download pull folder' }),
    ...(nodes.some((node) => node.url !== null)
      ? [act('Download a model', { kind: 'pull-model' }, { keywords: 'pull ollama install get' })]
      : []),
    act('Check all machines', { kind: 'check-all' }, { keywords: 'refresh probe look' }),
    act('Run the optimizer now', { kind: 'run-optimizer' }, { keywords: 'check now' }),
    ...(optimizerOn === null
      ? []
      : [
          act(
            `Turn the optimizer ${optimizerOn ? 'off' : 'on'}`,
            { kind: 'optimizer', on: !optimizerOn },
            {
              keywords: 'switch',
            },
          ),
        ]),
    ...(serving
      ? [
          act('Force the priority models to GPU', {
            kind: 'force',
            target: 'gpu',
            nodeId: null,
            model: null,
          }),
          act('Force the priority models to CPU', {
            kind: 'force',
            target: 'cpu',
            nodeId: null,
            model: null,
          }),
        ]
      : []),
    act(
      simulated ? 'Remove the simulated fleet' : 'Add the simulated fleet',
      { kind: 'simulate', on: !simulated },
      { keywords: 'simulate demo explore look around' },
    ),
    ...themes.map(([theme, title]) =>
      act(title, { kind: 'theme', theme }, { keywords: 'colours', weight: 2 }),
    ),
  ];
}

function nodeEntries(node: NodeView, power: NodePower | null, waking: boolean): PaletteEntry[] {
  const { id: nodeId, name } = node;
  const about = nodeStateLabel(node);
  const awake = isServing(node.state);
  const keywords = node.url ?? '';
  const entries = [
    entry(
      'Node',
      `node:${nodeId}`,
      name,
      { kind: 'go', href: nodeHref(nodeId) },
      {
        keywords: `open ${keywords} ${about}`,
        about,
        weight: 6,
      },
    ),
  ];
  if (waking && !awake) {
    entries.push(entry('Node', `cancel:${nodeId}`, `Cancel waking ${name}`, { kind: 'cancel-wake', nodeId }));
  } else if (node.canWake && !awake) {
    entries.push(
      entry('Node', `wake:${nodeId}`, `Wake ${name}`, { kind: 'wake', nodeId }, { about, weight: 6 }),
    );
  }
  if (node.url !== null || node.agentUrl !== null) {
    entries.push(
      entry(
        'Node',
        `check:${nodeId}`,
        `Check ${name} now`,
        { kind: 'check', nodeId },
        { keywords: 'refresh probe look' },
      ),
    );
  }
  if (awake && serverCan(node, 'moves') && node.hasGpu !== false) {
    for (const target of ['gpu', 'cpu'] as const) {
      entries.push(
        entry(
          'Node',
          `force:${target}:${nodeId}`,
          `Force the priority models of ${name} to ${target.toUpperCase()}`,
          { kind: 'force', target, nodeId, model: null },
        ),
      );
    }
  }
  return power ? [...entries, ...powerEntries(node, power)] : entries;
}

function powerEntries(node: NodeView, power: NodePower): PaletteEntry[] {
  const { id: nodeId, name } = node;
  if (node.kind === 'this-computer') return [];
  const act = (id: string, title: string, command: Command, keywords: string) =>
    entry('Node', `${id}:${nodeId}`, title, command, { keywords, about: nodeStateLabel(node) });
  const entries = [
    act('diagnose', `Diagnose ${name}`, { kind: 'diagnose', nodeId }, 'test check doctor why'),
    act('keep', `Keep ${name} awake`, { kind: 'keep', nodeId }, 'stay on until lease game'),
  ];
  if (hasOllamaTrouble(node) && power.agent?.mayRestartOllama) {
    const title = `Restart Ollama on ${name}`;
    entries.push(
      act('restart-ollama', title, { kind: 'restart-ollama', nodeId }, 'gpu lost wedged stuck fix'),
    );
  }
  if (power.countdown)
    entries.push(
      act('cancel-off', `Cancel powering off ${name}`, { kind: 'cancel-off', nodeId }, 'countdown stay on'),
    );
  if (offRefusal(node, power) !== null) return entries;
  for (const { action, refused } of offChoices(power)) {
    if (refused === null)
      entries.push(
        act(
          `off:${action}`,
          `${actionVerbs[action]} ${name}`,
          { kind: 'off', nodeId, action },
          'power off sleep',
        ),
      );
  }
  return entries;
}

function modelEntries(node: NodeView): PaletteEntry[] {
  const loaded = new Map(node.loaded.map((model) => [model.name, model]));
  const names = new Set([...loaded.keys(), ...node.installed.map((model) => model.name)]);
  const awake = isServing(node.state);
  return [...names].flatMap((model) => {
    const where = loaded.get(model);
    const about = where ? placementLabel(where) : 'on disk';
    const entries = [
      entry(
        'Model',
        `model:${node.id}:${model}`,
        `${model} on ${node.name}`,
        { kind: 'explain', nodeId: node.id, model },
        { keywords: 'explain why open', about, weight: 4 },
      ),
    ];
    if (awake && node.hasGpu !== false && where?.placement !== 'gpu') {
      entries.push(
        entry(
          'Model',
          `force:gpu:${node.id}:${model}`,
          `Force ${model} to the GPU of ${node.name}`,
          { kind: 'force', target: 'gpu', nodeId: node.id, model },
          { about, weight: 3 },
        ),
      );
    }
    return entries;
  });
}

function folderEntries(source: SourceView, running: boolean): PaletteEntry[] {
  const { id: sourceId, name } = source;
  const about = plural(source.chunks, 'passage');
  const keywords = source.path;
  const search = entry(
    'Folder',
    `search:${sourceId}`,
    `Search in ${name}`,
    { kind: 'search', sourceId, text: '' },
    { keywords, about },
  );
  // One job runs at a time.
  if (running) return [search];
  const title = `Index ${name} ${source.lastRun === null ? 'now' : 'again'}`;
  return [
    entry('Folder', `index:${sourceId}`, title, { kind: 'index', sourceId }, { keywords, about }),
    search,
  ];
}

function jobEntries(job: IndexJob, now: number): PaletteEntry[] {
  const when = formatAgo(Math.max(0, now - (job.endedAt ?? job.createdAt)));
  const open = entry(
    'Run',
    `job:${job.id}`,
    `Run of ${jobName(job)}`,
    { kind: 'go', href: runHref(job.id) },
    { keywords: `job index proof ${job.status}`, about: `${job.status}, ${when}`, weight: 4 },
  );
  if (!isActive(job)) return [open];
  return [
    open,
    entry('Run', `cancel-job:${job.id}`, `Cancel the run of ${jobName(job)}`, {
      kind: 'cancel-job',
      jobId: job.id,
    }),
  ];
}

/** Always the last entry: searches the index for the typed text. */
export function searchEntry(text: string): PaletteEntry {
  return entry('Search', 'search', `Search the index for “${text}”`, {
    kind: 'search',
    sourceId: null,
    text,
  });
}
