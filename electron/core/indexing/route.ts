/** Which nodes embed now, which one to wake, or what to wait for. Pure: values in, values out. */
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { WhenGpuGone } from '../../../shared/models/indexing.ts';

export type RoutedNode = Pick<
  NodeView,
  'id' | 'name' | 'url' | 'state' | 'hasGpu' | 'canWake' | 'installed' | 'loaded' | 'vram'
>;

/** What the job has learned about a node so far. */
export interface NodeStanding {
  /** It failed lately and is left alone for now. */
  excluded: boolean;
  /** It put the model on its CPU although a GPU was wanted. */
  gpuRefused: boolean;
  /** It went away during this job, or did not come when it was woken. */
  lost: boolean;
  /** It did not come when it was woken, or came without the model: not tried again for now. */
  wakeRefused: boolean;
}

export interface RouteRequest {
  nodes: readonly RoutedNode[];
  standing: ReadonlyMap<string, NodeStanding>;
  /** The model digest that the index belongs to, bare hex. */
  digest: string;
  /** What people call the model. */
  modelName: string;
  wantGpu: boolean;
  mayWake: boolean;
  whenGpuGone: WhenGpuGone;
}

export interface NodeChoice {
  nodeId: string;
  name: string;
  /** The model's name on that node: tags may differ, the digest does not. */
  model: string;
  /** True when the model has to be on the GPU there before it is used. */
  gpu: boolean;
}

export type Route =
  | { kind: 'use'; nodes: NodeChoice[]; fallback: boolean }
  | { kind: 'wake'; nodeId: string; name: string }
  /** `brief` waits for a look that is under way, which nobody needs to be told. */
  | { kind: 'wait'; words: string; brief: boolean };

const unknownStanding: NodeStanding = { excluded: false, gpuRefused: false, lost: false, wakeRefused: false };

/**
 * The name under which a node has the model with this digest, or null. A model that is loaded under the
 * same name with another digest was pulled anew, so its vectors would not fit the index.
 */
export function modelOnNode(node: Pick<RoutedNode, 'installed' | 'loaded'>, digest: string): string | null {
  for (const model of node.installed) {
    if (model.digest !== digest) continue;
    const replaced = node.loaded.some((loaded) => loaded.name === model.name && loaded.digest !== digest);
    if (!replaced) return model.name;
  }
  return null;
}

/** GPU nodes first; then a wake; then, as the person chose, the CPU or waiting. */
export function chooseRoute(request: RouteRequest): Route {
  const { digest, wantGpu, mayWake, whenGpuGone, modelName } = request;
  // A machine with only an agent serves no models, awake or not.
  const nodes = request.nodes.filter((node) => node.url !== null);
  const standingOf = (node: RoutedNode) => request.standing.get(node.id) ?? unknownStanding;
  const choice = (node: RoutedNode, gpu: boolean): NodeChoice[] => {
    const model = modelOnNode(node, digest);
    return model === null ? [] : [{ nodeId: node.id, name: node.name, model, gpu }];
  };

  const serving = nodes.filter(
    (node) => isServing(node.state) && modelOnNode(node, digest) !== null && !standingOf(node).excluded,
  );
  if (!wantGpu) {
    const withoutGpu = serving.filter((node) => node.hasGpu === false);
    const use = withoutGpu.length > 0 ? withoutGpu : serving;
    if (use.length > 0)
      return { kind: 'use', nodes: use.flatMap((node) => choice(node, false)), fallback: false };
    return { kind: 'wait', words: `Waiting for a machine that has ${modelName}.`, brief: false };
  }

  const withGpu = serving.filter((node) => node.hasGpu !== false && !standingOf(node).gpuRefused);
  const certain = withGpu.filter((node) => node.hasGpu === true);
  const gpu = certain.length > 0 ? certain : withGpu;
  if (gpu.length > 0)
    return { kind: 'use', nodes: gpu.flatMap((node) => choice(node, true)), fallback: false };

  // A node that nobody has looked at yet may be the GPU machine, awake: a look takes seconds, a wake minutes.
  const unseen = nodes.find((node) => node.state === 'unknown' && node.url !== null && node.hasGpu !== false);
  if (unseen) return { kind: 'wait', words: `Looking for ${unseen.name}…`, brief: true };

  const cpu = serving.filter((node) => !withGpu.includes(node));
  const cpuMayServe = whenGpuGone === 'use-cpu' && cpu.length > 0;
  if (mayWake) {
    const sleepers = nodes
      .filter((node) => {
        const standing = standingOf(node);
        if (isServing(node.state) || !node.canWake || node.hasGpu === false || standing.wakeRefused)
          return false;
        // A machine that went away during the job may have been switched off: with a CPU at hand it is left.
        if (standing.lost && cpuMayServe) return false;
        return modelOnNode(node, digest) !== null || node.installed.length === 0;
      })
      .sort((one, other) => rankSleeper(other, digest) - rankSleeper(one, digest));
    const sleeper = sleepers[0];
    if (sleeper) return { kind: 'wake', nodeId: sleeper.id, name: sleeper.name };
  }

  if (cpuMayServe) {
    const fallback = nodes.some((node) => couldBeGpu(node, digest, standingOf(node)));
    return { kind: 'use', nodes: cpu.flatMap((node) => choice(node, false)), fallback };
  }
  const words =
    whenGpuGone === 'wait'
      ? `Waiting for a GPU machine that has ${modelName}.`
      : `Waiting for a machine that has ${modelName}.`;
  return { kind: 'wait', words, brief: false };
}

/** Known to have the model, then surely a GPU, then the one with most VRAM. */
function rankSleeper(node: RoutedNode, digest: string): number {
  const known = modelOnNode(node, digest) !== null ? 2e16 : 0;
  const certain = node.hasGpu === true ? 1e16 : 0;
  return known + certain + Math.min(node.vram.totalBytes ?? 0, 1e15);
}

/** A machine that would have been used, had it been there or had it used its GPU. */
function couldBeGpu(node: RoutedNode, digest: string, standing: NodeStanding): boolean {
  if (node.hasGpu === false) return false;
  if (standing.lost) return true;
  const mayHaveModel =
    modelOnNode(node, digest) !== null || (node.installed.length === 0 && !isServing(node.state));
  if (!mayHaveModel) return false;
  return node.hasGpu === true || (!isServing(node.state) && node.canWake);
}
