import { fact, type Message, plainText } from '../../../shared/models/message.ts';
import type { AgentAccess } from '../agents/agent-access.ts';

/**
 * Why a GPU of a node may be busier than its agent reports. null if all of them were read, and for a node that no agent
 * measures, where the load is never known.
 */
export function unknownGpuLoad(
  agents: Pick<AgentAccess, 'view' | 'link' | 'sample'>,
  nodeId: string,
): Message | null {
  if (agents.link(nodeId) === null || !agents.view(nodeId)?.roles.includes('telemetry')) return null;
  const sample = agents.sample(nodeId);
  if (sample === null) return fact('NO_RECENT_READING');
  if (sample.gpusRead === 'all') return null;
  return sample.problems[0] === undefined ? fact('TOOL_FAILS') : plainText(sample.problems[0]);
}
