/** The activity entry for a change of a node's state. Pure. */
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { errorFact, fact, isFact, type Message } from '../../../shared/models/message.ts';
import { MISSES_UNTIL_OFF } from './node-state.ts';

/** null if the change is not worth recording, or the wake reports it. */
export function describeChange(
  previous: NodeView,
  node: NodeView,
  offReason: Message | null,
): NewActivityEntry | null {
  if (previous.state === node.state) return null;
  const common = { kind: 'fleet' as const, nodeId: node.id };
  const isHere = node.kind === 'this-computer';
  const needed = node.uses.length > 0;
  if (node.state === 'trouble') {
    return {
      ...common,
      severity: 'warning',
      message: isHere ? fact('OLLAMA_HERE_IN_TROUBLE') : fact('NODE_IN_TROUBLE', { node: node.name }),
      why: node.trouble && errorFact(node.trouble),
      notify: needed,
    };
  }
  if (node.state === 'off' && (isServing(previous.state) || previous.state === 'trouble')) {
    return {
      ...common,
      severity: needed ? 'warning' : 'info',
      message: isHere ? fact('OLLAMA_HERE_STOPPED') : droppedOut(node),
      why: fact('MISSED_CHECKS', { checks: MISSES_UNTIL_OFF, reason: offReason }),
      notify: needed,
    };
  }
  if (isServing(node.state) && previous.state === 'trouble') {
    return {
      ...common,
      severity: 'success',
      message: isHere ? fact('OLLAMA_HERE_RECOVERED') : fact('NODE_RECOVERED', { node: node.name }),
    };
  }
  if (isServing(node.state) && previous.state === 'off') {
    return {
      ...common,
      severity: 'info',
      message: isHere ? fact('OLLAMA_HERE_ANSWERS') : fact('NODE_CAME_BACK', { node: node.name }),
    };
  }
  return null;
}

function droppedOut({ name, uses }: NodeView): Message {
  if (uses.length === 0) return fact('NODE_DROPPED_OUT', { node: name });
  const folders = uses.flatMap((use) => (isFact(use, 'USED_FOR_INDEXING') ? [use.params.folder] : []));
  return folders.length === uses.length
    ? fact('NODE_DROPPED_OUT_INDEXING', { node: name, folders })
    : fact('NODE_DROPPED_OUT_IN_USE', { node: name, uses });
}
