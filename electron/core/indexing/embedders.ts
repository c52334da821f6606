/** The embedders to choose from: the built-in one, and each embedding model of the fleet by its digest. */
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import {
  BUILTIN_DIMENSIONS,
  type Embedder,
  type EmbedderChoice,
  embedderId,
  type SourceRecord,
} from '../../../shared/models/indexing.ts';
import { fact, plainText } from '../../../shared/models/message.ts';
import type { InstalledModel } from '../../../shared/models/placement.ts';
import { serverCan } from '../../../shared/server-can.ts';
import type { AcquireService } from '../acquire/model.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Timer } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { createDescribePace } from './describe-pace.ts';
import type { IndexingDependencies, IndexingFleet } from './model.ts';
import { type RunnerNode, runnerChoices } from './runner-embedders.ts';

/** How long a server may take to describe a model, milliseconds. */
const DESCRIBE_MS = 5000;

/** Models that are described at once, in the whole fleet. */
const MOST_ASKED = 4;
/** A model that could not be described is asked for again after this time, milliseconds. */
const ASK_AGAIN_MS = 60_000;

/** What was learned of a digest by asking a server to describe it. */
export interface KnownModel {
  /** null if the server does not say: then it is offered, because it may be able to. */
  embeds: boolean | null;
  dimensions: number | null;
}

/** Families that only embed, for servers that report no capabilities even when asked. */
const embeddingFamilies = new Set(['bert', 'nomic-bert', 'nomic-bert-moe', 'xlm-roberta', 'jina-bert-v2']);

/** Whether it is offered: it embeds, or nobody can tell. A list of models may be wrong about one that it calls another. */
function isOffered(model: InstalledModel, known: ReadonlyMap<string, KnownModel>): boolean {
  if (model.digest === '') return false;
  if (model.capabilities?.includes('embedding')) return true;
  const described = known.get(model.digest);
  return described !== undefined && described.embeds !== false;
}

/** Whether it has to be described: its list does not say that it embeds, or not how long its vectors are. */
function isUnclear(model: InstalledModel, known: ReadonlyMap<string, KnownModel>): boolean {
  if (model.digest === '' || known.has(model.digest)) return false;
  return !model.capabilities?.includes('embedding') || model.embeddingLength === null;
}

export function shortModelName(name: string): string {
  return name.endsWith(':latest') ? name.slice(0, -':latest'.length) : name;
}

/** Pure: the choices, the built-in one first, then by name. The model of a source remains a choice when no node has it. */
export function listEmbedders({
  nodes,
  runners,
  sources,
  known,
}: {
  nodes: readonly Pick<NodeView, 'id' | 'name' | 'kind' | 'state' | 'hasGpu' | 'installed'>[];
  /** The same nodes with their runners as their servers. */
  runners: readonly RunnerNode[];
  sources: readonly Pick<SourceRecord, 'embedder'>[];
  known: ReadonlyMap<string, KnownModel>;
}): EmbedderChoice[] {
  const here = nodes.find((node) => node.kind === 'this-computer');
  const builtin: EmbedderChoice = {
    embedder: { kind: 'builtin' },
    label: fact('EMBEDDER_BUILT_IN'),
    dimensions: BUILTIN_DIMENSIONS,
    nodes: here ? [{ nodeId: here.id, name: here.name, awake: true, hasGpu: here.hasGpu }] : [],
  };
  const models = new Map<string, EmbedderChoice>();
  const choiceOf = (embedder: Extract<Embedder, { kind: 'model' }>): EmbedderChoice => {
    let choice = models.get(embedder.digest);
    if (!choice) {
      choice = { embedder, label: plainText(shortModelName(embedder.name)), dimensions: null, nodes: [] };
      models.set(embedder.digest, choice);
    }
    return choice;
  };
  for (const node of nodes) {
    for (const model of node.installed) {
      if (!isOffered(model, known)) continue;
      const choice = choiceOf({ kind: 'model', name: model.name, digest: model.digest });
      choice.dimensions ??= model.embeddingLength ?? known.get(model.digest)?.dimensions ?? null;
      // A node's tags of one digest come one after the other, so only the last entry can be the same node.
      if (choice.nodes.at(-1)?.nodeId === node.id) continue;
      choice.nodes.push({
        nodeId: node.id,
        name: node.name,
        awake: isServing(node.state),
        hasGpu: node.hasGpu,
      });
    }
  }
  const ofRunners = runnerChoices(runners, sources);
  for (const { embedder } of sources) if (embedder.kind === 'model') choiceOf(embedder);
  const nameOf = ({ embedder }: EmbedderChoice) =>
    embedder.kind === 'model' ? shortModelName(embedder.name) : '';
  const sorted = [...models.values()].sort((one, other) => nameOf(one).localeCompare(nameOf(other), 'en'));
  return [builtin, ...ofRunners, ...sorted];
}

export interface EmbedderList {
  list(): EmbedderChoice[];
  /** Nodes or sources have changed. */
  refresh(): void;
  stop(): void;
}

