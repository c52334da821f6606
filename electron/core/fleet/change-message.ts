/** What to write down when a node's state changes. Pure. */
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';

/** null when the change is no news, or when power tells it better (a wake). */
export function describeChange(
  previous: NodeView,
  node: NodeView,
  offReason: string | null,
): NewActivityEntry | null {
  if (previous.state === node.state) return null;
  const common = { kind: 'fleet' as const, nodeId: node.id };
  const needed = node.uses.length > 0;
  if (node.state === 'trouble') {
    return {
      ...common,
      severity: 'warning',
      message: `${subject(node)} is in trouble.`,
      why: node.trouble ? `${node.trouble.message} ${node.trouble.next}` : '',
      notify: needed,
    };
  }
  if (node.state === 'off' && (isServing(previous.state) || previous.state === 'trouble')) {
    return {
      ...common,
      severity: needed ? 'warning' : 'info',
      message:
        node.kind === 'this-computer' ? 'Ollama on this computer stopped.' : `${subject(node)} went off.`,
      why: `${needed ? `It is needed: ${node.uses.join(', ')}. ` : ''}It did not answer two looks in a row. ${offReason ?? ''}`.trim(),
      notify: needed,
    };
  }
  if (isServing(node.state) && previous.state === 'trouble') {
    return { ...common, severity: 'success', message: `${subject(node)} answers as it should again.` };
  }
  if (isServing(node.state) && previous.state === 'off') {
    return {
      ...common,
      severity: 'info',
      message:
        node.kind === 'this-computer' ? 'Ollama on this computer answers.' : `${subject(node)} came back.`,
    };
  }
  return null;
}

const subject = (node: NodeView) => (node.kind === 'this-computer' ? 'Ollama on this computer' : node.name);
