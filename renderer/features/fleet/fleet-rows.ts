/** Which machines a list shows, and in which order. Pure. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import { hasOllamaTrouble } from '../../../shared/models/ollama-trouble.ts';
import { isServing } from '../../../shared/models/serving.ts';
import type { TelemetrySample } from '../../../shared/models/telemetry.ts';
import { sumOrNull, usedVramBytes } from '../../../shared/vram.ts';
import { compareNames } from '../../late-intl.ts';
import type { FleetAddress, FleetSort, NodeGroup } from './fleet-address.ts';

/** From this many machines on, rows are clearer than cards. */
export const rowsFrom = 8;

/** What a person has to fix comes before whether it is awake. This computer runs Pilotlight, so it is awake. */
export function groupOf(node: NodeView): NodeGroup {
  if (node.state === 'trouble' || hasOllamaTrouble(node) || node.lastWakeError !== null) return 'trouble';
  const isComing = node.state === 'waking' || node.state === 'booting';
  return isServing(node.state) || isComing || node.kind === 'this-computer' ? 'awake' : 'off';
}

export function countGroups(nodes: readonly NodeView[]): Record<NodeGroup, number> {
  const counts: Record<NodeGroup, number> = { awake: 0, off: 0, trouble: 0 };
  for (const node of nodes) counts[groupOf(node)] += 1;
  return counts;
}

export function matchNodes(
  nodes: readonly NodeView[],
  { group, text }: Pick<FleetAddress, 'group' | 'text'>,
): readonly NodeView[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (group === null && words.length === 0) return nodes;
  return nodes.filter((node) => {
    if (group !== null && groupOf(node) !== group) return false;
    if (words.length === 0) return true;
    const names = [node.name, node.url ?? '', node.agentUrl ?? '', ...node.loaded.map(({ name }) => name)];
    const whole = names.join('\n').toLowerCase();
    return words.every((word) => whole.includes(word));
  });
}

/** What the GPUs of a machine do now; null for what is not known. */
export function gpuNow(
  node: Pick<NodeView, 'hasGpu'>,
  sample: TelemetrySample | undefined,
): { percent: number | null; watts: number | null } {
  const gpus = node.hasGpu === false ? [] : (sample?.gpus ?? []);
  const percents = gpus.flatMap(({ utilisationPercent }) => utilisationPercent ?? []);
  return {
    percent: percents.length === 0 ? null : Math.max(...percents),
    watts: gpus.length === 0 ? null : sumOrNull(gpus.map(({ powerWatts }) => powerWatts)),
  };
}

/** By name upwards, by readings downwards; machines without one come last, in the order given. */
export function sortNodes(
  nodes: readonly NodeView[],
  sort: FleetSort,
  samples: Readonly<Record<string, TelemetrySample>>,
): readonly NodeView[] {
  if (sort === 'added') return nodes;
  if (sort === 'name') return nodes.toSorted((a, b) => compareNames(a.name, b.name));
  const readingOf = (node: NodeView): number => {
    const sample = samples[node.id];
    if (!isServing(node.state)) return -1;
    if (sort === 'vram') return usedVramBytes(node, sample) ?? -1;
    const { percent, watts } = gpuNow(node, sample);
    return (sort === 'gpu' ? percent : watts) ?? -1;
  };
  const values = new Map(nodes.map((node) => [node.id, readingOf(node)]));
  return nodes.toSorted((a, b) => (values.get(b.id) ?? -1) - (values.get(a.id) ?? -1));
}
