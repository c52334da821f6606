/** The models on the disks of nodes: downloads that a person asked for, copies, and what is deleted. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { modelNameProblem } from '../../../shared/model-name.ts';
import { pullIsOver, pullKey } from '../../../shared/model-pull.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { ModelPull } from '../../../shared/models/library.ts';
import { errorMessage, fact, plainText } from '../../../shared/models/message.ts';
import { canonicalName, sameModelName } from '../fleet/model-placement.ts';
import { resolveModel } from '../placement/resolve.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { LibraryDependencies, LibraryService, PullRequest } from './model.ts';
import { type Mark, rateOf, withMark } from './pull-rate.ts';

/** How long the end of a download is shown. */
const SHOWN_MS = 600_000;

/** The copy that a download is to equal. */
interface Source {
  nodeId: string;
  digest: string;
}

interface Entry {
  pull: ModelPull;
  abort: AbortController;
  done: Promise<void>;
}

export function createLibraryService(dependencies: LibraryDependencies): LibraryService {
  const { clock, streams, activity, fleet, leases, wakes, placement } = dependencies;
  const entries = new Map<string, Entry>();
  let stopped = false;

  const stopListening = fleet.onChange((node, previous) => {
    if (node !== null || previous === null) return;
    for (const [key, entry] of [...entries]) {
      if (entry.pull.nodeId !== previous.id) continue;
      entry.abort.abort(new PilotlightError('NOT_FOUND'));
      forget(key, entry);
    }
  });

  function change(key: string, entry: Entry, next: Partial<ModelPull>): void {
    entry.pull = { ...entry.pull, ...next };
    if (entries.get(key) === entry) streams.pulls.set(key, entry.pull);
  }

  function forget(key: string, entry: Entry): void {
    if (entries.get(key) !== entry) return;
    entries.delete(key);
    streams.pulls.delete(key);
  }

  /** The node's server, if it can download. Throws NO_SERVER, NOT_SUPPORTED. */
  function serverOf(node: NodeView): InferenceServer {
    const server = fleet.server(node.id);
    const details = { nodeId: node.id };
    if (server === null)
      throw new PilotlightError('NO_SERVER', {
        message: fact('NODE_HAS_NO_SERVER', { node: node.name }),
        details,
      });
    // One that has not answered yet is known by what it said before, or by nothing.
    const { server: known } = node;
    if (known !== null && !known.capabilities.includes('manages-models'))
      throw new PilotlightError('NOT_SUPPORTED', {
        message: fact('SERVER_KEEPS_ITS_MODELS', { node: node.name }),
        details,
      });
    return server;
  }

  function begin({ nodeId, model, wake }: PullRequest, source: Source | null): ModelPull {
    if (stopped) throw new PilotlightError('STOPPING');
    const node = fleet.require(nodeId);
    if (modelNameProblem(model) !== null) throw new PilotlightError('BAD_MODEL_NAME', { details: { model } });
    serverOf(node);
    if (!isServing(node.state) && !wake) {
      throw new PilotlightError('NODE_ASLEEP', {
        message: fact('NODE_NOT_SERVING', { node: node.name }),
        next: fact('WAKE_IT_FOR_PULL'),
        details: { nodeId },
      });
    }
    const name = canonicalName(model);
    const key = pullKey(nodeId, name);
    const running = entries.get(key);
    if (running !== undefined && !pullIsOver(running.pull))
      throw new PilotlightError('PULL_RUNNING', { details: { nodeId, model: name } });
    const pull: ModelPull = {
      nodeId,
      model: name,
      copyOf: source?.nodeId ?? null,
      state: isServing(node.state) ? 'downloading' : 'waking',
      doneBytes: 0,
      totalBytes: null,
      bytesPerSecond: null,
      startedAt: clock.now(),
      endedAt: null,
      sameFiles: null,
      problem: null,
    };
    const entry: Entry = { pull, abort: new AbortController(), done: Promise.resolve() };
    entries.set(key, entry);
    streams.pulls.set(key, pull);
    entry.done = run(key, entry, source);
    return pull;
  }

  async function run(key: string, entry: Entry, source: Source | null): Promise<void> {
    const { nodeId, model } = entry.pull;
    const { signal } = entry.abort;
    const nodeName = fleet.get(nodeId)?.name ?? nodeId;
    const about = { kind: 'placement', nodeId } as const;
    try {
      const sameFiles = await download(key, entry, source);
      const { doneBytes, totalBytes } = entry.pull;
      const endedAt = clock.now();
      change(key, entry, {
        state: 'done',
        doneBytes: totalBytes ?? doneBytes,
        bytesPerSecond: null,
        endedAt,
        sameFiles,
      });
      const differs = sameFiles === false && source !== null;
      const from = source === null ? '' : (fleet.get(source.nodeId)?.name ?? source.nodeId);
      activity.record({
        ...about,
        severity: differs ? 'warning' : 'success',
        message: fact('MODEL_PULLED', { model, node: nodeName, bytes: totalBytes }),
        why: differs ? fact('COPY_DIFFERS', { model, from }) : null,
      });
    } catch (error) {
      const endedAt = clock.now();
      if (signal.aborted) change(key, entry, { state: 'cancelled', bytesPerSecond: null, endedAt });
      else {
        const problem = problemOf(error);
        change(key, entry, { state: 'failed', bytesPerSecond: null, endedAt, problem });
        activity.record({
          ...about,
          severity: 'error',
          message: fact('MODEL_PULL_FAILED', { model, node: nodeName, error: problem.message }),
          why: problem.next,
        });
      }
    }
    if (!stopped) clock.timer(SHOWN_MS, () => forget(key, entry));
  }

  /** Resolves with whether the node now has the files of the source; null without one, or if it is not known. */
  async function download(key: string, entry: Entry, source: Source | null): Promise<boolean | null> {
    const { nodeId, model } = entry.pull;
    const { signal } = entry.abort;
    using _lease = leases.hold({ nodeId, kind: 'job', purpose: fact('DOWNLOADING_MODEL', { model }) });
    // It has asked, as a person does who presses Wake.
    if (entry.pull.state === 'waking') await wakes.ensureAwake(nodeId, { signal, by: 'person' });
    signal.throwIfAborted();
    // Its address may have been changed while it woke, and what answers there may be another server.
    const server = serverOf(fleet.require(nodeId));
    if (!server.capabilities.has('manages-models')) {
      throw new PilotlightError('NOT_SUPPORTED', { details: { nodeId } });
    }
    change(key, entry, { state: 'downloading' });
    let marks: readonly Mark[] = [];
    await server.pull(
      model,
      ({ phase, doneBytes, totalBytes }) => {
        if (signal.aborted) return;
        marks = phase === 'checking' ? [] : withMark(marks, { at: clock.monotonic(), bytes: doneBytes });
        change(key, entry, { state: phase, doneBytes, totalBytes, bytesPerSecond: rateOf(marks) });
      },
      signal,
    );
    fleet.probeSoon(nodeId, { listChanged: true });
    if (source === null) return null;
    try {
      const found = (await server.installed(signal)).find(({ name }) => sameModelName(name, model));
      return found === undefined || found.digest === '' ? null : found.digest === source.digest;
    } catch (error) {
      // The model is there; only the comparison is missing.
      if (!isPilotlightError(error)) throw error;
      return null;
    }
  }

  return {
    pull: (request) => begin(request, null),

    copy({ from, to, model, wake }) {
      const source = fleet.require(from);
      const target = fleet.require(to);
      const name = resolveModel(source.installed, model);
      const found = source.installed.find((one) => one.name === name);
      if (found === undefined) {
        const message = fact('MODEL_NOT_ON_NODE', { model, node: source.name });
        throw new PilotlightError('MODEL_NOT_FOUND', { message, details: { nodeId: from } });
      }
      const there = target.installed.find((one) => sameModelName(one.name, found.name));
      if (there !== undefined && there.digest === found.digest) {
        throw new PilotlightError('ALREADY_EXISTS', {
          message: fact('SAME_MODEL_THERE', { model: found.name, node: target.name }),
          details: { nodeId: to },
        });
      }
      return begin({ nodeId: to, model: found.name, wake }, { nodeId: from, digest: found.digest });
    },

    pulls: () => [...entries.values()].map(({ pull }) => pull),

    cancel(nodeId, model) {
      const entry = entries.get(pullKey(nodeId, canonicalName(model)));
      if (entry === undefined || pullIsOver(entry.pull) || entry.abort.signal.aborted)
        throw new PilotlightError('NOT_FOUND', { details: { nodeId, model } });
      entry.abort.abort(new PilotlightError('CANCELLED'));
      const node = fleet.get(nodeId)?.name ?? nodeId;
      const message = fact('MODEL_PULL_CANCELLED', { model: entry.pull.model, node });
      activity.record({ kind: 'placement', severity: 'info', message, nodeId });
    },

    async remove(request) {
      const { nodeId, model } = request;
      const running = entries.get(pullKey(nodeId, canonicalName(model)));
      if (running !== undefined && !pullIsOver(running.pull))
        throw new PilotlightError('PULL_RUNNING', { details: { nodeId, model } });
      await placement.remove(request);
    },

    async stop() {
      stopped = true;
      stopListening();
      const all = [...entries.values()];
      for (const { abort } of all) abort.abort(new PilotlightError('STOPPING'));
      await Promise.all(all.map(({ done }) => done));
    },
  };
}

function problemOf(error: unknown): NonNullable<ModelPull['problem']> {
  const { code, message, next, said } = isPilotlightError(error) ? error : new PilotlightError('INTERNAL');
  return { code, message: errorMessage({ message, said }), next: plainText(next) };
}
