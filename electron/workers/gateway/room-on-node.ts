/** Whether a model finds room at a node without another one being unloaded. Pure. */
import { heldModel } from '../../core/acquire/held-model.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { TableNode } from '../../core/gateway/model.ts';

/** @param running canonical names of the models that requests were sent for; the table may not show them yet */
export function hasRoom(node: TableNode, model: string, running: readonly string[]): boolean {
  const key = canonicalName(model);
  if (node.hasGpu === false || !node.saysPlacement) return true;
  const loaded = node.loaded.map(({ name }) => canonicalName(name));
  const isLoaded = loaded.includes(key);
  // Otherwise it may have been unloaded for one that runs.
  if (isLoaded && running.every((one) => loaded.includes(one))) return true;
  const sizeOf = (name: string) => heldModel(node, { model: name, digest: null })?.sizeBytes ?? 0;
  const { totalBytes, usedBytes } = node.vram;
  const size = sizeOf(model);
  if (totalBytes === null || size <= 0) return true;
  const others = new Set([...running, ...loaded].filter((name) => name !== key));
  const used = [...others].reduce((sum, name) => sum + sizeOf(name), 0);
  return Math.max(used, isLoaded ? 0 : (usedBytes ?? 0)) + size <= totalBytes;
}
