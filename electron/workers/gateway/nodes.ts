/** Finds nodes in the table, and joins them with what the gateway counts. Pure. */
import { fact } from '../../../shared/models/message.ts';
import { printable } from '../../../shared/printable.ts';
import type { RequestNode } from '../../core/acquire/route-request.ts';
import type { GatewayTable, TableNode } from '../../core/gateway/model.ts';
import { Refusal } from './refusal.ts';

/** By id, or by name in any case. Throws NODE_NOT_KNOWN. */
export function chosenNode(table: GatewayTable, wanted: string): TableNode {
  const name = wanted.trim().toLowerCase();
  const node =
    table.nodes.find(({ id }) => id === wanted) ?? table.nodes.find((one) => one.name.toLowerCase() === name);
  if (node === undefined) {
    throw new Refusal('NODE_NOT_KNOWN', {
      message: fact('GATEWAY_NODE_UNKNOWN', { node: printable(wanted) }),
    });
  }
  return node;
}

export interface Counts {
  onNode(nodeId: string): number;
  ofModel(nodeId: string, model: string): number;
  isOpen(nodeId: string): boolean;
  /** Requests at once; null for no limit. */
  slotsOf(node: TableNode): number | null;
}

/** @param model canonical */
export function requestNodes(nodes: readonly TableNode[], model: string, counts: Counts): RequestNode[] {
  return nodes.map((node) => ({
    ...node,
    slots: counts.slotsOf(node),
    inFlight: counts.onNode(node.id),
    inFlightOfModel: counts.ofModel(node.id, model),
    excluded: counts.isOpen(node.id),
  }));
}
