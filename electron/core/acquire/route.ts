/** Which nodes serve a model now, which one to wake, or what to wait for. Pure; worker processes import it, too. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { WhenGpuGone } from '../../../shared/models/indexing.ts';
import { isServing } from '../../../shared/models/node-words.ts';
import { canonicalName } from '../fleet/model-placement.ts';
import { healthyNode, type NodeHealth } from './node-health.ts';

export type RoutedNode = Pick<
  NodeView,
  'id' | 'name' | 'url' | 'state' | 'hasGpu' | 'canWake' | 'installed' | 'loaded' | 'vram'
>;

export interface WantedModel {
  /** As people write it. */
  name: string;
  /** Bare hex: these weights, whatever the name of the model. null: whatever has that name. */
  digest: string | null;
}

/**
 * - `needed`: the model has to be on a GPU before it is used
 * - `avoided`: machines without a GPU first
 * - `any`: wherever it can be had
 */
export type GpuUse = 'needed' | 'avoided' | 'any';

export interface RouteRequest {
  nodes: readonly RoutedNode[];
  health: ReadonlyMap<string, NodeHealth>;
  /** null for any server that answers. */
  model: WantedModel | null;
  gpu: GpuUse;
  mayWake: boolean;
  /** What happens where a GPU is needed and none can be had. */
  whenGpuGone: WhenGpuGone;
}

export interface NodeChoice {
  nodeId: string;
  name: string;
  /** The model's name on that node: tags may differ, the digest does not. null where none is wanted. */
  model: string | null;
  /** True when the model has to be on the GPU there before it is used. */
  gpu: boolean;
}

export type Route =
  /** `fallback`: these are CPUs, and a GPU would have been used had one been there. */
  | { kind: 'use'; nodes: NodeChoice[]; fallback: boolean }
  | { kind: 'wake'; nodeId: string; name: string }
  /** Until a node has been probed for the first time: seconds. */
  | { kind: 'wait'; for: 'probe'; name: string }
  | { kind: 'wait'; for: 'gpu-node' | 'node' };

/**
 * The name under which a node has the model, or null. A model that is loaded under the same name with another digest
 * was pulled again, so it is another model than the list says.
 */
export function modelOnNode(
  node: Pick<RoutedNode, 'installed' | 'loaded'>,
  { name, digest }: WantedModel,
): string | null {
  for (const model of node.installed) {
    if (digest === null) {
      if (canonicalName(model.name) === canonicalName(name)) return model.name;
      continue;
    }
    if (model.digest !== digest) continue;
    const replaced = node.loaded.some((loaded) => loaded.name === model.name && loaded.digest !== digest);
    if (!replaced) return model.name;
  }
  return null;
}

/** GPU nodes first; then a wake; then, as the person chose, the CPU or waiting. */
export function chooseRoute(request: RouteRequest): Route {
  const { model, mayWake, whenGpuGone } = request;
  const needsGpu = request.gpu === 'needed';
  // A machine with only an agent serves no models, awake or not.
  const nodes = request.nodes.filter((node) => node.url !== null);
  const healthOf = (node: RoutedNode) => request.health.get(node.id) ?? healthyNode;
  const has = (node: RoutedNode) => model === null || modelOnNode(node, model) !== null;
  const use = (used: readonly RoutedNode[], gpu: boolean, fallback: boolean): Route => ({
    kind: 'use',
    nodes: used.map((node) => ({
      nodeId: node.id,
      name: node.name,
      model: model === null ? null : modelOnNode(node, model),
      gpu,
    })),
    fallback,
  });

  const serving = nodes.filter((node) => isServing(node.state) && has(node) && !healthOf(node).excluded);
  const suitable = needsGpu
    ? preferred(
        serving.filter((node) => node.hasGpu !== false && !healthOf(node).gpuRefused),
        (node) => node.hasGpu === true,
      )
    : preferred(serving, (node) => request.gpu === 'avoided' && node.hasGpu === false);
  if (suitable.length > 0) return use(suitable, needsGpu, false);

  // A node that was not probed yet may be awake: a probe takes seconds, a wake minutes.
  const suits = (node: RoutedNode) => !needsGpu || node.hasGpu !== false;
  const unseen = nodes.find((node) => node.state === 'unknown' && suits(node));
  if (unseen) return { kind: 'wait', for: 'probe', name: unseen.name };

  // Here a serving node is one whose GPU is needed and cannot be used.
  const cpuMayServe = whenGpuGone === 'use-cpu' && serving.length > 0;
  if (mayWake) {
    const [sleeper] = nodes
      .filter((node) => {
        const health = healthOf(node);
        if (isServing(node.state) || !node.canWake || !suits(node) || health.wakeRefused) return false;
        // A machine that dropped out may have been switched off: with a CPU at hand it is left alone.
        if (health.dropped && cpuMayServe) return false;
        return has(node) || node.installed.length === 0;
      })
      .sort((one, other) => compareSleepers(one, other, has));
    if (sleeper) return { kind: 'wake', nodeId: sleeper.id, name: sleeper.name };
  }

  if (cpuMayServe) {
    const fallback = nodes.some((node) => couldBeGpu(node, has(node), healthOf(node)));
    return use(serving, false, fallback);
  }
  return { kind: 'wait', for: needsGpu && whenGpuGone === 'wait' ? 'gpu-node' : 'node' };
}

/** Those that fit where there are any, else all. */
function preferred(nodes: RoutedNode[], fits: (node: RoutedNode) => boolean): RoutedNode[] {
  const fitting = nodes.filter(fits);
  return fitting.length > 0 ? fitting : nodes;
}

/** Known to have the model first, then surely a GPU, then the one with most VRAM. */
function compareSleepers(one: RoutedNode, other: RoutedNode, has: (node: RoutedNode) => boolean): number {
  const surelyGpu = (node: RoutedNode) => Number(node.hasGpu === true);
  const vram = (node: RoutedNode) => node.vram.totalBytes ?? 0;
  return (
    Number(has(other)) - Number(has(one)) || surelyGpu(other) - surelyGpu(one) || vram(other) - vram(one)
  );
}

/** A machine that would have been used, had it been there or had it used its GPU. */
function couldBeGpu(node: RoutedNode, has: boolean, health: NodeHealth): boolean {
  if (node.hasGpu === false) return false;
  if (health.dropped) return true;
  if (!has && (node.installed.length > 0 || isServing(node.state))) return false;
  return node.hasGpu === true || (!isServing(node.state) && node.canWake);
}

/**
 * For one request: nodes where the model is loaded first, by the share of it that is on the GPU; among equals the one
 * with the fewest requests in flight.
 */
export function rankChoices(
  choices: readonly NodeChoice[],
  nodes: readonly RoutedNode[],
  inFlight: (nodeId: string) => number,
): NodeChoice[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const rank = ({ nodeId, model }: NodeChoice): number => {
    const loaded = byId.get(nodeId)?.loaded.find((entry) => entry.name === model);
    return loaded ? 1 + loaded.gpuShare : 0;
  };
  return [...choices].sort(
    (one, other) => rank(other) - rank(one) || inFlight(one.nodeId) - inFlight(other.nodeId),
  );
}
