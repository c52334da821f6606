/** The core's view of an agent's answers. Pure. */
import type { AnswerRead, agentApi } from '../../../shared/contract/agent.ts';
import type { AgentLease, AgentPolicyView } from '../../core/ports/agents.ts';

export function readLeases({ leases }: AnswerRead<typeof agentApi.leases>): AgentLease[] {
  return leases.map(({ id, holder, purpose, ttlSeconds, remainingSeconds }) => ({
    id,
    holder,
    purpose,
    ttlSeconds,
    remainingSeconds,
  }));
}

export function readPolicyView(answer: AnswerRead<typeof agentApi.policy>): AgentPolicyView {
  const { bootId, wokenInThisBoot, keptOn, reasons, idleSeconds, decision, problems } = answer;
  return {
    bootId,
    wokenInThisBoot,
    keptOn,
    reasons: reasons.map(({ message }) => message),
    idleSeconds,
    remainingMs: remainingOf(decision),
    ...(reasons.some(({ code }) => code === 'RECORDS_DAMAGED') ? { incomplete: true } : {}),
    ...(problems === undefined ? {} : { problems }),
  };
}

/** Milliseconds until the agent powers the machine off if nothing changes; null if it will not. */
function remainingOf(decision: AnswerRead<typeof agentApi.policy>['decision']): number | null {
  if (decision.do === 'go') return 0;
  if (decision.do !== 'wait' || decision.remainingMs === undefined) return null;
  return Math.max(0, decision.remainingMs);
}
