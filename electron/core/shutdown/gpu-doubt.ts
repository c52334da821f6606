/** Whether the load of a node's GPUs is known as well as its agent should know it. */
import type { AgentAccess } from '../agents/agent-access.ts';

/**
 * Why a GPU may be busier than is known, one sentence; null where all were read, and for a node without an agent that
 * measures: of that one nothing is ever known.
 */
export function gpuDoubt(
  agents: Pick<AgentAccess, 'view' | 'link' | 'sample'>,
  nodeId: string,
): string | null {
  if (agents.link(nodeId) === null || !agents.view(nodeId)?.roles.includes('telemetry')) return null;
  const sample = agents.sample(nodeId);
  if (sample === null) return 'Its agent has not sent a reading lately.';
  if (sample.gpusRead === 'all') return null;
  return sample.problems[0] ?? 'A tool on that machine fails.';
}
