/** Whether the load of a node's GPUs is known as well as its agent should know it. */
import { fact, type Message, plainText } from '../../../shared/models/message.ts';
import type { AgentAccess } from '../agents/agent-access.ts';

/**
 * Why a GPU may be busier than is known; null where all were read, and for a node without an agent that
 * measures: of that one nothing is ever known.
 */
export function gpuDoubt(
  agents: Pick<AgentAccess, 'view' | 'link' | 'sample'>,
  nodeId: string,
): Message | null {
  if (agents.link(nodeId) === null || !agents.view(nodeId)?.roles.includes('telemetry')) return null;
  const sample = agents.sample(nodeId);
  if (sample === null) return fact('NO_RECENT_READING');
  if (sample.gpusRead === 'all') return null;
  return sample.problems[0] === undefined ? fact('TOOL_FAILS') : plainText(sample.problems[0]);
}
