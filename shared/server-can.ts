import type { NodeView, ServerCapability } from './models/fleet.ts';

/** Whether the inference server of a node can do this; false where the node has none. */
export function serverCan(node: Pick<NodeView, 'server'>, capability: ServerCapability): boolean {
  return node.server?.capabilities.includes(capability) ?? false;
}