export function createEmbedderList({
  clock,
  fleet,
  acquire,
  runners,
  streams,
  sources,
  log,
}: {
  clock: Clock;
  fleet: IndexingFleet;
  acquire: Pick<AcquireService, 'acquire'>;
  runners: IndexingDependencies['runners'];
  streams: Pick<Streams, 'embedders'>;
  sources: () => readonly SourceRecord[];
  log: Log;
}): EmbedderList {
  const known = new Map<string, KnownModel>();
  const asking = new Set<string>();
  /** Could not be described lately. */
  const failed = new Set<string>();
  const shown = new Map<string, string>();
  const controller = new AbortController();
  const pace = createDescribePace();
  let nextTurn: Timer | null = null;

  const embedding = () => fleet.list().filter((node) => serverCan(node, 'embeds'));
  const list = () => {
    const ofRunners = runners.fleet
      .list()
      .map((node) => ({ ...node, status: runners.fleet.status(node.id) }));
    return listEmbedders({ nodes: embedding(), runners: ofRunners, sources: sources(), known });
  };

  function refresh(): void {
    // Its queries and jobs need one.
    if (sources().some(({ embedder }) => embedder.kind === 'runner')) runners.need();
    const choices = list();
    const ids = new Set(choices.map((choice) => embedderId(choice.embedder)));
    for (const choice of choices) {
      const id = embedderId(choice.embedder);
      const text = JSON.stringify(choice);
      if (shown.get(id) === text) continue;
      shown.set(id, text);
      streams.embedders.set(id, choice);
    }
    for (const id of [...shown.keys()]) {
      if (ids.has(id)) continue;
      shown.delete(id);
      streams.embedders.delete(id);
    }
    askMore();
  }

  function askMore(): void {
    for (const node of embedding()) {
      if (!isServing(node.state)) continue;
      for (const model of node.installed) {
        if (asking.size >= MOST_ASKED || nextTurn !== null || controller.signal.aborted) return;
        const { digest } = model;
        if (!isUnclear(model, known) || asking.has(digest) || failed.has(digest)) continue;
        const turn = pace.take(clock.monotonic());
        if (turn === 'now') void ask(node.id, model);
        else nextTurn = clock.timer(turn, takeTurn);
      }
    }
  }

  function takeTurn(): void {
    nextTurn = null;
    askMore();
  }

  /** Once a digest: what a model can do does not change. One that could not be described is asked for again later. */
  async function ask(nodeId: string, model: InstalledModel): Promise<void> {
    const { digest } = model;
    asking.add(digest);
    try {
      known.set(digest, await describe(nodeId, model));
      asking.delete(digest);
      if (!controller.signal.aborted) refreshSoon();
      askMore();
    } catch (error) {
      log.debug('A model could not be described.', { model: model.name, error: String(error) });
      asking.delete(digest);
      failed.add(digest);
      clock.timer(ASK_AGAIN_MS, () => failed.delete(digest));
      askMore();
    }
  }

  async function describe(nodeId: string, model: InstalledModel): Promise<KnownModel> {
    const { capabilities, embeddingLength } = await withDeadline(
      clock,
      DESCRIBE_MS,
      controller.signal,
      async (signal) => {
        await using acquired = await acquire.acquire({
          nodeId,
          requirement: { capabilities: [] },
          purpose: fact('DESCRIBING_MODEL', { model: shortModelName(model.name) }),
          by: 'job',
          brief: true,
          signal,
        });
        return acquired.server.describe(model.name, signal);
      },
    );
    const byFamily = embeddingFamilies.has(model.family) ? true : null;
    const embeds = capabilities === null ? byFamily : capabilities.includes('embedding');
    return { embeds, dimensions: embeddingLength };
  }

  /** A large fleet changes often, and its list is long, so the list is not updated at each change. */
  let refreshedAt = Number.NEGATIVE_INFINITY;
  let pending: Timer | null = null;
  function refreshSoon(): void {
    if (pending) return;
    const wait = refreshedAt + REFRESH_EVERY_MS - clock.monotonic();
    const run = () => {
      pending = null;
      refreshedAt = clock.monotonic();
      refresh();
    };
    if (wait <= 0) run();
    else pending = clock.timer(wait, run);
  }

  const stopRunners = runners.fleet.onChange(() => refreshSoon());
  const stopListening = fleet.onChange((node, previous) => {
    if (node === null || previous === null || changesChoices(node, previous)) refreshSoon();
  });
  return {
    list,
    refresh,
    stop() {
      controller.abort(new DOMException('The core is stopping.', 'AbortError'));
      stopListening();
      stopRunners();
      pending?.cancel();
      nextTurn?.cancel();
    },
  };
}

const REFRESH_EVERY_MS = 500;

function changesChoices(node: NodeView, previous: NodeView): boolean {
  return (
    node.installed !== previous.installed ||
    isServing(node.state) !== isServing(previous.state) ||
    serverCan(node, 'embeds') !== serverCan(previous, 'embeds') ||
    node.hasGpu !== previous.hasGpu ||
    node.name !== previous.name
  );
}
