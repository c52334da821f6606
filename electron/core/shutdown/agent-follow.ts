/**
 * Looks at an agent anew when it is about to do something: its countdown begins, runs out, the machine goes, or the
 * agent says how that ended.
 */
import type { PowerAction } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import type { AgentOutcome } from '../ports/agents.ts';
import type { Clock, Timer } from '../ports/time.ts';

export interface AgentFollow {
  /** The node was removed, or has another agent. */
  forget(nodeId: string): void;
  stop(): void;
}

export interface AgentFollowDependencies {
  clock: Clock;
  agents: AgentAccess;
  /** It is going now, or was about to and is silent since. */
  leaves(nodeId: string, action: PowerAction): void;
  /** A countdown of the agent has begun. */
  countsDown(nodeId: string, by: string, seconds: number): void;
  /** Its last action ended so; told once, and not for one that ended before it was known here. */
  ended(nodeId: string, outcome: AgentOutcome): void;
}

/** What lies further ahead than this comes with the agents' own looks, one a minute. */
const SOON_MS = 60_000;
const A_MOMENT_MS = 1000;
const AGAIN_MS = 5000;

export function createAgentFollow({
  clock,
  agents,
  leaves,
  countsDown,
  ended,
}: AgentFollowDependencies): AgentFollow {
  const timers = new Map<string, Timer>();
  const counting = new Map<string, PowerAction>();
  /** When the last action that is known here ended, by the agent's clock. */
  const heard = new Map<string, number | null>();

  function lookIn(nodeId: string, ms: number): void {
    timers.get(nodeId)?.cancel();
    timers.set(
      nodeId,
      clock.timer(ms, () => {
        timers.delete(nodeId);
        const action = counting.get(nodeId);
        agents.refresh(nodeId).catch(() => {
          // It does not answer any more, when it was about to go.
          if (action !== undefined && counting.delete(nodeId)) leaves(nodeId, action);
        });
      }),
    );
  }

  function hear(nodeId: string, last: AgentOutcome | null): void {
    const before = heard.get(nodeId);
    heard.set(nodeId, last?.at ?? null);
    if (last !== null && before !== undefined && before !== last.at) ended(nodeId, last);
  }

  function follow(nodeId: string): void {
    const power = agents.power(nodeId);
    const policy = agents.policyView(nodeId);
    if (agents.view(nodeId)?.state !== 'ok' || power === null) return;
    hear(nodeId, power.last ?? null);
    if (power.phase === 'countdown' && power.current) {
      const { action, by, remainingSeconds } = power.current;
      if (!counting.has(nodeId)) countsDown(nodeId, by, remainingSeconds);
      counting.set(nodeId, action);
      lookIn(nodeId, remainingSeconds * 1000 + A_MOMENT_MS);
      return;
    }
    counting.delete(nodeId);
    if (power.phase === 'acting') {
      if (power.current) leaves(nodeId, power.current.action);
    } else if (policy !== null && policy.remainingMs !== null && policy.remainingMs < SOON_MS) {
      lookIn(nodeId, Math.max(AGAIN_MS, policy.remainingMs + A_MOMENT_MS));
    }
  }

  const stopListening = agents.onChange(follow);
  return {
    forget(nodeId) {
      timers.get(nodeId)?.cancel();
      timers.delete(nodeId);
      counting.delete(nodeId);
      heard.delete(nodeId);
    },
    stop() {
      stopListening();
      for (const timer of timers.values()) timer.cancel();
    },
  };
}
