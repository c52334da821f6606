/** Which nodes serve a model now, which one to wake, or what to wait for. Pure; worker processes import it, too. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { WhenGpuGone } from '../../../shared/models/indexing.ts';
import type { InstalledModel } from '../../../shared/models/placement.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { canonicalName } from '../fleet/model-placement.ts';
import { healthyNode, type NodeHealth } from './node-health.ts';

export type RoutedNode = Pick<
  NodeView,
  'id' | 'name' | 'url' | 'state' | 'hasGpu' | 'canWake' | 'installed' | 'loaded' | 'vram'
>;

export interface WantedModel {
  /** As entered by a person. */
  name: string;
  /** Hex: exactly these weights under any name. null: any model with that name. */
  digest: string | null;
}

/**
 * - `needed`: the model must be on a GPU before it is used
 * - `avoided`: machines without a GPU are preferred
 * - `any`: no preference
 */
export type GpuUse = 'needed' | 'avoided' | 'any';

export interface RouteRequest {
  nodes: readonly RoutedNode[];
  health: ReadonlyMap<string, NodeHealth>;
  /** null for any server that answers. */
  model: WantedModel | null;
  gpu: GpuUse;
  mayWake: boolean;
  /** What to do if a GPU is needed and none is available. */
  whenGpuGone: WhenGpuGone;
}

export interface NodeChoice {
  nodeId: string;
  name: string;
  /** The model's name on that node, with the same digest but maybe another tag. null if none was requested. */
  model: string | null;
  /** Whether the model must be on the GPU there before it is used. */
  gpu: boolean;
}

export type Route =
  /** `fallback`: these are CPUs, used because no GPU was available. */
  | { kind: 'use'; nodes: NodeChoice[]; fallback: boolean }
  | { kind: 'wake'; nodeId: string; name: string }
  /** Until a node has been probed for the first time, which takes seconds. */
  | { kind: 'wait'; for: 'probe'; name: string }
  | { kind: 'wait'; for: 'gpu-node' | 'node' };

type NamedWeights = Pick<InstalledModel, 'name' | 'digest'>;

/**
 * The name under which a node has the model, or null. If a model is loaded under that name with another digest, it was
 * pulled again and the list is out of date.
 */
export function modelOnNode(
  node: { installed: readonly NamedWeights[]; loaded: readonly NamedWeights[] },
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

/** GPU nodes first; then a wake; then CPU or waiting, as the person chose. */
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

  // A node that was not probed yet may be awake; a probe takes seconds, a wake minutes.
  const suits = (node: RoutedNode) => !needsGpu || node.hasGpu !== false;
  const unseen = nodes.find((node) => node.state === 'unknown' && suits(node));
  if (unseen) return { kind: 'wait', for: 'probe', name: unseen.name };

  // From here, a serving node is one whose GPU is needed but cannot be used.
  const cpuMayServe = whenGpuGone === 'use-cpu' && serving.length > 0;
  if (mayWake) {
    const [sleeper] = nodes
      .filter((node) => {
        const health = healthOf(node);
        if (isServing(node.state) || !node.canWake || !suits(node) || health.wakeRefused) return false;
        // A machine that dropped out may have been turned off on purpose: not woken if a CPU is available.
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

/** The nodes that fit, or all if none does. */
function preferred(nodes: RoutedNode[], fits: (node: RoutedNode) => boolean): RoutedNode[] {
  const fitting = nodes.filter(fits);
  return fitting.length > 0 ? fitting : nodes;
}

/** Nodes known to have the model first, then those known to have a GPU, then by VRAM. */
function compareSleepers(one: RoutedNode, other: RoutedNode, has: (node: RoutedNode) => boolean): number {
  const surelyGpu = (node: RoutedNode) => Number(node.hasGpu === true);
  const vram = (node: RoutedNode) => node.vram.totalBytes ?? 0;
  return (
    Number(has(other)) - Number(has(one)) || surelyGpu(other) - surelyGpu(one) || vram(other) - vram(one)
  );
}

/** Whether it would have been used if it were available or its GPU worked. */
function couldBeGpu(node: RoutedNode, has: boolean, health: NodeHealth): boolean {
  if (node.hasGpu === false) return false;
  if (health.dropped) return true;
  if (!has && (node.installed.length > 0 || isServing(node.state))) return false;
  return node.hasGpu === true || (!isServing(node.state) && node.canWake);
}

/**
 * Order for one request: nodes with the model loaded first, by its share on the GPU; among equals the one with the
 * fewest requests in flight.
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
